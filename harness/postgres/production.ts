import { EnvironmentError } from '../errors.ts'
import type { Session } from './session.ts'

/** An empty database has 8 MB. */
const SIZEABLE_BYTES = 32 * 1024 ** 2

interface Sight {
  readonly databases: readonly string[] | null
  readonly sessions: number
  readonly inRecovery: boolean
  readonly standbys: number
}

const LOOK = `
SELECT (SELECT json_agg(format('%I (%s)', d.datname, pg_size_pretty(s.size)) ORDER BY d.datname)
          FROM pg_database d
          CROSS JOIN LATERAL (SELECT CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END AS size) s
         WHERE NOT d.datistemplate AND d.datname !~ '^godwit_[0-9a-f]{8}_' AND s.size > $1::int8) AS databases,
       (SELECT count(*)::int4 FROM pg_stat_activity
         WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name !~ '^godwit( |$)') AS sessions,
       pg_is_in_recovery() AS "inRecovery",
       (SELECT count(*)::int4 FROM pg_stat_replication) AS standbys`

/**
 * Refuse a server on which somebody's work may depend.
 *
 * @param place  Host and port, for the message.
 * @throws {EnvironmentError} with what was seen: sizeable databases, sessions of others, a replica, standbys.
 */
export async function refuseProduction(session: Session, place: string): Promise<void> {
  const { databases, sessions, inRecovery, standbys } = await session.one<Sight>(LOOK, [SIZEABLE_BYTES])
  const seen = [
    databases === null ? '' : `databases with data: ${databases.join(', ')}`,
    sessions === 0 ? '' : `${sessions} client session${sessions === 1 ? '' : 's'} of others`,
    inRecovery ? 'it is a replica' : '',
    standbys === 0 ? '' : `${standbys} standby${standbys === 1 ? '' : 's'}`,
  ].filter((sight) => sight !== '')
  if (seen.length === 0) return
  throw new EnvironmentError(`the server at ${place} looks like production`, {
    detail: `Seen: ${seen.join('; ')}.`,
    hint: 'Name a server that is for tests only, or say that this one may be used (allowAnyServer).',
  })
}

interface Use {
  readonly clients: readonly string[] | null
  readonly inRecovery: boolean
  readonly standbys: number
  readonly publishes: number
}

// The kind of a session is hidden from a role that is no superuser; only sessions of clients have a user.
const USE = `
SELECT (SELECT json_agg(DISTINCT format('%I (%s)', usename, coalesce(nullif(application_name, ''), 'no name'))) FROM pg_stat_activity
         WHERE coalesce(backend_type, 'client backend') = 'client backend' AND usename IS NOT NULL AND datname = current_database()
           AND pid <> pg_backend_pid() AND application_name !~ '^godwit( |$)') AS clients,
       pg_is_in_recovery() AS "inRecovery",
       (SELECT count(*)::int4 FROM pg_stat_replication) AS standbys,
       (SELECT count(*)::int4 FROM pg_replication_slots WHERE active AND database = current_database()) AS publishes`

/** What shows that somebody uses this one database, in parts of a sentence; empty where nothing does. */
export async function signsOfUse(session: Session): Promise<readonly string[]> {
  const { clients, inRecovery, standbys, publishes } = await session.one<Use>(USE)
  return [
    clients === null ? '' : `sessions of others in this database: ${clients.join(', ')}`,
    inRecovery ? 'it is a replica' : '',
    standbys === 0 ? '' : `${standbys} standby${standbys === 1 ? '' : 's'}`,
    publishes === 0 ? '' : `${publishes} replication slot${publishes === 1 ? '' : 's'} in use`,
  ].filter((sign) => sign !== '')
}
