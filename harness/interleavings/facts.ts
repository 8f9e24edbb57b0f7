import type { Session } from '../postgres/index.ts'

/** What of a schema decides which statements can conflict. */
export interface Facts {
  /** Relations by name without schema: those that a foreign key's triggers look at too; `any` where other code runs as well. */
  readonly relations: ReadonlyMap<string, readonly string[] | 'any'>
  /** Functions that can read or write anything, by name without schema. */
  readonly opaqueFunctions: ReadonlySet<string>
}

/** Read them from the catalog. Views, rules, triggers, policies and tables with children count as `any`. */
export async function readFacts(session: Session): Promise<Facts> {
  const relations = await session.query<{ name: string; plain: boolean; others: readonly string[] }>(
    `SELECT c.relname AS name, bool_and(c.relkind = 'r' AND NOT c.relhasrules AND NOT c.relrowsecurity AND NOT c.relhassubclass
        AND NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_trigger AS t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)) AS plain,
      coalesce(array_agg(DISTINCT other.relname::text) FILTER (WHERE other.relname IS NOT NULL), '{}') AS others
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_constraint AS f ON f.contype = 'f' AND c.oid IN (f.conrelid, f.confrelid)
    LEFT JOIN pg_class AS other ON other.oid IN (f.conrelid, f.confrelid)
    WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    GROUP BY c.relname`,
  )
  const functions = await session.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.provolatile = 'v' OR n.nspname <> 'pg_catalog'`,
  )
  return {
    relations: new Map(relations.map(({ name, plain, others }) => [name, plain ? others : 'any'])),
    opaqueFunctions: new Set(functions.map(({ name }) => name)),
  }
}
