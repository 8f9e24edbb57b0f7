import type { Writer } from './connection.ts'
import { CommandError } from './errors.ts'
import type { Places } from './tables.ts'

/**
 * One run, or one rollback, at a time. The lock is the session's, so that it goes when the process dies.
 *
 * @throws {CommandError} When another has it.
 */
export async function withRunLock<Result>(writer: Writer, { store }: Places, work: () => Promise<Result>): Promise<Result> {
  const name = [`kv-to-tables ${store}`]
  const [row] = await writer.query<{ locked: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', name)
  if (row?.locked !== true) throw new CommandError(3, 'another run is under way', { hint: 'Wait for it, or end it, and start again.' })
  try {
    return await work()
  } finally {
    // A connection that is gone has released it.
    await writer.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', name).catch(() => undefined)
  }
}
