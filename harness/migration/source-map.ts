/** A place in a text as an editor shows it; both count from 1, columns in UTF-16 units (as SARIF and editors do). */
export interface SourcePosition {
  readonly line: number
  readonly column: number
}

interface Checkpoint {
  readonly utf16: number
  readonly byte: number
  readonly codePoint: number
}

const checkpointEvery = 256

/**
 * Converts between the four ways in which offsets into one text are told: UTF-16 units (JavaScript), UTF-8 bytes (libpg-query's
 * `stmt_location` and node locations), code points (libpg-query's `cursorPosition`, 0-based; the server's `position`, 1-based) and line
 * with column. An offset inside a character counts as the character's start; one past the end counts as the end.
 */
export class SourceMap {
  readonly text: string
  readonly #lineStarts: number[] = [0]
  readonly #checkpoints: Checkpoint[] = [{ utf16: 0, byte: 0, codePoint: 0 }]

  constructor(text: string) {
    this.text = text
    let [byte, codePoint, next] = [0, 0, checkpointEvery]
    for (let utf16 = 0; utf16 < text.length; ) {
      const code = text.codePointAt(utf16) ?? 0
      utf16 += code > 0xffff ? 2 : 1
      byte += byteLength(code)
      codePoint += 1
      if (code === 10) this.#lineStarts.push(utf16)
      if (utf16 >= next) {
        this.#checkpoints.push({ utf16, byte, codePoint })
        next = utf16 + checkpointEvery
      }
    }
  }

  utf16OfByte(byte: number): number {
    return this.#walk('byte', byte).utf16
  }

  utf16OfCodePoint(codePoint: number): number {
    return this.#walk('codePoint', codePoint).utf16
  }

  byteOfUtf16(utf16: number): number {
    return this.#walk('utf16', utf16).byte
  }

  codePointOfUtf16(utf16: number): number {
    return this.#walk('utf16', utf16).codePoint
  }

  /** Line and column of a UTF-16 offset. */
  positionOf(utf16: number): SourcePosition {
    const bounded = Math.min(utf16, this.text.length)
    const line = lastNotAbove(this.#lineStarts, bounded, (start) => start)
    return { line: line + 1, column: bounded - (this.#lineStarts[line] ?? 0) + 1 }
  }

  /** The text of a line (from 1), without its line end. */
  lineText(line: number): string {
    const start = this.#lineStarts[line - 1] ?? this.text.length
    return this.text.slice(start, this.#lineStarts[line] ?? this.text.length).replace(/\r?\n$/, '')
  }

  #walk(unit: keyof Checkpoint, target: number): Checkpoint {
    const from = this.#checkpoints[lastNotAbove(this.#checkpoints, target, (point) => point[unit])]
    let { utf16, byte, codePoint } = from ?? { utf16: 0, byte: 0, codePoint: 0 }
    while (utf16 < this.text.length) {
      const code = this.text.codePointAt(utf16) ?? 0
      const after = { utf16: utf16 + (code > 0xffff ? 2 : 1), byte: byte + byteLength(code), codePoint: codePoint + 1 }
      if (after[unit] > target) break
      ;({ utf16, byte, codePoint } = after)
    }
    return { utf16, byte, codePoint }
  }
}

function byteLength(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}

function lastNotAbove<Item>(items: readonly Item[], target: number, measure: (item: Item) => number): number {
  let [low, high] = [0, items.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    const item = items[middle]
    if (item !== undefined && measure(item) <= target) low = middle
    else high = middle - 1
  }
  return low
}
