import { EnvironmentError } from '../errors.ts'
import { type Cluster, pathOf, quoteLiteral, quoteName, type RelationName, type Session } from '../postgres/index.ts'
import { type Facts, readFacts } from './facts.ts'
import type { UnitSession } from './model.ts'

/** A database in which interleavings are run one after the other, each from the same rows. */
export interface Stage {
  readonly facts: Facts
  /** Reads what is committed. It gives up on a locked table at once (55P03). */
  readonly observer: Session
  /** Put the rows back, and give each session a connection as if it were new. */
  begin(sessions: readonly UnitSession[]): Promise<readonly StageSession[]>
}

/** A connection of the stage, and a place for what hears when it waits. */
export interface StageSession {
  readonly session: Session
  /** Called when the running statement waits for a lock and is in no deadlock. */
  onWait: () => void
}

/** A stage in a database of its own. */
export interface OwnStage extends Stage, AsyncDisposable {
  /** Query for the rows of all tables; undefined where there are no tables. */
  readonly allRows: string | undefined
}

export interface StageOptions {
  /** Makes the tables; run once. */
  readonly schema: string
  /** Fills the tables; run before each interleaving. */
  readonly rows?: string | undefined
}

// The server itself says who waits, once it has looked for a deadlock: so the last to wait is the one that a deadlock breaks, each time.
export const heardSettings = { deadlock_timeout: '1', log_lock_waits: 'on', client_min_messages: 'log', lc_messages: 'C' }
const waitMessage = /^process \d+ still waiting for /
/** The observer reads while all sessions stand still: a lock that is not free now stays so. */
const OBSERVER_LOCK_TIMEOUT_MS = 5
/** Deleted rows are left behind by each interleaving, and slow down the next. */
const VACUUM_EVERY = 200

const asNew = `ROLLBACK; RESET SESSION AUTHORIZATION; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *;
SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES`

/**
 * Make a database, run the schema in it, and open what interleavings need.
 *
 * @throws {EnvironmentError} Where the cluster's user is no superuser, whom alone the server tells of waits.
 * @throws {StatementError} As the server refuses the schema.
 */
export async function openStage(cluster: Cluster, { schema, rows = '' }: StageOptions): Promise<OwnStage> {
  if (!cluster.superuser)
    throw new EnvironmentError('interleavings need a superuser', {
      hint: 'Use the embedded server, a container, or the URL of a superuser.',
    })
  const database = await cluster.createDatabase()
  const connections: StageSession[] = []
  const observer = await database.connect({ lockTimeoutMs: OBSERVER_LOCK_TIMEOUT_MS })
  const close = async () => {
    await Promise.all([observer, ...connections.map(({ session }) => session)].map((session) => session.close()))
    await database.drop()
  }
  try {
    await observer.script(schema)
    const tables = await readTables(observer)
    const reset = `${await emptyTables(observer, tables)};\n${rows}`
    const facts = await readFacts(observer)
    let runs = 0
    const begin = async (sessions: readonly UnitSession[]) => {
      while (connections.length < sessions.length) connections.push(heardSession(await database.connect({ settings: heardSettings })))
      const used = connections.slice(0, sessions.length)
      await Promise.all(used.map(({ session }, at) => session.script(`${asNew}; ${isolationOf(sessions[at])}`)))
      await observer.script(reset)
      runs += 1
      if (runs % VACUUM_EVERY === 0) await observer.query('VACUUM')
      return used
    }
    return { facts, observer, allRows: rowsOf(tables), begin, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @param session  Opened with `heardSettings`. */
export function heardSession(session: Session): StageSession {
  const made: StageSession = { session, onWait: () => undefined }
  session.onNotice((message) => {
    if (waitMessage.test(message)) made.onWait()
  })
  return made
}

function isolationOf(session: UnitSession | undefined): string {
  return `SET default_transaction_isolation = ${quoteLiteral(session?.isolation ?? 'read committed')}`
}

function readTables(session: Session): Promise<readonly RelationName[]> {
  return session.query<RelationName & object>(
    `SELECT n.nspname AS schema, c.relname AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2`,
  )
}

/** SQL that empties all tables and begins all sequences anew: DELETE takes a tenth of TRUNCATE's time on few rows. */
async function emptyTables(session: Session, tables: readonly RelationName[]): Promise<string> {
  const sequences = await session.query<{ schema: string; name: string; start: string }>(
    'SELECT schemaname AS schema, sequencename AS name, start_value AS start FROM pg_sequences ORDER BY 1, 2',
  )
  return [
    'SET LOCAL session_replication_role = replica',
    ...tables.map((table) => `DELETE FROM ONLY ${quoteName(table)}`),
    ...sequences.map(({ start, ...name }) => `SELECT setval(${quoteLiteral(quoteName(name))}, ${start}, false)`),
    'SET LOCAL session_replication_role = origin',
  ].join(';\n')
}

function rowsOf(tables: readonly RelationName[]): string | undefined {
  const selects = tables.map(
    (table) => `SELECT ${quoteLiteral(pathOf(table))} AS "table", (t.*)::text AS "row" FROM ONLY ${quoteName(table)} AS t`,
  )
  return selects.length === 0 ? undefined : selects.join(' UNION ALL ')
}
