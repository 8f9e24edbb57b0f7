import { packageVersion } from '../package.ts'
import { sha256 } from '../run/index.ts'
import type { Counterexample, SavedRows } from '../verify/index.ts'

/** A line that tells what the text behind it is, and whether it is whole. */
export function sealedEntry(key: string, body: string): string {
  return `${JSON.stringify({ godwit: packageVersion(), key, sha256: sha256(body) })}\n${body}`
}

/** Undefined for what is not whole, or of another version, or of another key: it is made anew. */
export function openEntry(key: string, text: string): string | undefined {
  const end = text.indexOf('\n')
  const body = text.slice(end + 1)
  return text === sealedEntry(key, body) ? body : undefined
}

/** Digests of the rows that a verdict has seen beside the drawn ones: those saved before it, and those that it showed. */
export function seenRows(saved: readonly SavedRows[], counterexamples: Iterable<readonly [string, Counterexample]>): readonly string[] {
  return [...new Set([...saved.map(({ sql }) => sql), ...Array.from(counterexamples, ([, { rowsSql }]) => rowsSql)].map(rowsDigest))]
}

/** Whether a verdict has seen all rows that are saved now: what others show is not denied by a verdict that did not try it. */
export function hasSeen(seen: readonly string[], saved: readonly SavedRows[]): boolean {
  const known = new Set(seen)
  return saved.every(({ sql }) => known.has(rowsDigest(sql)))
}

function rowsDigest(rows: string): string {
  return sha256(rows.trim())
}
