import type { ServerVersion } from './cluster.ts'
import { openSession } from './connection.ts'
import { StatementError } from './error.ts'
import { refusedByPooler, refuseForgetful } from './pooler.ts'
import { supportedVersion } from './server-version.ts'
import type { Session } from './session.ts'
import { addressOf, placeOf, refused } from './url.ts'

/** How one session works in a database that belongs to somebody else. */
export interface OpenOptions {
  /** Let statements write (default false: the server itself refuses to). */
  readonly writes?: boolean
  /** Milliseconds for one statement; 0 for no limit (default). */
  readonly statementTimeoutMs?: number
  /** Milliseconds to wait for a lock (default 5 000), so that nobody queues behind us for longer. */
  readonly lockTimeoutMs?: number
}

/** A database that belongs to somebody else: nothing is made in it and no role or setting of it is changed. */
export interface OpenedDatabase {
  /** `host:port/database`, without user and password. */
  readonly place: string
  readonly version: ServerVersion
  /** The URL as it was given, for programs of PostgreSQL such as `pg_dump`. It holds the password: never show it. */
  readonly url: string
  connect(options?: OpenOptions): Promise<Session>
}

/**
 * Look at a database by its URL. One session is opened and closed to see that it answers.
 *
 * @throws {InputError} When the URL cannot be read.
 * @throws {EnvironmentError} When the server does not answer, refuses the user, has no such database, or is too old.
 */
export async function openDatabase(url: string): Promise<OpenedDatabase> {
  const address = addressOf(url)
  const { host, port, database, user, password } = address
  const connect = async ({ writes = false, statementTimeoutMs = 0, lockTimeoutMs = 5_000 }: OpenOptions = {}): Promise<Session> => {
    const settings: Readonly<Record<string, string>> = writes ? {} : { default_transaction_read_only: 'on' }
    try {
      const session = await openSession({ address, database, user, password, options: { statementTimeoutMs, lockTimeoutMs, settings } })
      await refuseForgetful(session, `${host}:${port}/${database}`, { lock_timeout: lockTimeoutMs, ...settings })
      return session
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      throw (
        refusedByPooler(error, placeOf(address)) ?? refused(address, error, 'Check the address, the database and the rights of the user.')
      )
    }
  }
  await using session = await connect()
  const { version } = await session.one<{ version: string }>(`SELECT current_setting('server_version') AS version`)
  return { place: `${host}:${port}/${database}`, version: supportedVersion(version), url, connect }
}
