import { InputError } from '../errors.ts'
import { SourceText } from '../migration/index.ts'
import { assertion } from './assertion.ts'
import { atlasCuts, atlasDelimiters } from './atlas-delimiters.ts'

/** What a file of Atlas's says. */
export interface AtlasFile {
  readonly up: SourceText
  readonly down: SourceText | undefined
  readonly transaction: boolean
  /** It stands for all files before it where a database is new. */
  readonly checkpoint: boolean
  /** It takes statements out of other files. */
  readonly imports: boolean
  /** Lines of directives that Atlas does not see, as no empty line parts them from the statements. */
  readonly unseen: readonly { readonly line: number; readonly text: string }[]
}

const seenOnlyOnTop = /^(?:--|#)[ -~]*atlas:(txmode|checkpoint|import|txtar)\b/

/**
 * Read a file as Atlas does. Directives for the whole file are comments at its very top that an empty line parts from the statements;
 * `-- atlas:delimiter` is its first line. A file with `-- atlas:txtar` has sections: `checks.sql` and `checks/*.sql` hold assertions, made
 * before `migration.sql` runs; `down.sql` reverts it.
 *
 * @throws {InputError} for what Atlas refuses.
 * @see https://github.com/ariga/atlas/blob/master/sql/migrate/dir.go and lex.go; https://atlasgo.io/versioned/checks
 */
export function readAtlasFile(shown: string, text: string): AtlasFile {
  const source = SourceText.of(shown, text)
  const top = directivesOf(text)
  const modes = top.flatMap(({ name, argument }) => (name === 'txmode' ? [argument] : []))
  const sections = top.some(({ name }) => name === 'txtar') ? sectionsOf(source) : undefined
  const migration = sections?.get('migration.sql')
  if (sections !== undefined && migration === undefined) throw new InputError(`"${shown}" has no section "-- migration.sql --"`)
  const down = sections?.get('down.sql')
  const checks = [...(sections ?? [])].filter(([name]) => name === 'checks.sql' || /^checks\/.*\.sql$/.test(name))
  return {
    up: SourceText.join([...checks.map(([name, section]) => asserted(name, section)), atlasDelimiters(migration ?? source)]),
    down: down === undefined ? undefined : atlasDelimiters(down),
    transaction: transactionOf(shown, modes),
    checkpoint: top.some(({ name }) => name === 'checkpoint'),
    imports: top.some(({ name }) => name === 'import'),
    unseen: top.length > 0 ? [] : unseenIn(text),
  }
}

function transactionOf(shown: string, modes: readonly string[]): boolean {
  const [mode = 'file', ...others] = modes
  if (others.length > 0) throw new InputError(`"${shown}" has several "atlas:txmode"`)
  if (mode === 'all')
    throw new InputError(`"${shown}" has "atlas:txmode all", which only the command line can say`, { hint: 'Use "file".' })
  if (mode !== 'none' && mode !== 'file') throw new InputError(`"${shown}" has an unknown "atlas:txmode ${mode}"`)
  return mode === 'file'
}

interface Directive {
  readonly name: string
  readonly argument: string
}

/** Those of the whole file; none where the comments at its top belong to the first statement. */
function directivesOf(text: string): readonly Directive[] {
  const comments = /^(?:(?:--|#)[^\n]*(?:\n|$))*/.exec(text)?.[0] ?? ''
  const rest = text.slice(comments.length)
  if (rest !== '' && !/^[ \t]*\n/.test(rest)) return []
  return comments.split('\n').flatMap((line) => {
    const [, name, argument = ''] = /^[ -~]*?atlas:(\w+)(?: +(.+))?/.exec(line.trim()) ?? []
    return name === undefined ? [] : [{ name, argument: argument.trim() }]
  })
}

function unseenIn(text: string): AtlasFile['unseen'] {
  return text.split(/\r?\n/).flatMap((line, at) => (seenOnlyOnTop.test(line) ? [{ line: at + 1, text: line.trim() }] : []))
}

/** By name, in the file's order. */
function sectionsOf(source: SourceText): ReadonlyMap<string, SourceText> {
  const marks = [...source.text.matchAll(/^-- (\S.*?) --[ \t]*\r?$\n?/gm)]
  return new Map(
    marks.map((mark, at) => [mark[1] ?? '', source.slice(mark.index + mark[0].length, marks[at + 1]?.index ?? source.text.length)]),
  )
}

/** Each statement of a section with checks must give true; with `oneof`, one of them. */
function asserted(name: string, section: SourceText): SourceText {
  const checks = statementsOf(section).map((check) => SourceText.join([check.inPlace(0, '('), check, check.inPlace(0, '\n)')]))
  const [first] = checks
  if (first === undefined) return section.slice(0, 0)
  if (!/^--[ \t]*atlas:assert[ \t]+oneof\b/m.test(section.text)) {
    return SourceText.join(checks.map((check) => assertion(check, `the assertion in "${name}" is not true`)))
  }
  const either = checks.flatMap((check, at) => (at === 0 ? [check] : [check.inPlace(0, ' OR '), check]))
  return assertion(SourceText.join(either), `none of the assertions in "${name}" is true`)
}

/** The statements of a text that holds nothing but queries, without their `;` and leading comments. */
function statementsOf(section: SourceText): readonly SourceText[] {
  const cuts = atlasCuts(section.text, ';')
  return [...cuts, section.text.length].flatMap((end, at) => {
    const start = at === 0 ? 0 : (cuts[at - 1] ?? 0) + 1
    const begin = start + (/^(?:\s|--[^\n]*(?:\n|$))*/.exec(section.text.slice(start, end))?.[0].length ?? 0)
    return begin < end ? [section.slice(begin, end)] : []
  })
}
