import {
  asList,
  asText,
  controlsTransaction,
  everyNode,
  fieldsOf,
  isFields,
  nodeOf,
  parseScript,
  plainConstants,
  type Statement,
  statementTargets,
  stringsOf,
  tokensOf,
} from '../migration/index.ts'
import { quoteLiteral, type StatementErrorFields } from '../postgres/index.ts'
import type { Sent } from './model.ts'

/** What a statement is to the tool that sent it. */
export type Role =
  /** Begins, ends or divides a transaction. */
  | 'control'
  /** The tool's own: its history table, its locks. */
  | 'bookkeeping'
  /** Reads, and changes nothing. */
  | 'reading'
  /** Changes a setting of the session. */
  | 'setting'
  /** What the migration does. */
  | 'migration'

/** One statement that a program sent, with its parameters written into it. */
export interface RecordedStatement {
  readonly sent: Sent
  /** Without the `;`. */
  readonly text: string
  /** Undefined where the text does not parse. */
  readonly parsed: Statement | undefined
  readonly role: Role
  /** Whether others were sent in one message with it. */
  readonly together: boolean
  readonly transaction: number | undefined
  /** Undefined where it was applied. */
  readonly error: StatementErrorFields | undefined
  /** What it says about the tool's list of steps. */
  readonly noted: Noted | undefined
}

/** What a bookkeeping statement writes into, or takes out of, the list of steps. */
export interface Noted {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** The tool's own tables, and which of them lists the steps. */
export interface Bookkeeping {
  /** Names without schema. */
  readonly tables: ReadonlySet<string>
  readonly list: string
  /** The columns whose values, joined by a dot, name a step. */
  readonly columns: readonly string[]
  /** All columns of the list in their order, once it is there. */
  order: readonly string[]
  /** Names of functions that may change something: a SELECT that calls one is part of the migration. */
  readonly volatile: ReadonlySet<string>
}

/**
 * Statements of what was sent, in order: messages are divided, parameters are written in, and each is told apart by what it is to the tool.
 *
 * @throws {UnwritableError} for a parameter in the binary format.
 */
export function readStatements(
  sent: readonly Sent[],
  bookkeeping: Bookkeeping,
  typeNames: ReadonlyMap<number, string> = new Map(),
): readonly RecordedStatement[] {
  let own = 0
  return sent.flatMap((each) => {
    const text = withParameters(each, typeNames)
    if (text.trim() === '') return []
    const statements = parsedOf(text)
    let open = each.transaction
    const together = statements !== undefined && statements.length > 1
    const parsed = statements ?? [undefined]
    return parsed.flatMap((statement, at): RecordedStatement[] => {
      // Those behind the one that failed were never run.
      if (each.error !== undefined && at > each.completed) return []
      const role = statement === undefined ? 'migration' : roleOf(statement, bookkeeping)
      const begins = statement !== undefined && role === 'control' && isBegin(statement)
      const transaction = open
      // Blocks inside of one message are not seen from outside, unless they stay open.
      if (begins && open === undefined) open = each.transactionAfter ?? --own
      else if (statement !== undefined && role === 'control' && isEnd(statement)) open = undefined
      return [
        {
          sent: each,
          text: statement?.text ?? text.trim(),
          parsed: statement === undefined || each.copyData === undefined ? statement : { ...statement, copyData: each.copyData },
          role,
          together,
          transaction,
          error: each.error !== undefined && at === Math.min(each.completed, parsed.length - 1) ? each.error : undefined,
          noted: statement === undefined || role !== 'bookkeeping' ? undefined : notedBy(statement, bookkeeping),
        },
      ]
    })
  })
}

/** A parameter that cannot be written as SQL. */
export class UnwritableError extends Error {}

function withParameters({ text, parameters, parameterTypes }: Sent, typeNames: ReadonlyMap<number, string>): string {
  if (parameters.length === 0) return text
  const bytes = Buffer.from(text)
  let [done, written] = [0, '']
  for (const { start, end, word } of tokensOf(text)) {
    const number = /^\$(\d+)$/.exec(word)?.[1]
    if (number === undefined) continue
    const value = parameters[Number(number) - 1]
    if (value === undefined) throw new UnwritableError(`the value of $${number} was sent in the binary format: ${text}`)
    const type = typeNames.get(parameterTypes[Number(number) - 1] ?? 0)
    const literal = quoteLiteral(value).trim()
    written += bytes.toString('utf8', done, start) + (type === undefined ? literal : `CAST(${literal} AS ${type})`)
    done = end
  }
  return written + bytes.toString('utf8', done)
}

/** Undefined for what does not parse; the server may know better. */
function parsedOf(text: string): readonly Statement[] | undefined {
  try {
    // A copy's rows were sent apart from it.
    return parseScript('', text, { mode: 'autocommit' }).statements
  } catch {
    return undefined
  }
}

function roleOf(statement: Statement, bookkeeping: Bookkeeping): Role {
  if (statement.node === 'TransactionStmt') return 'control'
  if (statement.node === 'VariableShowStmt') return 'reading'
  if (statement.node === 'VariableSetStmt' || statement.node === 'DiscardStmt') return 'setting'
  if (statement.node === 'FetchStmt' || statement.node === 'ClosePortalStmt') return 'reading'
  const names = namedIn(statement)
  const isTools = (name: string) => bookkeeping.tables.has(name)
  if (names.some(({ name }) => isTools(name)) && names.every(({ schema, name }) => isTools(name) || isCatalog(schema))) return 'bookkeeping'
  if (statement.node !== 'SelectStmt' && statement.node !== 'DeclareCursorStmt') return 'migration'
  const functions = functionsIn(statement.tree)
  if (functions.length > 0 && functions.every((name) => /^pg_(try_)?advisory_/.test(name))) return 'bookkeeping'
  if (functions.length === 1 && functions[0] === 'set_config') return 'setting'
  return changesNothing(statement.tree, functions, bookkeeping) ? 'reading' : 'migration'
}

function changesNothing(tree: unknown, functions: readonly string[], { volatile }: Bookkeeping): boolean {
  if (functions.some((name) => volatile.has(name))) return false
  return ![...everyNode(tree)].some(
    ({ name, fields }) => /^(Insert|Update|Delete|Merge)Stmt$/.test(name) || (name === 'SelectStmt' && fields.intoClause !== undefined),
  )
}

function namedIn(statement: Statement): readonly { readonly schema: string | undefined; readonly name: string }[] {
  const own = statementTargets(statement).filter(({ name }) => name !== '')
  const lock = fieldsOf(statement.tree, 'LockStmt')
  const locked = asList(lock?.relations).flatMap((item) => {
    const name = asText(fieldsOf(item, 'RangeVar')?.relname)
    return name === undefined ? [] : [{ schema: undefined, name }]
  })
  return [...own, ...locked]
}

function isCatalog(schema: string | undefined): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema'
}

function functionsIn(tree: unknown): readonly string[] {
  return [...everyNode(tree)].flatMap(({ name, fields }) => (name === 'FuncCall' ? stringsOf(fields.funcname).slice(-1) : []))
}

export function isBegin(statement: Statement): boolean {
  return /_(BEGIN|START)$/.test(kindOf(statement))
}

function isEnd(statement: Statement): boolean {
  return controlsTransaction(statement) && !isBegin(statement)
}

/** Of a `TransactionStmt`, e.g. `TRANS_STMT_SAVEPOINT`. */
export function kindOf(statement: Statement): string {
  return String(fieldsOf(statement.tree, 'TransactionStmt')?.kind ?? '')
}

/** The steps that a statement writes into the list, or takes out of it. */
function notedBy(statement: Statement, { list, columns, order }: Bookkeeping): Noted | undefined {
  const { name, fields } = nodeOf(statement.tree) ?? { name: '', fields: {} }
  if (asText(isFields(fields.relation) ? fields.relation.relname : undefined) !== list) return undefined
  if (name === 'InsertStmt') return { added: namesOf(insertedRows(fields, order.length === 0 ? columns : order), columns), removed: [] }
  const removed = namesOf([equalities(fields.whereClause)], columns)
  if (name === 'DeleteStmt') return { added: [], removed }
  if (name !== 'UpdateStmt') return undefined
  const set = new Map(
    asList(fields.targetList).map((item) => [
      asText(fieldsOf(item, 'ResTarget')?.name) ?? '',
      constantsIn(fieldsOf(item, 'ResTarget')?.val),
    ]),
  )
  return { added: namesOf([set], columns), removed }
}

type Values = ReadonlyMap<string, readonly string[]>

/** The last column may have several values; then each makes a name. */
function namesOf(rows: readonly Values[], columns: readonly string[]): readonly string[] {
  return rows.flatMap((row) => {
    const parts = columns.map((column) => row.get(column) ?? [])
    if (parts.some((values) => values.length === 0)) return []
    const first = parts.slice(0, -1).map(([value]) => value ?? '')
    return (parts.at(-1) ?? []).map((last) => [...first, last].join('.'))
  })
}

function insertedRows(fields: Readonly<Record<string, unknown>>, order: readonly string[]): readonly Values[] {
  const named = asList(fields.cols).map((item) => asText(fieldsOf(item, 'ResTarget')?.name) ?? '')
  const columns = named.length === 0 ? order : named
  const select = fieldsOf(fields.selectStmt, 'SelectStmt')
  const rows = asList(select?.valuesLists).map((row) => asList(row))
  const targets = asList(select?.targetList).map((item) => fieldsOf(item, 'ResTarget')?.val)
  return [...rows, ...(targets.length === 0 ? [] : [targets])].map(
    (row) => new Map(row.map((value, at) => [columns[at] ?? '', constantsIn(value)])),
  )
}

/** What columns are compared with, by `=` or IN. */
function equalities(where: unknown): Values {
  const found = new Map<string, readonly string[]>()
  for (const { name, fields } of everyNode(where)) {
    if (name !== 'A_Expr' || stringsOf(fields.name).at(-1) !== '=') continue
    const column = stringsOf(fieldsOf(fields.lexpr, 'ColumnRef')?.fields).at(-1)
    if (column !== undefined) found.set(column, constantsIn(fields.rexpr))
  }
  return found
}

function constantsIn(expression: unknown): readonly string[] {
  return plainConstants(expression)
}
