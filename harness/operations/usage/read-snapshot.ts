import { createHash } from 'node:crypto'
import { EnvironmentError } from '../../errors.ts'
import { type OpenedDatabase, quoteIdentifier, type Session } from '../../postgres/index.ts'
import { utcText } from '../ready/observations.ts'
import type { RecordedSnapshot, Snapshot } from './model.ts'

interface Facts extends Omit<Snapshot, 'statements' | 'evicted' | 'reset'> {
  readonly schema: string | null
  readonly loaded: boolean
  readonly sees: boolean
}

/**
 * Settings count as the worst of the server's and those of any role here: what one role sends may not be counted.
 *
 * Whoever reads waits for who reads already, until that session ends: counts that are read later belong to a later time, or they would seem to fall.
 */
const facts = `
SELECT ${utcText('clock_timestamp()')} AS at,
       (SELECT nspname FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace AS n ON n.oid = extnamespace WHERE extname = 'pg_stat_statements') AS schema,
       current_setting('pg_stat_statements.max', true) IS NOT NULL AS loaded,
       (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) || '/' || (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AS source,
       CASE WHEN 'compute_query_id=off' = ANY (set) OR 'pg_stat_statements.track=none' = ANY (set) THEN 'none' WHEN 'pg_stat_statements.track=top' = ANY (set) THEN 'top' ELSE 'all' END AS track,
       'pg_stat_statements.track_utility=off' <> ALL (set) AS utility,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees,
       (SELECT count(*)::int FROM pg_catalog.pg_stat_replication WHERE application_name <> 'pg_basebackup') AS replicas
  FROM (SELECT pg_catalog.pg_advisory_lock(pg_catalog.hashtext('godwit usage'))) AS alone, (SELECT ARRAY(
    SELECT name || '=' || setting FROM pg_catalog.pg_settings WHERE name IN ('compute_query_id', 'pg_stat_statements.track', 'pg_stat_statements.track_utility')
    UNION ALL SELECT c FROM pg_catalog.pg_db_role_setting AS s, unnest(s.setconfig) AS c
     WHERE s.setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
  ) AS set) AS settings`

/**
 * Read what the server has counted of the statements of one database.
 *
 * @throws {EnvironmentError} When `pg_stat_statements` is not there, or the role does not see the statements of others.
 * @see https://www.postgresql.org/docs/current/pgstatstatements.html
 */
export async function readSnapshot({ place }: OpenedDatabase, session: Session): Promise<RecordedSnapshot> {
  const { schema, loaded, sees, ...rest } = await session.one<Facts>(facts)
  if (schema === null || !loaded)
    throw new EnvironmentError(`${place} does not count statements`, {
      detail: loaded ? 'The extension pg_stat_statements is not in this database.' : 'The module pg_stat_statements is not loaded.',
      hint: loaded
        ? 'Run: CREATE EXTENSION pg_stat_statements'
        : "Set shared_preload_libraries = 'pg_stat_statements', restart the server, and run: CREATE EXTENSION pg_stat_statements. Counting begins then.",
    })
  if (!sees)
    throw new EnvironmentError('the role does not see the statements of other roles', {
      hint: 'Let a superuser run: GRANT pg_read_all_stats TO the role',
    })
  const inSchema = quoteIdentifier(schema)
  const { reset, evicted } = await session.one<{ reset: string; evicted: string }>(
    `SELECT ${utcText('stats_reset')} AS reset, dealloc::text AS evicted FROM ${inSchema}.pg_stat_statements_info`,
  )
  const { dated } = await session.one<{ dated: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = $1::regclass AND attname = 'stats_since') AS dated`,
    [`${inSchema}.pg_stat_statements`],
  )
  const rows = await session.query<{ role: string; calls: string; query: string | null; since: string | null }>(
    `SELECT coalesce(r.rolname, s.userid::text) AS role, sum(s.calls)::text AS calls, s.query, ${dated ? `min(${utcText('s.stats_since')})` : 'NULL'} AS since
       FROM ${inSchema}.pg_stat_statements AS s LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.userid
      WHERE s.dbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) GROUP BY 1, 3 ORDER BY 1, 3`,
  )
  const texts: Record<string, string> = {}
  const statements = rows.map(({ role, calls, query, since }) => {
    const text = query ?? ''
    const digest = createHash('sha256').update(text).digest('hex')
    texts[digest] = text
    return { text: digest, role, calls: Number(calls), since }
  })
  return { ...rest, reset, evicted: Number(evicted), statements, texts }
}
