import { SourceMap, type SourcePosition } from './source-map.ts'

export interface SourceOrigin extends SourcePosition {
  readonly file: string
  /** The line of the file, as it stands there. */
  readonly lineText: string
}

/** A stretch of text as it stands in a file, or (`fixed`) what was put in the place of something there. */
interface Piece {
  readonly text: string
  readonly file: string
  readonly map: () => SourceMap
  /** Offset in the file. */
  readonly from: number
  readonly fixed: boolean
}

/** A text put together from files, includes and replaced variables, that knows where each part of it came from. */
export class SourceText {
  readonly text: string
  readonly #pieces: readonly Piece[]

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces.filter((piece) => piece.text !== '')
    this.text = this.#pieces.map((piece) => piece.text).join('')
  }

  /** What was put in the place of something, in its order: no file has it. */
  get inserted(): readonly string[] {
    return this.#pieces.flatMap(({ fixed, text }) => (fixed ? [text] : []))
  }

  /** A file as it is. */
  static of(file: string, text: string): SourceText {
    return new SourceText([{ text, file, map: once(() => new SourceMap(text)), from: 0, fixed: false }])
  }

  static join(parts: readonly SourceText[]): SourceText {
    return new SourceText(parts.flatMap((part) => part.#pieces))
  }

  slice(start: number, end: number = this.text.length): SourceText {
    let at = 0
    return new SourceText(
      this.#pieces.flatMap((piece) => {
        const [from, to] = [Math.max(start - at, 0), Math.min(end - at, piece.text.length)]
        at += piece.text.length
        if (from >= to) return []
        return [{ ...piece, text: piece.text.slice(from, to), from: piece.fixed ? piece.from : piece.from + from }]
      }),
    )
  }

  /** Another text in the place of a range; messages point at the range's start. */
  inPlace(start: number, text: string): SourceText {
    const piece = this.#pieceAt(start)
    return new SourceText(piece === undefined ? [] : [{ ...piece.piece, text, from: piece.offset, fixed: true }])
  }

  /** Every match replaced; undefined leaves it. */
  async replace(
    pattern: RegExp,
    by: (match: RegExpMatchArray, start: number) => Promise<SourceText | string | undefined>,
  ): Promise<SourceText> {
    const parts: SourceText[] = []
    let done = 0
    for (const match of this.text.matchAll(pattern)) {
      const replacement = await by(match, match.index)
      if (replacement === undefined) continue
      parts.push(this.slice(done, match.index), typeof replacement === 'string' ? this.inPlace(match.index, replacement) : replacement)
      done = match.index + match[0].length
    }
    return parts.length === 0 ? this : SourceText.join([...parts, this.slice(done)])
  }

  /** As long as before, line by line, with the range's characters blanked. */
  blank(start: number, end: number): SourceText {
    const blanks = this.slice(start, end).#pieces.map((piece) => ({ ...piece, text: piece.text.replace(/[^\r\n]/g, ' ') }))
    return SourceText.join([this.slice(0, start), new SourceText(blanks), this.slice(end)])
  }

  /** Where an offset stands in its file. */
  originOf(utf16: number): SourceOrigin {
    const found = this.#pieceAt(utf16)
    if (found === undefined) return { file: '', line: 1, column: 1, lineText: '' }
    const map = found.piece.map()
    const position = map.positionOf(found.offset)
    return { ...position, file: found.piece.file, lineText: map.lineText(position.line) }
  }

  #pieceAt(utf16: number): { readonly piece: Piece; readonly offset: number } | undefined {
    let at = 0
    for (const piece of this.#pieces) {
      if (utf16 < at + piece.text.length) return { piece, offset: piece.fixed ? piece.from : piece.from + utf16 - at }
      at += piece.text.length
    }
    const last = this.#pieces.at(-1)
    return last === undefined ? undefined : { piece: last, offset: last.fixed ? last.from : last.from + last.text.length }
  }
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
