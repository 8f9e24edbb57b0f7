import type { Comment } from './psql.ts'
import type { SourceOrigin, SourceText } from './source-text.ts'

/** A comment of a script that speaks to Godwit: `-- godwit: …`. */
export interface Remark {
  /** Where it begins. */
  readonly origin: SourceOrigin
  /** Its words without dashes, then those of each comment line that follows directly, up to an empty one or another remark. */
  readonly lines: readonly string[]
}

/** The remarks among the comments of a text. */
export function remarksOf(comments: readonly Comment[], source: SourceText): readonly Remark[] {
  const placed = comments.map((comment) => ({ words: wordsOf(comment.text), offset: comment.offset }))
  return placed.flatMap(({ words, offset }, at) => {
    if (!isRemark(words)) return []
    const origin = source.originOf(offset)
    const after = placed.slice(at + 1)
    const end = after.findIndex((each, ahead) => {
      const { file, line } = source.originOf(each.offset)
      return each.words === '' || isRemark(each.words) || file !== origin.file || line !== origin.line + ahead + 1
    })
    return [{ origin, lines: [words, ...after.slice(0, end < 0 ? after.length : end).map((each) => each.words)] }]
  })
}

/** The words of a comment, without its dashes or its slash and star. */
export function wordsOf(comment: string): string {
  return comment.replace(/^--+|^\/\*+|\*+\/$/g, '').trim()
}

function isRemark(words: string): boolean {
  return /^godwit:/i.test(words)
}
