import { quoteName, type RelationName, type Session } from '../../postgres/index.ts'

/** A relation that a check has read. */
export interface LockedTable extends RelationName {
  /** As `pg_class.relkind` has it: `r` table, `p` partitioned table, `m` materialized view, `f` foreign table. */
  readonly kind: string
}

/**
 * What the current transaction has read, by the locks that it holds: tables beneath views and those that functions read are among them.
 * A rollback to a savepoint gives locks back, so it must be asked before.
 */
export const tablesReadStatement = `
SELECT DISTINCT n.nspname AS schema, c.relname AS name, c.relkind::pg_catalog.text AS kind
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
   AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
   AND c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY 1, 2`

/** Stop everybody else from writing to these tables until the transaction ends; who only reads goes on. */
export async function lockTables(session: Session, tables: readonly RelationName[]): Promise<void> {
  if (tables.length > 0) await session.script(`LOCK TABLE ${tables.map(quoteName).join(', ')} IN SHARE ROW EXCLUSIVE MODE`)
}
