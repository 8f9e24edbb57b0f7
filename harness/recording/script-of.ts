import { parseScript, type Script, SourceText } from '../migration/index.ts'
import { placeStatements } from './place-statements.ts'
import { isBegin, type RecordedStatement } from './statements.ts'

/** The program's file, as it is shown and as it stands there. */
export interface ProgramText {
  readonly file: string
  readonly text: string
}

export interface RecordedScript {
  readonly script: Script
  /** The transaction block that holds all of it; undefined where there is none. */
  readonly transaction: number | undefined
}

/** Settings of a session that change nothing of what a migration does. */
const harmless =
  /^(application_name|client_encoding|client_min_messages|datestyle|intervalstyle|extra_float_digits|bytea_output|standard_conforming_strings|idle_in_transaction_session_timeout|statement_timeout)$/i

/**
 * What a tool sent for one step as a script, in the transactions in which it was sent, each statement at the line of the program that it
 * seems to come from.
 *
 * @param before  Settings that the sessions had before, by connection.
 * @returns Undefined where the step works on several connections at the same time, so that no script is the same.
 */
export function scriptOf(
  program: ProgramText,
  direction: 'up' | 'down',
  statements: readonly RecordedStatement[],
  before: ReadonlyMap<number, readonly RecordedStatement[]>,
): RecordedScript | undefined {
  const work = statements.filter(({ role }) => role === 'migration')
  const connections = new Set(work.map(({ sent }) => sent.connection))
  const isNeeded = ({ role, sent, text }: RecordedStatement) =>
    role === 'migration' || (role === 'setting' && connections.has(sent.connection) && !isHarmless(text))
  const settings = [...connections].flatMap((connection) => before.get(connection) ?? []).filter(isNeeded)
  // A savepoint that was released changes nothing, and what was rolled back to one is not among these.
  const needed = statements.filter(isNeeded)
  const blocks = blocksOf(needed)
  if (blocks === undefined) return undefined
  const lines = new Map(zip(needed, placeStatements(program.text, direction, needed)))
  const write = (statement: RecordedStatement) => written(program, statement, lines.get(statement))
  const first = settings.map(write)
  const script = (parts: readonly SourceText[], mode: Script['mode']) =>
    parseScript(program.file, SourceText.join([...first, ...parts]), { mode })
  const beginOf = (transaction: number | undefined) =>
    statements.find(({ parsed, sent }) => parsed !== undefined && isBegin(parsed) && sent.transactionAfter === transaction)?.text
  const [only, ...others] = blocks
  if (only === undefined) return { script: script([], 'transaction'), transaction: undefined }
  if (others.length === 0 && only.isTransaction && isPlainBegin(beginOf(only.transaction)))
    return { script: script(only.statements.map(write), 'transaction'), transaction: only.transaction }
  const parts = blocks.flatMap((block) => {
    const inner = block.statements.map(write)
    if (!block.isTransaction) return inner
    const at = lines.get(block.statements[0] as RecordedStatement)
    const begin = block.transaction === undefined ? undefined : beginOf(block.transaction)
    return [lineOf(program, begin ?? 'BEGIN', at), ...inner, lineOf(program, 'COMMIT', at)]
  })
  return { script: script(parts, 'autocommit'), transaction: undefined }
}

/** What a step sent and what it read, in order: for what it tells of rows, not to be run. */
export function seenOf(program: ProgramText, direction: 'up' | 'down', statements: readonly RecordedStatement[]): Script {
  const told = statements.filter(({ role, parsed }) => (role === 'migration' || role === 'reading') && parsed !== undefined)
  const lines = placeStatements(program.text, direction, told)
  const parts = told.map((statement, at) => written(program, statement, lines[at]))
  return parseScript(program.file, SourceText.join(parts), { mode: 'autocommit' })
}

interface Block {
  readonly transaction: number | undefined
  readonly isTransaction: boolean
  readonly statements: readonly RecordedStatement[]
}

/** Statements that belong together, in order; undefined where a block of one connection is under way while another sends. */
function blocksOf(statements: readonly RecordedStatement[]): readonly Block[] | undefined {
  const blocks: { transaction: number | undefined; isTransaction: boolean; sent: unknown; statements: RecordedStatement[] }[] = []
  const ended = new Set<number>()
  for (const statement of statements) {
    const { transaction, sent, together } = statement
    const last = blocks.at(-1)
    // Several statements in one message are a transaction of their own.
    const same =
      last !== undefined &&
      (transaction !== undefined
        ? last.transaction === transaction
        : last.transaction === undefined && (together ? last.sent === sent : !last.isTransaction))
    if (same) {
      last.statements.push(statement)
      continue
    }
    if (transaction !== undefined && ended.has(transaction)) return undefined
    if (last?.transaction !== undefined) ended.add(last.transaction)
    blocks.push({ transaction, isTransaction: transaction !== undefined || together, sent, statements: [statement] })
  }
  return blocks
}

function written(program: ProgramText, statement: RecordedStatement, line: number | undefined): SourceText {
  const { copyData } = statement.sent
  const end = copyData === undefined ? ';' : `;\n${copyData}${copyData === '' || copyData.endsWith('\n') ? '' : '\n'}\\.`
  return lineOf(program, statement.text, line, end)
}

function lineOf({ file, text }: ProgramText, sql: string, line: number | undefined, end = ';'): SourceText {
  const lines = text.split('\n')
  const start = lines.slice(0, (line ?? 1) - 1).reduce((sum, each) => sum + each.length + 1, 0)
  const indent = /^\s*/.exec(lines[(line ?? 1) - 1] ?? '')?.[0].length ?? 0
  // An empty file has no place to point at.
  return SourceText.of(file, text === '' ? ' ' : text).inPlace(Math.min(start + indent, Math.max(0, text.length - 1)), `${sql}${end}\n`)
}

function isPlainBegin(text: string | undefined): boolean {
  return text === undefined || /^\s*(begin|start)(\s+(work|transaction))?\s*$/i.test(text)
}

function isHarmless(text: string): boolean {
  const name = /^\s*(?:set\s+(?:session\s+|local\s+)?|reset\s+)([\w.]+)/i.exec(text)?.[1] ?? /set_config\s*\(\s*'([\w.]+)'/i.exec(text)?.[1]
  return name === undefined ? /^\s*discard\b/i.test(text) : harmless.test(name)
}

function zip<Left, Right>(left: readonly Left[], right: readonly Right[]): readonly (readonly [Left, Right])[] {
  return left.map((each, at) => [each, right[at] as Right])
}
