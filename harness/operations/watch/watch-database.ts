import { setTimeout as pause } from 'node:timers/promises'
import { EnvironmentError, GodwitError } from '../../errors.ts'
import { openDatabase, type Session, StatementError, withTransaction } from '../../postgres/index.ts'
import { askChecks, cancelOnAbort } from '../ready/ask.ts'
import type { LoadedCheck, LoadedPlan } from '../ready/read-plan.ts'
import { readActivity } from './activity.ts'
import { type Sight, sightOf, type WatchedCheck } from './sight.ts'

export interface WatchOptions {
  readonly url: string
  /** Whose checks are asked each time; undefined for none. */
  readonly plan: LoadedPlan | undefined
  readonly everyMs: number
  /** A wait for a lock that is as long is bad; a check waits no longer for one either. */
  readonly badWaitMs: number
  /** Ends it. */
  readonly signal: AbortSignal
}

const MOST_KEYS = 5

/**
 * Look at a database again and again, in a session that only reads, until the signal is aborted.
 *
 * @throws {InputError} where a check is no query for this database when the watch begins.
 * @throws {EnvironmentError} where the server does not answer, or the connection is lost.
 */
export async function* watchDatabase({ url, plan, everyMs, badWaitMs, signal }: WatchOptions): AsyncGenerator<Sight, void> {
  const database = await openDatabase(url)
  await using session = await database.connect({ lockTimeoutMs: badWaitMs })
  using _ = cancelOnAbort(database, session, signal)
  let longestBefore: Sight['longestWait'] = null
  for (let first = true; !signal.aborted; first = false) {
    try {
      const checks = await askEach(session, plan?.checks ?? [], { first, signal })
      const sight = sightOf({ place: database.place, activity: await readActivity(session), checks, longestBefore, badWaitMs })
      longestBefore = sight.longestWait
      yield sight
      await pause(everyMs, undefined, { signal })
    } catch (error) {
      // The end that was asked for, in the middle of a statement or of a pause.
      if (signal.aborted) return
      if (!(error instanceof StatementError)) throw error
      throw new EnvironmentError(`the watch of ${database.place} has ended`, {
        detail: `${error.message} (${error.sqlstate}).`,
        cause: error,
      })
    }
  }
}

/** Each check by itself: one that cannot be asked while a migration runs says so, and the watch goes on. */
async function askEach(
  session: Session,
  checks: readonly LoadedCheck[],
  { first, signal }: { readonly first: boolean; readonly signal: AbortSignal },
): Promise<readonly WatchedCheck[]> {
  const asked: WatchedCheck[] = []
  for (const check of checks) {
    try {
      const { answers } = await withTransaction(
        session,
        () => askChecks(session, { checks: [check] }, signal),
        'ISOLATION LEVEL REPEATABLE READ READ ONLY',
      )
      const [{ wrong, examples } = { wrong: 0, examples: [] }] = answers
      asked.push({ id: check.id, wrong, keys: examples.slice(0, MOST_KEYS).map((row) => row[0]?.[1] ?? 'NULL'), because: null })
    } catch (error) {
      if (!(error instanceof GodwitError) || signal.aborted || isLost(error)) throw error
      if (first && !isLocked(error)) throw error
      asked.push({ id: check.id, wrong: null, keys: [], because: error.detail ?? error.message })
    }
  }
  return asked
}

function isLocked({ cause }: GodwitError): boolean {
  return cause instanceof StatementError && cause.sqlstate === '55P03'
}

function isLost({ cause }: GodwitError): boolean {
  return cause instanceof StatementError && /^(08|57P)/.test(cause.sqlstate)
}
