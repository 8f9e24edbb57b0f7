const special = /[\\\b\f\n\r\t\v]/
const specials = /[\\\b\f\n\r\t\v]/g
const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

/** One cell in COPY's text format. */
export function copyCell(cell: string | null): string {
  if (cell === null) return '\\N'
  return special.test(cell) ? cell.replace(specials, (character) => escapes[character] ?? character) : cell
}

/** One row in COPY's text format, with its end. */
export function copyLine(cells: readonly (string | null)[]): string {
  return `${cells.map(copyCell).join('\t')}\n`
}

/** Each chunk waits for its turn among all else that Node does: a batch of usual records is one. */
const chunkLength = 1024 * 1024

/** Lines in chunks of some 1 MB. */
export function* copyChunks(lines: Iterable<string>): Iterable<string> {
  let [chunk, length]: [string[], number] = [[], 0]
  for (const line of lines) {
    chunk.push(line)
    length += line.length
    if (length < chunkLength) continue
    yield chunk.join('')
    ;[chunk, length] = [[], 0]
  }
  if (chunk.length > 0) yield chunk.join('')
}
