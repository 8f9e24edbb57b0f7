import type { OpenedDatabase, Session } from '../../postgres/index.ts'
import { quoteLiteral, quoteName } from '../../postgres/index.ts'
import { nameOf } from './table-name.ts'

/** One state of a database, which other sessions read too as long as this is open. */
export interface ExportedSnapshot extends AsyncDisposable {
  readonly id: string
  /** By the clock of the server, ISO 8601 in UTC. */
  readonly takenAt: string
  /** The session that holds it. */
  readonly session: Session
  /** Another session that reads exactly the same state. */
  follow(): Promise<Session>
}

const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
// The transaction waits while the dump is written, however long that takes.
const PATIENCE = 'SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0'

/**
 * Take a snapshot in a transaction that only reads, and export it.
 *
 * The tables are locked against changes of their schema first, as any reader locks them: a table that is rewritten or truncated after the
 * snapshot would look empty in it.
 *
 * @param tables  Paths.
 * @throws {StatementError} What the server refuses; `55P03` where somebody holds a table for longer than five seconds.
 */
export async function exportSnapshot(database: OpenedDatabase, tables: readonly string[]): Promise<ExportedSnapshot> {
  const patience = database.version.major >= 17 ? `${PATIENCE}; SET LOCAL transaction_timeout = 0` : PATIENCE
  const session = await database.connect()
  try {
    const names = tables.map((path) => quoteName(nameOf(path)))
    await session.script(
      [BEGIN, patience, ...(names.length === 0 ? [] : [`LOCK TABLE ONLY ${names.join(', ONLY ')} IN ACCESS SHARE MODE`])].join('; '),
    )
    const { id, at } = await session.one<{ id: string; at: string }>(
      `SELECT pg_catalog.pg_export_snapshot() AS id, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at`,
    )
    return {
      id,
      takenAt: at,
      session,
      async follow() {
        const follower = await database.connect()
        try {
          await follower.script(`${BEGIN}; SET TRANSACTION SNAPSHOT ${quoteLiteral(id)}; ${patience}`)
          return follower
        } catch (error) {
          await follower.close()
          throw error
        }
      },
      [Symbol.asyncDispose]: () => session.close(),
    }
  } catch (error) {
    await session.close()
    throw error
  }
}
