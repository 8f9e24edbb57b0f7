import { setImmediate } from 'node:timers/promises'
import { type Session, StatementError } from '../../postgres/index.ts'

const deadlineMs = 10_000

/**
 * Kill the backend of a session, and wait until the server has taken its locks and its transaction back.
 *
 * The process is looked for again and again: `pg_terminate_backend`'s own wait looks only every 100 ms.
 *
 * @throws {StatementError} `42501` when the saboteur may not; `57014` when the backend is still there after ten seconds.
 */
export async function terminateBackend(saboteur: Session, session: Session): Promise<void> {
  await saboteur.query('SELECT pg_terminate_backend($1)', [session.processId])
  const deadline = performance.now() + deadlineMs
  for (;;) {
    const left = await saboteur.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [session.processId])
    if (left.length === 0) return
    if (performance.now() > deadline) throw new StatementError({ sqlstate: '57014', message: `backend ${session.processId} does not end` })
    await setImmediate()
  }
}
