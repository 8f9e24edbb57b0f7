import type { ComponentChildren } from 'preact'

/** What may be wider than the page scrolls by itself. The page's script makes it focusable where it does scroll. */
export function Scroll({ label, children }: { readonly label: string; readonly children?: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, and a section would be a landmark for each table.
    <div class="scroll" role="group" aria-label={label}>
      {children}
    </div>
  )
}
