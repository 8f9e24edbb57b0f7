import type { Session } from '../../postgres/index.ts'
import { utcText } from '../ready/observations.ts'
import { maskLiterals } from './mask-literals.ts'

/** How far a command is that PostgreSQL reports on: CREATE INDEX, VACUUM, CLUSTER, ANALYZE, COPY. */
export interface Progress {
  readonly pid: number
  readonly command: string
  readonly table: string | null
  readonly phase: string
  readonly done: number
  /** Blocks, or bytes of COPY; 0 where it is not known. */
  readonly total: number
}

/** A statement that runs, or a transaction that is open and idle. */
export interface Running {
  readonly pid: number
  /** Since the transaction began. */
  readonly ms: number
  readonly state: string
  /** Its literals masked. */
  readonly query: string
}

/** A session that waits for a lock. */
export interface Wait {
  readonly pid: number
  readonly ms: number
  /** `RowExclusiveLock` and the like; of a row: `ShareLock` on a transaction. */
  readonly mode: string
  readonly table: string | null
  readonly blockedBy: readonly number[]
  readonly query: string
}

export interface Activity {
  readonly at: string
  readonly progress: readonly Progress[]
  /** Of other sessions in this database, the longest first. */
  readonly running: readonly Running[]
  readonly waits: readonly Wait[]
}

const MOST_RUNNING = 8

const here = `datname = pg_catalog.current_database()`
const others = `${here} AND pid <> pg_catalog.pg_backend_pid()`

const reported = [
  `SELECT pid, command, relid, phase, blocks_done, blocks_total FROM pg_catalog.pg_stat_progress_create_index WHERE ${here}`,
  `SELECT pid, 'VACUUM', relid, phase, heap_blks_scanned, heap_blks_total FROM pg_catalog.pg_stat_progress_vacuum WHERE ${here}`,
  `SELECT pid, command, relid, phase, heap_blks_scanned, heap_blks_total FROM pg_catalog.pg_stat_progress_cluster WHERE ${here}`,
  `SELECT pid, 'ANALYZE', relid, phase, sample_blks_scanned, sample_blks_total FROM pg_catalog.pg_stat_progress_analyze WHERE ${here}`,
  `SELECT pid, command, relid, type, bytes_processed, bytes_total FROM pg_catalog.pg_stat_progress_copy WHERE ${here}`,
]

const progress = `
SELECT pid, command, relid::regclass::text AS "table", coalesce(phase, '') AS phase,
       coalesce(done, 0)::float8 AS done, coalesce(total, 0)::float8 AS total
  FROM (${reported.join(' UNION ALL ')}) AS p (pid, command, relid, phase, done, total) ORDER BY pid`

const milliseconds = (since: string) => `greatest(0, extract(epoch FROM clock_timestamp() - ${since}) * 1000)::float8`

const running = `
SELECT pid, ${milliseconds('xact_start')} AS ms, coalesce(state, '') AS state, coalesce(query, '') AS query
  FROM pg_catalog.pg_stat_activity WHERE ${others} AND xact_start IS NOT NULL AND backend_type = 'client backend'
 ORDER BY xact_start, pid LIMIT ${MOST_RUNNING}`

/** Who waits for a row waits for a transaction, and holds the lock of the row's place: that one names the table. */
const waits = `
SELECT a.pid, ${milliseconds('coalesce(l.waitstart, clock_timestamp())')} AS ms, l.mode,
       coalesce(l.relation, (SELECT t.relation FROM pg_catalog.pg_locks AS t WHERE t.pid = a.pid AND t.locktype = 'tuple' LIMIT 1))::regclass::text AS "table",
       pg_catalog.pg_blocking_pids(a.pid) AS "blockedBy", coalesce(a.query, '') AS query
  FROM (SELECT pid, query FROM pg_catalog.pg_stat_activity WHERE ${others}) AS a
  JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid AND NOT l.granted
 ORDER BY ms DESC, a.pid`

/**
 * What goes on in the database just now, by PostgreSQL's own views. Sessions of other roles show no query to a role that is not a member
 * of `pg_read_all_stats`.
 *
 * @throws {StatementError} What the server refuses.
 */
export async function readActivity(session: Session): Promise<Activity> {
  const { at } = await session.one<{ at: string }>(`SELECT ${utcText('clock_timestamp()')} AS at`)
  const masked = <Row extends { readonly query: string }>(rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, query: maskLiterals(row.query) }))
  return {
    at,
    progress: await session.query<Progress>(progress),
    running: masked(await session.query<Running>(running)),
    waits: masked(await session.query<Wait>(waits)),
  }
}
