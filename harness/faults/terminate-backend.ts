import type { Session } from '../postgres/index.ts'

/**
 * Kill the backend of a session, and wait until the server has taken its locks and its transaction back.
 *
 * @throws {StatementError} `42501` when the saboteur may not.
 */
export async function terminateBackend(saboteur: Session, session: Session): Promise<void> {
  // The second argument waits for the process to be gone, for so many milliseconds.
  await saboteur.query('SELECT pg_terminate_backend($1, 10000)', [session.processId])
}
