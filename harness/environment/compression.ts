import type { Script, Statement } from '../migration/index.ts'

/** By the statement that may hold it. */
const asked: Readonly<Record<string, RegExp>> = {
  CreateStmt: /\bcompression\s+"?lz4\b/gi,
  AlterTableStmt: /\bcompression\s+"?lz4\b/gi,
  VariableSetStmt: /\bdefault_toast_compression\s*(=|\bto\b)\s*['"]?lz4\b/gi,
}

/** Where scripts want columns compressed by lz4, which a server may be built without: the first such statement of each file. */
export function lz4In(scripts: readonly Script[]): readonly string[] {
  return scripts.flatMap(({ statements }) => {
    const first = statements.find((statement) => lz4Places(statement).length > 0)
    return first === undefined ? [] : [`${first.file}:${first.line}`]
  })
}

/** Where a statement names lz4 as the compression of a column: offsets into its text, in UTF-16 units. */
export function lz4Places({ node, text }: Statement): readonly { readonly start: number; readonly end: number }[] {
  const pattern = asked[node]
  return [...(pattern === undefined ? [] : text.matchAll(pattern))].map((match) => {
    const end = match.index + match[0].length
    return { start: end - 'lz4'.length, end }
  })
}

export function compressionNotes(places: readonly string[]): readonly string[] {
  const [first, ...others] = places
  if (first === undefined) return []
  const more = others.length === 0 ? '' : `, and in ${others.length} more ${others.length === 1 ? 'file' : 'files'}`
  return [`This server has no lz4: columns are compressed by pglz in its place (${first}${more}). No value depends on it.`]
}
