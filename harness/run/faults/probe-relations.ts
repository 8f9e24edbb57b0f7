import type { Session } from '../../postgres/index.ts'

/** What a session's own transaction has done to a relation so far. */
export interface Probe {
  readonly fileNode: number | null
  readonly scans: number
  readonly scanned: number
  readonly written: number
  readonly modes: readonly string[]
}

/**
 * Ask a session for the files of relations, and for its transaction's own locks, sequential scans and writes, of which other sessions' work is
 * no part.
 *
 * @param oids  Of tables and materialised views; one that is gone has no file.
 * @see https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-STATS-FUNCTIONS
 */
export async function probeRelations(session: Session, oids: readonly number[]): Promise<ReadonlyMap<number, Probe>> {
  if (oids.length === 0) return new Map()
  const rows = await session.query<{
    oid: string
    file: string | null
    scans: string
    scanned: string
    written: string
    modes: readonly string[]
  }>(
    `SELECT o.oid::int8 AS oid, c.relfilenode::int8 AS file,
      coalesce(pg_catalog.pg_stat_get_xact_numscans(o.oid), 0) AS scans,
      coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(o.oid), 0) AS scanned,
      coalesce(pg_catalog.pg_stat_get_xact_tuples_inserted(o.oid), 0) + coalesce(pg_catalog.pg_stat_get_xact_tuples_updated(o.oid), 0)
        + coalesce(pg_catalog.pg_stat_get_xact_tuples_deleted(o.oid), 0) AS written,
      ARRAY(SELECT l.mode FROM pg_catalog.pg_locks AS l
        WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.relation = o.oid AND l.granted
          AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())) AS modes
    FROM pg_catalog.unnest($1::oid[]) AS o(oid) LEFT JOIN pg_catalog.pg_class AS c ON c.oid = o.oid`,
    [oids],
  )
  return new Map(
    rows.map(({ oid, file, scans, scanned, written, modes }) => [
      Number(oid),
      { fileNode: file === null ? null : Number(file), scans: Number(scans), scanned: Number(scanned), written: Number(written), modes },
    ]),
  )
}
