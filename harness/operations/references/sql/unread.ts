import { identifierOf } from '../table-name.ts'
import type { SqlSearch } from './statement.ts'
import { nameAt, type SqlToken, sqlTokens, useOfName } from './tokens.ts'

/** Find the table's name behind words such as FROM, and before a column, where no parser reads the text: nothing of it is certain. */
export function findUnread(search: SqlSearch, because: string): void {
  const tokens = wordsOf(search.view.text)
  for (const [index, token] of tokens.entries()) {
    if (identifierOf(token.written) !== search.table.from.name) continue
    let first = index
    while (tokens[first - 1]?.written === '.') first -= 2
    const before = tokens[first - 1]?.written.toUpperCase() ?? ''
    const beforeColumn = tokens[index + 1]?.written === '.' && /^["\p{L}_*]/u.test(tokens[index + 2]?.written ?? '')
    if (!beforeColumn && !/^(FROM|JOIN|INTO|UPDATE|TABLE|ONLY|EXISTS|REFERENCES|ON)$/.test(before)) continue
    const name = nameAt(tokens, first, (index - first) / 2)
    const use = name && useOfName(name, { ...search, beforeColumn, because })
    if (use !== undefined) search.onUse(use)
  }
}

/** The scanner refuses some texts; then words do. */
function wordsOf(text: string): readonly SqlToken[] {
  const tokens = sqlTokens(text)
  if (tokens.length > 0) return tokens
  return [...text.matchAll(/"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*|\./gu)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    written: match[0],
  }))
}
