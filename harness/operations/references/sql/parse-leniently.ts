import { parseTree, type RawStatement, readPsqlText, SourceMap } from '../../../migration/index.ts'
import { sliceView, type View } from '../view.ts'
import { hole } from './scope.ts'
import { sqlTokens } from './tokens.ts'

export interface Parsed {
  /** As long as what it stands for, with parameters in the place of what is no SQL. */
  readonly text: View
  readonly statements: readonly RawStatement[]
}

export interface LenientlyParsed {
  readonly parsed: readonly Parsed[]
  /** Statements that the parser refuses, however their holes are filled. */
  readonly unread: readonly View[]
}

/**
 * Parse a text of SQL that a program sends: with psql's own commands, parameters of drivers (`:name`, `?`, `@name`) and holes of templates.
 * What the parser refuses as a whole is parsed statement by statement.
 *
 * @param matters  Whether a statement has to be read at all.
 */
export function parseLeniently(view: View, matters: (text: string) => boolean): LenientlyParsed {
  const whole = parsedAs(view, view.text)
  if (whole !== undefined) return { parsed: [whole], unread: [] }
  const psql = readPsqlText(view.text).sql
  const filled = parsedAs(view, psql) ?? parsedWithHoles(view, psql)
  if (filled !== undefined) return { parsed: [filled], unread: [] }
  const parsed: Parsed[] = []
  const unread: View[] = []
  for (const part of statementsOf(sliceView(view, 0, psql.length, psql))) {
    if (!matters(part.text)) continue
    const read = parsedAs(part, part.text) ?? parsedWithHoles(part, part.text)
    if (read === undefined) unread.push(part)
    else parsed.push(read)
  }
  return { parsed, unread }
}

function parsedAs(view: View, text: string): Parsed | undefined {
  // The grammar takes a hole for a name, and so for an alias.
  const parsed = text.includes(hole) ? undefined : tryRead(text)
  return parsed !== undefined && 'statements' in parsed
    ? { text: sliceView(view, 0, text.length, text), statements: parsed.statements }
    : undefined
}

/** Statements by their semicolons: a text that the scanner refuses is one. */
function statementsOf(view: View): readonly View[] {
  const ends = sqlTokens(view.text).flatMap(({ written, end }) => (written === ';' ? [end] : []))
  const borders = [0, ...ends, view.text.length]
  return borders.slice(1).map((end, at) => sliceView(view, borders[at] ?? 0, end))
}

const placeholder =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|::|(\$?\uE000+|\$\{[^}]*\}|\{\{[^}]*\}\}|#\{[^}]*\}|:[A-Za-z_]\w*|@[A-Za-z_]\w*|\?\??|%[sLI])/g

interface Hole {
  readonly start: number
  readonly end: number
  readonly fillers: readonly string[]
}

/** What may stand in the place of a hole, the likeliest first. */
const usual = ['$1', '', 'hole_', 'hole_ = 1', 'VALUES (1)', '(1)', 'DO NOTHING', 'WHERE TRUE', 'AND TRUE', ', 1', 'SELECT 1']

/** Fill holes one way after the other, the one before the error first. */
function parsedWithHoles(view: View, text: string): Parsed | undefined {
  const holes = holesIn(text)
  const chosen = holes.map(() => 0)
  const most = holes.length * usual.length
  for (let attempt = 0; attempt <= Math.min(most, 80); attempt += 1) {
    const filled = fill(text, holes, chosen)
    const read = tryRead(filled)
    if ('statements' in read) return { text: sliceView(view, 0, filled.length, filled), statements: read.statements }
    const open = holes.flatMap(({ fillers }, at) => ((chosen[at] ?? 0) + 1 < fillers.length ? [at] : []))
    const before = open.filter((at) => (holes[at]?.start ?? 0) <= read.error)
    const next = before.at(-1) ?? open[0]
    if (next === undefined) return undefined
    chosen[next] = (chosen[next] ?? 0) + 1
  }
  return undefined
}

function holesIn(text: string): readonly Hole[] {
  return [...text.matchAll(placeholder)].flatMap((match) => {
    if (match[1] === undefined) return []
    const [start, end] = [match.index, match.index + match[0].length]
    const length = end - start
    const [before, after] = [text[start - 1] ?? ' ', text[end] ?? ' ']
    // Part of a longer name, or a name before or behind a dot.
    const inName = /[\w".]/.test(before) || /[\w".]/.test(after)
    if (inName && match[1].startsWith('\uE000')) return [{ start, end, fillers: [`hole${'_'.repeat(length - 4)}`] }]
    const fillers = usual.filter((filler) => filler.length <= length).map((filler) => filler.padEnd(length))
    return [{ start, end, fillers: length === 1 ? ['1', 'h'] : [...fillers, 'h_'.padEnd(length)] }]
  })
}

function fill(text: string, holes: readonly Hole[], chosen: readonly number[]): string {
  let [filled, done] = ['', 0]
  for (const [at, { start, end, fillers }] of holes.entries()) {
    filled += text.slice(done, start) + (fillers[chosen[at] ?? 0] ?? '')
    done = end
  }
  return filled + text.slice(done)
}

/** The statements, or where the error is, in UTF-16 units. */
function tryRead(text: string): { readonly statements: readonly RawStatement[] } | { readonly error: number } {
  try {
    return { statements: parseTree(text) }
  } catch (error) {
    const details = error instanceof Error && 'sqlDetails' in error ? error.sqlDetails : undefined
    const codePoint = typeof details === 'object' && details !== null && 'cursorPosition' in details ? Number(details.cursorPosition) : -1
    return { error: codePoint < 0 ? text.length : new SourceMap(text).utf16OfCodePoint(codePoint) }
  }
}
