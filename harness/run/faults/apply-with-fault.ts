import { type ApplyOptions, applyStep, type Outcome, parseScript, type Script, type Statement, type Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { countingSession } from './counting-session.ts'
import { terminateBackend } from './terminate-backend.ts'

export interface FaultOptions extends ApplyOptions {
  /** `error`: the server raises an error in the transaction that the statement would have run in. `terminate`: its backend is killed. */
  readonly fault: 'error' | 'terminate'
  /** 0 for before the first one; the number of statements for after the last one, before COMMIT. For a program: calls on its session. */
  readonly beforeStatement: number
  /** Another session on the same cluster, that may kill the first one: the same role or a superuser. */
  readonly saboteur: Session
}

/** SQLSTATE of the error that is injected; no server raises it by itself. */
export const injectedSqlstate = 'GW001'

/**
 * Apply a step with a fault at one place. What is left is looked at by a fresh session: after `terminate` this one is broken, after
 * `error` it is as a tool would leave it.
 *
 * A script that is sent as one message has the fault spliced into its text; there the backend ends itself.
 *
 * @returns The outcome as the tool would see it: `failed` at `beforeStatement` (with `statement` undefined where nothing follows), or
 * `applied` when the fault came too late to matter, e.g. a program that makes fewer calls.
 */
export async function applyWithFault(session: Session, step: Step, options: FaultOptions): Promise<Outcome> {
  if (step.kind === 'program') {
    const sabotage = () => (options.fault === 'error' ? raise(session) : terminateBackend(options.saboteur, session))
    return applyStep(countingSession(session, options.beforeStatement, sabotage), step, options)
  }
  const { script } = step
  if (script.mode === 'message' && options.enclosed !== true) {
    const sql = options.fault === 'error' ? raiseSql : 'SELECT pg_terminate_backend(pg_backend_pid())'
    return withoutFault(
      await applyStep(session, { kind: 'sql', script: spliced(script, options.beforeStatement, sql) }, options),
      script,
      options,
    )
  }
  if (options.fault === 'error' && options.beforeStatement >= script.statements.length) {
    // After the last statement there is none to fail in the place of: one more is added, inside the same transaction.
    const longer = { ...script, statements: [...script.statements, faultStatement(script, raiseSql)] }
    return withoutFault(await applyStep(session, { kind: 'sql', script: longer }, options), script, options)
  }
  const sabotage = () => (options.fault === 'error' ? raise(session) : terminateBackend(options.saboteur, session))
  return applyStep(session, step, {
    ...options,
    onStatement: async (index) => {
      await options.onStatement?.(index)
      if (index === options.beforeStatement) await sabotage()
    },
  })
}

const raiseSql = `DO $godwit$ BEGIN RAISE EXCEPTION 'fault injected' USING ERRCODE = '${injectedSqlstate}'; END $godwit$`

async function raise(session: Session): Promise<void> {
  await session.script(raiseSql)
}

function faultStatement(script: Script, sql: string): Statement {
  const [statement] = parseScript(script.file, sql).statements
  if (statement === undefined) throw new Error('the fault holds no statement')
  const last = script.statements.at(-1)
  return { ...statement, line: last?.line ?? 1, column: 1, offset: script.text.length }
}

/** The script with one statement more, at the place of the fault. */
function spliced(script: Script, before: number, sql: string): Script {
  const at = script.statements[before]?.offset ?? script.text.length
  // The semicolon in front ends a last statement that has none; the line end ends a comment.
  const text = `${script.text.slice(0, at)}${at === script.text.length ? '\n;' : ''}${sql};${script.text.slice(at)}`
  return parseScript(script.file, text, { mode: 'message' })
}

/** The outcome told in terms of the script without the fault in it. */
function withoutFault(outcome: Outcome, script: Script, { beforeStatement }: FaultOptions): Outcome {
  if (outcome.outcome === 'applied') return outcome
  const injected =
    outcome.failure.sqlstate === injectedSqlstate || outcome.failure.sqlstate.startsWith('57P') || outcome.failure.sqlstate.startsWith('08')
  const index = injected ? Math.min(beforeStatement, script.statements.length) : Math.min(outcome.failure.index, script.statements.length)
  const statement = script.statements[index]
  const line = statement?.line ?? script.statements.at(-1)?.line ?? 1
  return { ...outcome, failure: { ...outcome.failure, index, statement, line } }
}
