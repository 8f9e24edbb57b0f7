import type { Discard } from './contract.ts'
import { readPsqlText } from './psql.ts'
import { wordsOf } from './remark.ts'
import { SourceMap } from './source-map.ts'

const declaration = /^godwit:\s*discard\s+((?:"(?:[^"]|"")*"|[^\s"])+)\s+because\s+(\S[\s\S]*)$/i

/** A discard with the place where it is declared. */
export interface DeclaredDiscard extends Discard {
  readonly file: string
  readonly line: number
}

/**
 * The discards that a script declares in its comments: `-- godwit: discard public.items.notes because they were never read`. The reason
 * goes on over the comment lines that follow directly, up to one that is empty or says something of its own (`-- godwit: …`).
 */
export function readDiscards(file: string, text: string): readonly DeclaredDiscard[] {
  const map = new SourceMap(text)
  const comments = readPsqlText(text).comments.map((comment) => ({
    words: wordsOf(comment.text),
    line: map.positionOf(comment.offset).line,
  }))
  return comments.flatMap(({ words, line }, index) => {
    const match = declaration.exec(words)
    const [, path, reason] = match ?? []
    if (path === undefined || reason === undefined) return []
    const rest = comments.slice(index + 1).filter((other, ahead) => other.line === line + ahead + 1)
    const end = rest.findIndex((other) => other.words === '' || /^godwit:/i.test(other.words))
    const because = [reason, ...rest.slice(0, end < 0 ? rest.length : end).map((other) => other.words)]
      .join(' ')
      .replace(/\s+/g, ' ')
      .trim()
    return [{ path: path.split('.').length === 1 ? `public.${path}` : path, because, file, line }]
  })
}
