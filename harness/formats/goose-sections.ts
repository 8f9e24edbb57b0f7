import { InputError } from '../errors.ts'

export interface GooseSection {
  readonly start: number
  readonly end: number
}

export interface GooseFile {
  readonly up: readonly GooseSection[]
  readonly down: readonly GooseSection[]
  readonly transaction: boolean
  /** Where goose would cut, as offsets after the `;`. */
  readonly cuts: readonly number[]
  /** Ranges in which it replaces `${NAME}` by the environment. */
  readonly substituted: readonly GooseSection[]
  /** Lines with an annotation that is none. */
  readonly unknown: readonly number[]
}

interface Line {
  readonly text: string
  readonly start: number
  readonly end: number
}

/**
 * Read a file as goose does, line by line: annotations at column 0; outside of StatementBegin and StatementEnd, a statement ends with a
 * line that ends with `;`.
 *
 * @throws {InputError} for what goose refuses.
 * @see https://github.com/pressly/goose/blob/main/internal/sqlparser/parser.go
 */
export function readGooseFile(shown: string, text: string): GooseFile {
  const reader = new GooseReader(shown)
  for (const [at, line] of linesOf(text).entries()) reader.read(at + 1, line)
  return reader.end()
}

/** Where goose stands in a file that it reads line by line. */
class GooseReader {
  readonly #shown: string
  readonly #sections = { up: [] as GooseSection[], down: [] as GooseSection[] }
  readonly #cuts: number[] = []
  readonly #substituted: GooseSection[] = []
  readonly #unknown: number[] = []
  #lines = 0
  #direction: 'up' | 'down' | undefined
  #seenUp = false
  #inStatement = false
  #transaction = true
  #substitute = false
  /** The line on which a statement began that has not ended. */
  #pending: number | undefined

  constructor(shown: string) {
    this.#shown = shown
  }

  read(number: number, line: Line): void {
    this.#lines = number
    const command = /^--\s*\+goose\s+(.*?)\s*$/.exec(line.text)?.[1]?.toLowerCase()
    if (command === undefined) this.#readSql(number, line)
    else this.#obey(command, number, line)
  }

  end(): GooseFile {
    if (!this.#seenUp)
      throw new InputError(`"${this.#shown}" has no "-- +goose Up"`, { hint: 'goose refuses the file. The annotation starts at column 1.' })
    this.#finish(this.#lines)
    return {
      ...this.#sections,
      transaction: this.#transaction,
      cuts: this.#cuts,
      substituted: this.#substituted,
      unknown: this.#unknown,
    }
  }

  #readSql(number: number, { text, start, end }: Line): void {
    if (this.#direction === undefined) return
    this.#sections[this.#direction].push({ start, end })
    if (this.#substitute) this.#substituted.push({ start, end })
    const code = text.replace(/(^|\s)--.*$/, '').trimEnd()
    if (code.trim() === '' || this.#inStatement) return
    this.#pending ??= number
    if (!code.endsWith(';')) return
    this.#cuts.push(start + code.length)
    this.#pending = undefined
  }

  #obey(command: string, number: number, { start }: Line): void {
    switch (command) {
      case 'up':
        if (this.#seenUp) this.#refuse(number, 'a second "-- +goose Up"')
        this.#seenUp = true
        this.#direction = 'up'
        break
      case 'down':
        if (!this.#seenUp) this.#refuse(number, '"-- +goose Down" before "-- +goose Up"')
        if (this.#direction === 'down') this.#refuse(number, 'a second "-- +goose Down"')
        this.#finish(number)
        this.#direction = 'down'
        break
      case 'statementbegin':
        if (this.#direction === undefined) this.#refuse(number, '"-- +goose StatementBegin" before "-- +goose Up"')
        if (this.#inStatement) this.#refuse(number, '"-- +goose StatementBegin" inside another')
        this.#inStatement = true
        break
      case 'statementend':
        if (!this.#inStatement) this.#refuse(number, '"-- +goose StatementEnd" without its "StatementBegin"')
        this.#inStatement = false
        this.#cuts.push(start)
        this.#pending = undefined
        break
      case 'no transaction':
        this.#transaction = false
        break
      case 'envsub on':
      case 'envsubst on':
        this.#substitute = true
        break
      case 'envsub off':
      case 'envsubst off':
        this.#substitute = false
        break
      default:
        this.#unknown.push(number)
    }
  }

  #finish(line: number): void {
    if (this.#inStatement) this.#refuse(line, 'no "-- +goose StatementEnd" for the last "StatementBegin"')
    if (this.#pending !== undefined)
      this.#refuse(this.#pending, 'the last statement has no ";" at the end of a line', 'goose refuses it: end it with ";".')
  }

  #refuse(line: number, because: string, hint?: string): never {
    throw new InputError(`${this.#shown}:${line}: ${because}`, { hint })
  }
}

function linesOf(text: string): readonly Line[] {
  return [...text.matchAll(/([^\n]*)(\n|$)/g)]
    .filter((match) => match[0] !== '')
    .map((match) => ({ text: (match[1] ?? '').replace(/\r$/, ''), start: match.index, end: match.index + match[0].length }))
}
