import type { SoftReference } from '../hints.ts'
import type { RelationDraft } from './relation-draft.ts'

/**
 * The same order of filling, but with what a soft reference points at first wherever foreign keys leave a choice: a row can only be given
 * a match that is there already.
 */
export function preferSoftTargets(
  order: readonly (readonly string[])[],
  drafts: ReadonlyMap<string, RelationDraft>,
  references: readonly SoftReference[],
): readonly (readonly string[])[] {
  if (references.length === 0) return order
  const placed = new Set<string>()
  const open = [...order]
  const sorted: (readonly string[])[] = []
  const ready = (component: readonly string[], targets: (path: string) => readonly string[]) =>
    component.every((path) => targets(path).every((target) => placed.has(target) || component.includes(target) || !drafts.has(target)))
  const hard = (path: string) => drafts.get(path)?.references.map((reference) => reference.parent) ?? []
  const soft = (path: string) => references.flatMap(({ from, to }) => (from.relation === path ? [to.relation] : []))
  while (open.length > 0) {
    const candidates = open.filter((component) => ready(component, hard))
    const next = candidates.find((component) => ready(component, soft)) ?? candidates[0] ?? open[0]
    if (next === undefined) break
    open.splice(open.indexOf(next), 1)
    sorted.push(next)
    for (const path of next) placed.add(path)
  }
  return sorted
}
