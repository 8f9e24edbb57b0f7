import { createRequire } from 'node:module'
import { findInFile } from '../../../harness/operations/references/find-in-file.ts'
import type { Use } from '../../../harness/operations/references/model.ts'
import { renamedTable } from '../../../harness/operations/references/table-name.ts'
import { Survey } from '../../../harness/operations/references/typescript/survey.ts'

/** A text without its marks: `«name»` and `‹name›` are `name`. */
export function unmarked(text: string): string {
  return text.replaceAll(/[«»‹›]/g, '')
}

/** The text with marks again, where uses are found; `«name»` where the new text is more than another name. */
export function markedAs(text: string, uses: readonly Use[]): string {
  let [marked, done] = ['', 0]
  for (const use of uses) {
    const name = text.slice(use.start, use.end)
    marked += text.slice(done, use.start) + ('after' in use ? `«${name}»` : `‹${name}›`)
    done = use.end
  }
  return marked + text.slice(done)
}

export interface Finding {
  readonly file?: string
  readonly old?: string
  readonly renamed?: string
  /** Packages that the project depends on. */
  readonly packages?: readonly string[]
}

/** The uses in a text, in order, each place once. */
export function usesIn(text: string, { file = 'a.sql', old = 'old', renamed = 'fresh', packages = [] }: Finding = {}): readonly Use[] {
  const survey = new Survey()
  survey.see('package.json', JSON.stringify({ dependencies: Object.fromEntries(packages.map((name) => [name, '*'])) }))
  survey.see(file, text)
  const uses = new Map<number, Use>()
  const onUse = (use: Use): void => {
    if (!uses.has(use.start) || 'after' in use) uses.set(use.start, use)
  }
  const program = survey.program(() => createRequire(import.meta.url)('typescript'))
  findInFile(file, text, { table: renamedTable(old, renamed), onUse }, program)
  return [...uses.values()].sort((a, b) => a.start - b.start)
}

/** A marked text as it is marked by what is found in it. */
export function markedAgain(marked: string, finding: Finding = {}): string {
  const text = unmarked(marked)
  return markedAs(text, usesIn(text, finding))
}

/** The text with its certain uses replaced. */
export function renamedIn(text: string, finding: Finding = {}): string {
  let [after, done] = ['', 0]
  for (const use of usesIn(text, finding)) {
    if (!('after' in use)) continue
    after += text.slice(done, use.start) + use.after
    done = use.end
  }
  return after + text.slice(done)
}
