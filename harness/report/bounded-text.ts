import { type Markdown, table } from './markdown-text.ts'

/** How long a text may become, and where it will stand. */
export interface TextLimit {
  /** Most that the text may measure. */
  readonly limit: number
  readonly unit: 'characters' | 'bytes'
  /** Whether `@name` and `#1` are to stay words: in a comment they would call people and link issues, however they are escaped. */
  readonly comment?: boolean | undefined
}

const cutNoticeSize = 400

/** Blocks of text up to a limit, with room kept for the notice of what was cut. */
export class BoundedText {
  readonly #blocks: Markdown[] = []
  readonly #cut: string[] = []
  readonly #limit: number
  readonly #comment: boolean
  readonly #measure: (text: string) => number
  #size = 0

  constructor({ limit, unit, comment = false }: TextLimit) {
    this.#limit = limit - cutNoticeSize
    this.#comment = comment
    const length = unit === 'bytes' ? (text: string) => Buffer.byteLength(text) : (text: string) => text.length
    this.#measure = (text) => length(comment ? withoutMentions(text) : text) + 2
  }

  /** Whether it fitted. An empty block takes no room. */
  add(block: Markdown): boolean {
    if (block === '') return true
    const size = this.#measure(block)
    if (this.#size + size > this.#limit) return false
    this.#blocks.push(block)
    this.#size += size
    return true
  }

  /** Blocks up to the first that does not fit; those left out, as so many of `noun`, stand in the notice. */
  addAll(blocks: readonly Markdown[], noun: string): void {
    const at = blocks.findIndex((block) => !this.add(block))
    this.#note(at < 0 ? 0 : blocks.length - at, noun)
  }

  /** As many rows as fit into a part of the room that is left; the others, as so many of `noun`, stand in the notice. */
  addTable(
    header: readonly Markdown[],
    rows: readonly (readonly Markdown[])[],
    { part, noun }: { readonly part: number; readonly noun: string },
  ): void {
    const room = (this.#limit - this.#size) * part
    let size = this.#measure(table(header, []))
    const fitting = rows.findIndex((row) => {
      size += this.#measure(`| ${row.join(' | ')} |`)
      return size > room
    })
    const shown = fitting < 0 ? rows : rows.slice(0, fitting)
    if (shown.length > 0) this.add(table(header, shown))
    this.#note(rows.length - shown.length, noun)
  }

  toString(): string {
    const notice = this.#cut.length === 0 ? [] : [`> **Cut to fit:** ${this.#cut.join(', ')} more. The report directory has everything.`]
    const text = `${[...this.#blocks, ...notice].join('\n\n')}\n`
    return this.#comment ? withoutMentions(text) : text
  }

  #note(left: number, noun: string): void {
    if (left > 0) this.#cut.push(`${left} ${noun}${left === 1 ? '' : 's'}`)
  }
}

/** A zero-width space after the sign: GitHub looks for names in the text as it is shown, after all escapes are undone. */
function withoutMentions(text: Markdown): Markdown {
  return text.replaceAll('&#64;', '&#64;&#8203;').replaceAll('&#35;', '&#35;&#8203;')
}
