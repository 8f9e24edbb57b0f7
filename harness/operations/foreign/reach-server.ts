import { randomBytes } from 'node:crypto'
import { scriptPinned } from '../../catalog/index.ts'
import { EnvironmentError, GodwitError } from '../../errors.ts'
import {
  type OpenedDatabase,
  openDatabase,
  partsOf,
  quoteName,
  type ServerVersion,
  type Session,
  StatementError,
  type StatementResult,
  withSavepoint,
} from '../../postgres/index.ts'
import type { ForeignTable } from './foreign-tables.ts'
import { urlsOf } from './server-url.ts'

/** Until the wrapper has one row of the other server. */
const PATIENCE_MS = 10_000

/** A foreign server, of which one state is read. */
export interface ReachedServer extends AsyncDisposable {
  /** `host:port/database`. */
  readonly place: string
  readonly version: ServerVersion
  /** When its state was taken, by the clock of that server; ISO 8601 in UTC. */
  readonly takenAt: string
  /**
   * Send one statement under pinned settings, once all that were sent before are answered.
   *
   * @throws {StatementError} What the server refuses; it can be asked again then.
   */
  read(statement: string): Promise<StatementResult['rows']>
  /** Cancel what is running. */
  cancel(): Promise<void>
}

/**
 * Connect to the server that has the rows of a foreign table, with what the user mapping says.
 *
 * @param connect  Gives a session on the database that has the foreign table.
 * @returns A text where that is not possible: why, as the end of a sentence.
 */
export async function reachServer(connect: () => Promise<Session>, table: ForeignTable): Promise<ReachedServer | string> {
  const { name } = table.server
  const urls = urlsOf(table.server)
  if (typeof urls === 'string') return urls
  try {
    const database = await firstThatAnswers(urls)
    const session = await database.connect()
    try {
      if (await isWhatTheWrapperReads(connect, session, table)) return await beginReading(database, session)
      await session.close()
      return `${database.place} is another server from here than it is for the foreign server "${name}"`
    } catch (error) {
      await session.close()
      throw error
    }
  } catch (error) {
    return `the foreign server "${name}" cannot be read: ${reasonOf(error)}`
  }
}

/** The end of a sentence; it quotes no row. */
export function reasonOf(error: unknown): string {
  if (error instanceof StatementError) return `${error.message} (${error.sqlstate})`
  if (error instanceof GodwitError) return [error.message, error.detail?.replace(/\.$/, '')].filter((text) => text).join(': ')
  throw error
}

async function firstThatAnswers(urls: readonly string[]): Promise<OpenedDatabase> {
  const refused: unknown[] = []
  for (const url of urls) {
    try {
      return await openDatabase(url)
    } catch (error) {
      refused.push(error)
      // Where it is the encryption that is refused, libpq goes on too.
      if (!(error instanceof EnvironmentError) || !/SSL|encryption/i.test(error.detail ?? '')) break
    }
  }
  throw refused.at(-1)
}

/**
 * Whether a session is on the very database that `postgres_fdw` reads: the same address may be another machine from here, as `localhost` is.
 * The wrapper is made to connect under a name that nobody else has, and the session must see that name.
 */
async function isWhatTheWrapperReads(connect: () => Promise<Session>, there: Session, { path }: ForeignTable): Promise<boolean> {
  const name = `godwit ${randomBytes(8).toString('hex')}`
  await using here = await connect()
  // The lock timeout of this session does not hold for the wrapper's own on the other server.
  await here.query(
    `SELECT pg_catalog.set_config('postgres_fdw.application_name', $1, false), pg_catalog.set_config('statement_timeout', $2, false)`,
    [name, `${PATIENCE_MS}`],
  )
  const [schema = '', relation = ''] = partsOf(path)
  // No column: the wrapper asks for NULL, of one row.
  await here.script(`SELECT FROM ${quoteName({ schema, name: relation })} LIMIT 1`)
  const { seen } = await there.one<{ seen: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND application_name = $1) AS seen`,
    [name],
  )
  return seen
}

async function beginReading(database: OpenedDatabase, session: Session): Promise<ReachedServer> {
  const { place, version } = database
  // It waits for other servers meanwhile, however long they take.
  const patience = `SET LOCAL idle_in_transaction_session_timeout = 0${version.major >= 17 ? '; SET LOCAL transaction_timeout = 0' : ''}`
  await session.script(`BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${patience}`)
  const { at } = await session.one<{ at: string }>(`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`)
  let before: Promise<unknown> = Promise.resolve()
  return {
    place,
    version,
    takenAt: at,
    read(statement) {
      // A savepoint is the session's: two at the same time would end each other.
      const answer = before.then(() => withSavepoint(session, async () => (await scriptPinned(session, [statement]))[0]?.rows ?? []))
      before = answer.catch(() => undefined)
      return answer
    },
    async cancel() {
      await using other = await database.connect()
      await other.query('SELECT pg_catalog.pg_cancel_backend($1)', [session.processId])
    },
    [Symbol.asyncDispose]: () => session.close(),
  }
}
