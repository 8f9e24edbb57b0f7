import type { Use } from '../../../harness/operations/references/model.ts'
import { findInSql } from '../../../harness/operations/references/sql/find-in-sql.ts'
import { renamedTable } from '../../../harness/operations/references/table-name.ts'
import { wholeView } from '../../../harness/operations/references/view.ts'

/** A text without its marks: `[name]` and `{name}` are `name`. */
export function unmarked(text: string): string {
  return text.replaceAll(/\[(\w+)\]|\{(\w+)\}/g, (_, certain, ambiguous) => certain ?? ambiguous)
}

/** The text with marks again, where uses are found. */
export function markedAs(text: string, uses: readonly Use[]): string {
  let [marked, done] = ['', 0]
  const placed = new Map(uses.map((use) => [use.start, use] as const))
  for (const use of [...placed.values()].sort((a, b) => a.start - b.start)) {
    const name = text.slice(use.start, use.end).replaceAll('"', '')
    const quote = text[use.start] === '"' ? '"' : ''
    marked += text.slice(done, use.start) + quote + ('after' in use ? `[${name}]` : `{${name}}`) + quote
    done = use.end
  }
  return marked + text.slice(done)
}

/** What is found in a marked text of SQL. */
export function markedSql(marked: string, old: string, renamed: string): string {
  const text = unmarked(marked)
  const uses: Use[] = []
  findInSql({ view: wholeView(text), table: renamedTable(old, renamed), kind: 'SQL', onUse: (use) => uses.push(use) })
  return markedAs(text, uses)
}
