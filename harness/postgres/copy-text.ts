const SPECIAL = /[\\\b\f\n\r\t\v]/g
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/**
 * One cell in COPY's text format: cells are joined by tabs, rows end with a newline.
 *
 * @see https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS
 */
export function escapeCopyText(cell: string | null): string {
  if (cell === null) return '\\N'
  return cell.replace(SPECIAL, (character) => ESCAPES[character] ?? character)
}
