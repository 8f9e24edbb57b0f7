import type { TextPlace } from '../statement-text.ts'

/** A body into which marks are put. */
export class MarkedText {
  readonly #bytes: Buffer
  readonly #insertions: { readonly at: number; readonly text: string }[] = []

  constructor(body: string) {
    this.#bytes = Buffer.from(body, 'utf8')
  }

  /** A piece of the body as it was. */
  slice({ from, to }: TextPlace): string {
    return this.#bytes.subarray(from, to).toString('utf8')
  }

  /** Lines of the body before so many bytes. */
  linesBefore(at: number): number {
    return this.slice({ from: 0, to: at }).split('\n').length - 1
  }

  /** Put a text at so many bytes, behind what was put there before. */
  put(at: number, text: string): void {
    this.#insertions.push({ at, text })
  }

  /** How often something was put in so far. */
  get insertions(): number {
    return this.#insertions.length
  }

  /** The body with its marks, and how many they are. */
  get marked(): { readonly body: string; readonly marks: number } {
    const sorted = this.#insertions.toSorted((one, other) => one.at - other.at)
    const pieces = sorted.map(({ at, text }, index) => this.slice({ from: sorted[index - 1]?.at ?? 0, to: at }) + text)
    const body = pieces.join('') + this.slice({ from: sorted.at(-1)?.at ?? 0, to: this.#bytes.length })
    return { body, marks: sorted.flatMap(({ text }) => text.match(/advisory/g) ?? []).length }
  }
}
