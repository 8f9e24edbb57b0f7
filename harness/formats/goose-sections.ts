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
  const sections = { up: [] as GooseSection[], down: [] as GooseSection[] }
  const cuts: number[] = []
  const substituted: GooseSection[] = []
  const unknown: number[] = []
  let direction: 'up' | 'down' | undefined
  let seenUp = false
  let inStatement = false
  let [transaction, substitute] = [true, false]
  let pending: number | undefined
  const refuse = (line: number, because: string, hint?: string): never => {
    throw new InputError(`${shown}:${line}: ${because}`, { hint })
  }
  const lines = linesOf(text)
  const finish = (line: number) => {
    if (inStatement) refuse(line, 'no "-- +goose StatementEnd" for the last "StatementBegin"')
    if (pending !== undefined) refuse(pending, 'the last statement has no ";" at the end of a line', 'goose refuses it: end it with ";".')
  }
  for (const [at, line] of lines.entries()) {
    const number = at + 1
    const command = /^--\s*\+goose\s+(.*?)\s*$/.exec(line.text)?.[1]?.toLowerCase()
    if (command === undefined) {
      if (direction === undefined) continue
      sections[direction].push({ start: line.start, end: line.end })
      if (substitute) substituted.push({ start: line.start, end: line.end })
      const code = line.text.replace(/(^|\s)--.*$/, '').trimEnd()
      if (code.trim() === '' || inStatement) continue
      pending ??= number
      if (code.endsWith(';')) {
        cuts.push(line.start + code.length)
        pending = undefined
      }
      continue
    }
    switch (command) {
      case 'up':
        if (seenUp) refuse(number, 'a second "-- +goose Up"')
        seenUp = true
        direction = 'up'
        break
      case 'down':
        if (!seenUp) refuse(number, '"-- +goose Down" before "-- +goose Up"')
        if (direction === 'down') refuse(number, 'a second "-- +goose Down"')
        finish(number)
        direction = 'down'
        break
      case 'statementbegin':
        if (direction === undefined) refuse(number, '"-- +goose StatementBegin" before "-- +goose Up"')
        if (inStatement) refuse(number, '"-- +goose StatementBegin" inside another')
        inStatement = true
        break
      case 'statementend':
        if (!inStatement) refuse(number, '"-- +goose StatementEnd" without its "StatementBegin"')
        inStatement = false
        cuts.push(line.start)
        pending = undefined
        break
      case 'no transaction':
        transaction = false
        break
      case 'envsub on':
      case 'envsubst on':
        substitute = true
        break
      case 'envsub off':
      case 'envsubst off':
        substitute = false
        break
      default:
        unknown.push(number)
    }
  }
  if (!seenUp)
    throw new InputError(`"${shown}" has no "-- +goose Up"`, { hint: 'goose refuses the file. The annotation starts at column 1.' })
  finish(lines.length)
  return { ...sections, transaction, cuts, substituted, unknown }
}

function linesOf(text: string): readonly Line[] {
  return [...text.matchAll(/([^\n]*)(\n|$)/g)]
    .filter((match) => match[0] !== '')
    .map((match) => ({ text: (match[1] ?? '').replace(/\r$/, ''), start: match.index, end: match.index + match[0].length }))
}
