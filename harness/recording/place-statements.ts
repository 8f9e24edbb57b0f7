import { asText, everyNode, fieldsOf, stringsOf } from '../migration/index.ts'
import type { RecordedStatement } from './statements.ts'

/**
 * The line of a program at which each statement seems to come from: the one that has its text, else the one that has most of the names and
 * texts that stand in the statement, as in a call of a schema builder; where no line has any, that of the statement before it, or of the function.
 *
 * @returns 1-based lines.
 */
export function placeStatements(program: string, direction: 'up' | 'down', statements: readonly RecordedStatement[]): readonly number[] {
  const lines = program.split('\n')
  const [first, last] = partOf(lines, direction)
  const words = lines.map((line) => new Set(line.match(/[\p{L}\p{N}_$]+/gu)))
  const seldom = new Map<string, number>()
  for (const line of words.slice(first, last + 1)) for (const word of line) seldom.set(word, (seldom.get(word) ?? 0) + 1)
  const folded = foldedLines(lines)
  let before = first
  return statements.map((statement) => {
    const verbatim = lineOfText(folded, statement.text, first, last)
    const range = { first, last, before }
    // The columns of a new table stand on lines of their own, below the call that makes it.
    const made = statement.parsed?.node === 'CreateStmt' ? fieldsOf(statement.parsed.tree, 'CreateStmt')?.relation : undefined
    const found =
      verbatim ??
      (made === undefined ? undefined : bestLine(words, seldom, namesIn(made), range)) ??
      bestLine(words, seldom, namesIn(statement.parsed?.tree), range)
    if (found !== undefined) before = found
    return before + 1
  })
}

/** Where the function for one direction stands, where there is one for each. */
function partOf(lines: readonly string[], direction: 'up' | 'down'): readonly [first: number, last: number] {
  const up = lines.findIndex((line) => /\b(up|upgrade|safeUp|change)\b\s*(=|:|\()/.test(line))
  const down = lines.findIndex((line) => /\b(down|downgrade|safeDown)\b\s*(=|:|\()/.test(line))
  const all = [0, lines.length - 1] as const
  if (up < 0 || down < 0) return all
  const from = direction === 'up' ? up : down
  const other = direction === 'up' ? down : up
  return [from, other > from ? other - 1 : lines.length - 1]
}

interface Folded {
  readonly text: string
  /** Where each line begins in it. */
  readonly starts: readonly number[]
}

/** A text as one line with single blanks, in which a statement is found however it was indented. */
function foldedLines(lines: readonly string[]): Folded {
  const starts: number[] = []
  let text = ''
  for (const line of lines) {
    starts.push(text.length)
    const folded = fold(line)
    if (folded !== '') text += `${folded} `
  }
  return { text, starts }
}

function fold(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}

/** Shorter texts stand anywhere. */
const shortestText = 12

function lineOfText({ text, starts }: Folded, statement: string, first: number, last: number): number | undefined {
  const wanted = fold(statement).slice(0, 200)
  if (wanted.length < shortestText) return undefined
  const at = text.indexOf(wanted, starts[first] ?? 0)
  if (at < 0) return undefined
  const line = starts.findLastIndex((start) => start <= at)
  return line > last ? undefined : line
}

function bestLine(
  lines: readonly ReadonlySet<string>[],
  seldom: ReadonlyMap<string, number>,
  names: readonly string[],
  range: { readonly first: number; readonly last: number; readonly before: number },
): number | undefined {
  let [best, most] = [undefined as number | undefined, 0]
  // From where the statement before it stands: of lines that are alike the next one is meant.
  const order = [...span(range.before, range.last), ...span(range.first, range.before - 1)]
  for (const at of order) {
    const score = names.reduce((sum, name) => (lines[at]?.has(name) === true ? sum + 1 / (seldom.get(name) ?? 1) : sum), 0)
    if (score > most) [best, most] = [at, score]
  }
  return best
}

function span(from: number, to: number): readonly number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
}

const namedBy = /^(relname|colname|name|conname|idxname|subname|newname|sval|typname|trigname|schemaname|refname|viewname)$/

/** Names and constant texts that a statement has, as a program would write them, and in the other usual spelling. */
function namesIn(tree: unknown): readonly string[] {
  const found = new Set<string>()
  const look = (value: unknown, key: string): void => {
    if (typeof value === 'string' && namedBy.test(key)) found.add(value)
    else if (typeof value === 'object' && value !== null)
      for (const [inner, each] of Object.entries(value)) look(each, Array.isArray(value) ? key : inner)
  }
  look(tree, '')
  const types = [...everyNode(tree)].flatMap(({ name, fields }) => (name === 'TypeName' ? stringsOf(fields.names) : []))
  for (const type of [...types, 'pg_catalog']) if (asText(type) !== undefined) found.delete(type)
  return [...found].flatMap((name) => {
    const camel = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    return camel === name ? [name] : [name, camel]
  })
}
