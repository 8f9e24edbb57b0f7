import { type Session, StatementError } from '../postgres/index.ts'
import { failureAt, programFailure } from './failure.ts'
import type { Failure, Outcome, Script, Statement, Step } from './model.ts'
import { isCommit, isEnclosable } from './own-transactions.ts'
import { controlsTransaction } from './script.ts'
import { SourceMap } from './source-map.ts'
import { fieldsOf } from './tree.ts'

export interface ApplyOptions {
  /** Already inside a transaction that the caller ends: none is begun, and after a failure it is left aborted. */
  readonly enclosed?: boolean
  /** Where enclosed: awaited in place of each COMMIT of the script's own. A `StatementError` from it counts as the COMMIT's. */
  readonly onCommit?: () => Promise<void>
  /** For programs that open connections of their own. */
  readonly url?: string
  /** For every statement; the session's own value comes back afterwards. */
  readonly statementTimeoutMs?: number
  /** Looked at between statements, and handed to programs. */
  readonly signal?: AbortSignal
  /** Awaited before each statement; before COMMIT with the number of statements. A `StatementError` from it counts as the statement's. */
  readonly onStatement?: (index: number) => void | Promise<void>
}

/**
 * Apply one direction of a migration as its tool would: `Script.mode` says in which transactions. A failing step is a value; after it the
 * session is out of any transaction, unless `enclosed`.
 *
 * @throws {Error} for a script whose own transactions do not fit into an enclosing one (`neededRung` says so beforehand), and for faults of the harness.
 */
export async function applyStep(session: Session, step: Step, options: ApplyOptions = {}): Promise<Outcome> {
  const started = performance.now()
  const failure = await withStatementTimeout(session, options, () =>
    step.kind === 'program' ? runProgram(session, step, options) : applyScript(session, step.script, options),
  )
  const durationMs = performance.now() - started
  return failure === undefined ? { outcome: 'applied', durationMs, notices: [] } : { outcome: 'failed', failure, durationMs }
}

async function applyScript(session: Session, script: Script, options: ApplyOptions): Promise<Failure | undefined> {
  if (options.enclosed === true) {
    if (!isEnclosable(script)) throw new Error(`"${script.file}" controls transactions and cannot be enclosed in one`)
    return applyOneByOne(session, script, options)
  }
  if (script.mode === 'message' && script.statements.every((statement) => statement.copyData === undefined)) {
    return applyMessage(session, script, options)
  }
  const failure =
    script.mode === 'autocommit' ? await applyOneByOne(session, script, options) : await applyTransaction(session, script, options)
  // A script may leave its own transaction open; its tool would disconnect, which rolls back.
  if (failure !== undefined || script.statements.some(controlsTransaction)) await rollBack(session)
  return failure
}

async function applyTransaction(session: Session, script: Script, options: ApplyOptions): Promise<Failure | undefined> {
  await session.script('BEGIN')
  const failure = await applyOneByOne(session, script, options)
  if (failure !== undefined) return failure
  return attempt(script, script.statements.length, options, () => session.script('COMMIT'))
}

async function applyOneByOne(session: Session, script: Script, options: ApplyOptions): Promise<Failure | undefined> {
  for (const [index, statement] of script.statements.entries()) {
    const enclosed = options.enclosed === true && controlsTransaction(statement)
    const failure = await attempt(script, index, options, async () => {
      if (!enclosed) await send(session, statement)
      else if (isCommit(statement)) await options.onCommit?.()
    })
    if (failure !== undefined) return failure
  }
  return undefined
}

/** Prisma, golang-migrate and others send the whole text in one message, which the server wraps in a transaction of its own. */
async function applyMessage(session: Session, script: Script, options: ApplyOptions): Promise<Failure | undefined> {
  const failed = await attempt(script, 0, options, () => session.script(script.text))
  if (failed === undefined) return undefined
  await rollBack(session)
  const index = await locate(session, script, failed)
  if (index === script.statements.length) return failureAt(script, index, new StatementError(failed))
  const statement = script.statements[index]
  const line = failed.position === undefined ? (statement?.line ?? 1) : lineAt(script, failed.position)
  return { ...failed, statement, index, line }
}

/**
 * Which statement of a message failed. The server tells a position in the text only for some errors; for the others, one by one in a
 * transaction that is rolled back, they fail again at the same place, the database being what it was; or behind the last, where what is
 * deferred is checked.
 */
async function locate(session: Session, script: Script, failure: Failure): Promise<number> {
  if (failure.position !== undefined) {
    const at = new SourceMap(script.text).utf16OfCodePoint(failure.position - 1)
    return Math.max(
      0,
      script.statements.findLastIndex((statement) => statement.offset <= at),
    )
  }
  if (script.statements.length < 2 || !isEnclosable(script) || /^(08|57P)/.test(failure.sqlstate)) return 0
  try {
    await session.script('BEGIN')
    const again =
      (await applyOneByOne(session, script, { enclosed: true })) ??
      (await attempt(script, script.statements.length, {}, () => session.script('SET CONSTRAINTS ALL IMMEDIATE')))
    return again?.sqlstate === failure.sqlstate ? again.index : 0
  } finally {
    await rollBack(session)
  }
}

function lineAt(script: Script, position: number): number {
  const map = new SourceMap(script.text)
  return map.positionOf(map.utf16OfCodePoint(position - 1)).line
}

async function send(session: Session, statement: Statement): Promise<void> {
  if (statement.copyData !== undefined) {
    await session.copyFrom(statement.text, [statement.copyData])
  } else if (isCopyToStdout(statement)) {
    for await (const _chunk of session.copyTo(statement.text));
  } else {
    await session.script(statement.text)
  }
}

function isCopyToStdout(statement: Statement): boolean {
  const copy = fieldsOf(statement.tree, 'CopyStmt')
  return copy !== undefined && copy.is_from !== true && copy.filename === undefined && copy.is_program !== true
}

async function attempt(script: Script, index: number, options: ApplyOptions, work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await options.onStatement?.(index)
    if (options.signal?.aborted === true) throw new StatementError({ sqlstate: '57014', message: 'cancelled by the harness' })
    await work()
    return undefined
  } catch (error) {
    return failureAt(script, index, error)
  }
}

async function runProgram(
  session: Session,
  step: Step & { readonly kind: 'program' },
  options: ApplyOptions,
): Promise<Failure | undefined> {
  try {
    await step.run({ session, url: options.url ?? '', signal: options.signal ?? new AbortController().signal })
    return undefined
  } catch (error) {
    return programFailure(step.file, error)
  } finally {
    if (options.enclosed !== true) await rollBack(session)
  }
}

/** Outside a transaction a warning and nothing else; a broken connection has nothing left to roll back. */
async function rollBack(session: Session): Promise<void> {
  await session.script('ROLLBACK').catch(() => undefined)
}

async function withStatementTimeout<Result>(session: Session, options: ApplyOptions, work: () => Promise<Result>): Promise<Result> {
  if (options.statementTimeoutMs === undefined) return work()
  const { before } = await session.one<{ before: string }>("SELECT current_setting('statement_timeout') AS before")
  await session.query("SELECT set_config('statement_timeout', $1, $2)", [String(options.statementTimeoutMs), options.enclosed === true])
  try {
    return await work()
  } finally {
    // In an aborted transaction this fails, and the roll-back that must follow brings the value back by itself.
    await session.query("SELECT set_config('statement_timeout', $1, $2)", [before, options.enclosed === true]).catch(() => undefined)
  }
}
