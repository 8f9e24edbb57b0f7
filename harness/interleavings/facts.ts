import type { Session } from '../postgres/index.ts'

/** What of a schema decides which statements can conflict. */
export interface Facts {
  /**
   * Relations by name without schema: those that a foreign key's triggers look at too, and the sequences that defaults draw from; `any` where
   * other code runs as well.
   */
  readonly relations: ReadonlyMap<string, readonly string[] | 'any'>
  /** Functions that can read or write anything, by name without schema. */
  readonly opaqueFunctions: ReadonlySet<string>
}

/** Read them from the catalog. Views, rules, triggers, policies, tables with children, and defaults that call a function of the schema count as `any`. */
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
  // A sequence that a default names as a text is looked up when it draws: the catalog does not know it.
  const draws = await session.query<{ name: string; sequences: readonly string[]; opaque: boolean }>(
    `SELECT c.relname AS name, coalesce(array_agg(s.oid::text) FILTER (WHERE s.relkind = 'S'), '{}') AS sequences,
      bool_or(d.refclassid = 'pg_proc'::regclass) OR bool_or(pg_get_expr(a.adbin, a.adrelid) ~ 'nextval\\(.*::text') AS opaque
    FROM pg_attrdef AS a JOIN pg_class AS c ON c.oid = a.adrelid
    JOIN pg_depend AS d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
    LEFT JOIN pg_class AS s ON d.refclassid = 'pg_class'::regclass AND s.oid = d.refobjid
    GROUP BY c.relname`,
  )
  const drawn = new Map(draws.map((each) => [each.name, each]))
  const functions = await session.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE p.provolatile = 'v' OR n.nspname <> 'pg_catalog'`,
  )
  return {
    relations: new Map(
      relations.map(({ name, plain, others }) => {
        const { sequences = [], opaque = false } = drawn.get(name) ?? {}
        return [name, plain && !opaque ? [...others, ...sequences.map((oid) => `sequence ${oid}`)] : 'any']
      }),
    ),
    opaqueFunctions: new Set(functions.map(({ name }) => name)),
  }
}
