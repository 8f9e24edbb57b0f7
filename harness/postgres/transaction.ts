import { StatementError } from './error.ts'
import type { Session } from './session.ts'

/** Run `work` between BEGIN and COMMIT, or ROLLBACK when it throws; `mode` as after BEGIN, e.g. `ISOLATION LEVEL REPEATABLE READ`. */
export async function withTransaction<Result>(session: Session, work: () => Promise<Result>, mode = ''): Promise<Result> {
  await session.script(`BEGIN ${mode}`)
  return settle(session, work, 'COMMIT', 'ROLLBACK')
}

/** Run `work` under a savepoint of the open transaction: released when it returns, rolled back to when it throws. */
export async function withSavepoint<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  // The newest savepoint of a name hides the older ones, so one name nests.
  await session.script('SAVEPOINT godwit')
  return settle(session, work, 'RELEASE SAVEPOINT godwit', 'ROLLBACK TO SAVEPOINT godwit; RELEASE SAVEPOINT godwit')
}

async function settle<Result>(session: Session, work: () => Promise<Result>, keep: string, undo: string): Promise<Result> {
  let result: Result
  try {
    result = await work()
  } catch (error) {
    await session.script(undo).catch((failure: unknown) => {
      // The error of the work says more than that of tidying up after it (a connection that is gone, mostly).
      if (!(failure instanceof StatementError)) throw failure
    })
    throw error
  }
  await session.script(keep)
  return result
}
