import { InputError } from '../errors.ts'
import { fieldsOf, nodeOf, tryParse } from '../migration/index.ts'
import type { IsolationLevel, Operation, SessionPlan, Sessions, SqlStep, Step, Unit, UnitSession } from './model.ts'

/** Sessions with their steps put into units, and the operations that they name. */
export interface PlannedSessions {
  readonly sessions: readonly UnitSession[]
  readonly operations: ReadonlyMap<string, Operation>
}

/**
 * Put the steps of sessions into units. A function among the steps becomes an operation named after the session and its place.
 *
 * @throws {InputError} Where there are no sessions, a text is not one statement, or an operation is not defined.
 */
export function planSessions(given: Sessions, isolation: IsolationLevel, named: Readonly<Record<string, Operation>> = {}): PlannedSessions {
  const operations = new Map(Object.entries(named))
  const sessions = Object.entries(given).map(([name, plan]) => {
    const { steps, isolation: own }: SessionPlan = isPlan(plan) ? plan : { steps: plan }
    const units: Unit[] = []
    let open: SqlStep[] | undefined
    const close = () => {
      if (open !== undefined) units.push({ id: `${name} ${units.length + 1}`, kind: 'sql', statements: open })
      open = undefined
    }
    for (const [at, step] of steps.entries()) {
      if (typeof step === 'function') operations.set(`${name}, step ${at + 1}`, step)
      const operation = operationOf(step, `${name}, step ${at + 1}`)
      if (operation !== undefined) {
        close()
        if (!operations.has(operation.name)) throw new InputError(`there is no operation "${operation.name}"`)
        units.push({ id: `${name} ${units.length + 1}`, kind: 'operation', ...operation })
        continue
      }
      const statement: SqlStep = typeof step === 'string' ? { sql: step } : (step as SqlStep)
      const control = transactionControl(statement.sql)
      if (control === 'begin') close()
      open = [...(open ?? []), statement]
      if (control === 'end' || !beginsTransaction(open[0])) close()
    }
    close()
    return { name, isolation: own ?? isolation, units }
  })
  if (sessions.length === 0) throw new InputError('there are no sessions to interleave')
  return { sessions, operations }
}

function isPlan(plan: readonly Step[] | SessionPlan): plan is SessionPlan {
  return 'steps' in plan
}

function operationOf(step: Step, place: string): { readonly name: string; readonly input?: unknown } | undefined {
  if (typeof step === 'function') return { name: place }
  if (typeof step === 'string' || !('operation' in step)) return undefined
  return { name: step.operation, ...(step.input === undefined ? {} : { input: step.input }) }
}

function beginsTransaction(step: SqlStep | undefined): boolean {
  return step !== undefined && transactionControl(step.sql) === 'begin'
}

/** What a statement does to the transaction. */
export function transactionControl(sql: string): 'begin' | 'end' | 'other' {
  const kind = String(fieldsOf(statementTree(sql), 'TransactionStmt')?.kind ?? '')
  if (/_(BEGIN|START)$/.test(kind)) return 'begin'
  return /_(COMMIT|ROLLBACK|PREPARE)$/.test(kind) ? 'end' : 'other'
}

const trees = new Map<string, unknown>()

/**
 * The parser's tree of one statement; undefined for what it cannot read.
 *
 * @throws {InputError} Where the text is several statements.
 */
export function statementTree(sql: string): unknown {
  if (!trees.has(sql)) {
    const parsed = tryParse(sql) ?? []
    if (parsed.length > 1) throw new InputError('a step is one statement', { detail: `This one is ${parsed.length}: ${sql}` })
    trees.set(sql, parsed[0])
  }
  return trees.get(sql)
}

/** Whether the rows of a statement come in an order that it names. */
export function isOrdered(sql: string): boolean {
  const select = nodeOf(statementTree(sql))
  return select?.name === 'SelectStmt' && select.fields.sortClause !== undefined
}
