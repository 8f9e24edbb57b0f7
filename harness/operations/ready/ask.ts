import { type OpenedDatabase, quoteName, type Session } from '../../postgres/index.ts'
import type { LockedTable } from './lock-tables.ts'
import { utcText } from './observations.ts'
import type { LoadedPlan } from './read-plan.ts'
import { type CheckAnswer, runCheck } from './run-check.ts'

/** What the checks of a plan found at one time. */
export interface Answers {
  /** By the server's clock, before the first check, as `Entry.at`. */
  readonly at: string
  readonly answers: readonly CheckAnswer[]
  /** What the transaction has read. */
  readonly tables: readonly LockedTable[]
}

/**
 * Ask all checks, in the current transaction.
 *
 * @throws {InputError} where a check is no query for this database.
 * @throws {EnvironmentError} where the server refuses for another reason.
 */
export async function askChecks(session: Session, { checks }: Pick<LoadedPlan, 'checks'>, signal: AbortSignal): Promise<Answers> {
  const { at, path } = await session.one<{ at: string; path: string }>(
    `SELECT ${utcText('clock_timestamp()')} AS at, current_setting('search_path') AS path`,
  )
  const answers: CheckAnswer[] = []
  const tables = new Map<string, LockedTable>()
  for (const check of checks) {
    signal.throwIfAborted()
    const ran = await runCheck(session, check, path)
    answers.push(ran.answer)
    for (const table of ran.tables) tables.set(quoteName(table), table)
  }
  return { at, answers, tables: [...tables.values()] }
}

/** Cancel what a session runs once the signal is aborted: closing the connection alone would leave it running. */
export function cancelOnAbort(database: OpenedDatabase, session: Session, signal: AbortSignal): Disposable {
  const cancel = () => {
    void (async () => {
      await using other = await database.connect()
      await other.query('SELECT pg_cancel_backend($1)', [session.processId])
    })().catch(() => undefined)
  }
  signal.addEventListener('abort', cancel, { once: true })
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', cancel) }
}
