import { pathOf, type Session, shownName } from '../../postgres/index.ts'
import type { Carrier } from './model.ts'
import { namesRelation } from './names-relation.ts'

interface Routine {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly shown: string
  readonly definition: string
  /** Its own setting, else null. */
  readonly path: string | null
  /** Relations on which it works as a trigger, default, policy or rule. */
  readonly relations: readonly { readonly schema: string; readonly name: string; readonly as: string; readonly type: number | null }[]
}

const routines = `
SELECT p.oid::text, n.nspname AS schema, p.proname AS name, p.oid::regprocedure::text AS shown, pg_get_functiondef(p.oid) AS definition,
       (SELECT substr(c, 13) FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%') AS path,
       (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('schema', rn.nspname, 'name', r.relname, 'as', d.what, 'type', d.type)), '[]') FROM (
          SELECT tgrelid AS relation, 'trigger' AS what, tgtype::int AS type FROM pg_trigger WHERE tgfoid = p.oid AND NOT tgisinternal AND tgenabled <> 'D'
          UNION ALL SELECT coalesce(a.adrelid, c.conrelid, y.polrelid), CASE WHEN a.oid IS NOT NULL THEN 'default' WHEN c.oid IS NOT NULL THEN 'constraint' ELSE 'policy' END, NULL
            FROM pg_depend AS x
            LEFT JOIN pg_attrdef AS a ON x.classid = 'pg_attrdef'::regclass AND a.oid = x.objid
            LEFT JOIN pg_constraint AS c ON x.classid = 'pg_constraint'::regclass AND c.oid = x.objid
            LEFT JOIN pg_policy AS y ON x.classid = 'pg_policy'::regclass AND y.oid = x.objid
           WHERE x.refclassid = 'pg_proc'::regclass AND x.refobjid = p.oid
       ) AS d JOIN pg_class AS r ON r.oid = d.relation JOIN pg_namespace AS rn ON rn.oid = r.relnamespace) AS relations
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND l.lanname NOT IN ('c', 'internal') AND p.prokind IN ('f', 'p')`

/** From a relation to the views, rules and policies whose definition PostgreSQL itself ties to it. */
const dependents = `
SELECT DISTINCT tn.nspname || '.' || t.relname AS "on", n.nspname AS schema, c.relname AS name,
       CASE WHEN c.relkind = 'm' THEN 'materialized view' WHEN c.relkind = 'v' AND r.rulename = '_RETURN' THEN 'view' WHEN y.oid IS NOT NULL THEN 'policy on' ELSE 'rule on' END AS kind
  FROM pg_depend AS d
  JOIN pg_class AS t ON t.oid = d.refobjid JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
  LEFT JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_policy AS y ON d.classid = 'pg_policy'::regclass AND y.oid = d.objid
  JOIN pg_class AS c ON c.oid = coalesce(r.ev_class, y.polrelid) JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE d.refclassid = 'pg_class'::regclass AND c.oid <> t.oid AND n.nspname NOT IN ('pg_catalog', 'information_schema')`

/** Everything by whose name a statement may come to a relation, with the way. */
export async function carriersOf(session: Session, schema: string, name: string): Promise<readonly Carrier[]> {
  const all = await session.query<Routine>(routines)
  const ties = await session.query<{ on: string; schema: string; name: string; kind: string }>(dependents)
  const found: Carrier[] = [{ kind: 'relation', schema, name, by: undefined, through: [], unsure: null }]
  const known = new Set([keyOf(found[0] as Carrier)])
  const add = (carrier: Carrier): void => {
    if (known.has(keyOf(carrier))) return
    known.add(keyOf(carrier))
    found.push(carrier)
  }
  // Grows while it is walked through.
  for (const carrier of found) {
    const { kind, by, through, unsure } = carrier
    if (kind === 'relation')
      for (const tie of ties)
        if (tie.on === `${carrier.schema}.${carrier.name}`) {
          const { schema: inSchema, name: other } = tie
          const way = [`${tie.kind} ${shown(tie)}`, ...through]
          add({
            kind: tie.kind === 'materialized view' ? 'materialized-view' : 'relation',
            schema: inSchema,
            name: other,
            by,
            through: way,
            unsure,
          })
        }
    for (const routine of all) {
      const named = bodyNames(routine, carrier)
      if (named === undefined) continue
      const way = [`function ${routine.shown}`, ...through]
      const perhaps = unsure ?? named.unsure
      add({ kind: 'function', schema: routine.schema, name: routine.name, by: undefined, through: way, unsure: perhaps })
      for (const { schema: inSchema, name: other, as, type } of routine.relations)
        add({
          kind: 'relation',
          schema: inSchema,
          name: other,
          by: writesOf(as, type),
          through: [`${as} of ${shown({ schema: inSchema, name: other })}`, ...way],
          unsure: perhaps,
        })
    }
  }
  return found
}

/** @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_trigger.h */
const triggerBits = { InsertStmt: 4, DeleteStmt: 8, UpdateStmt: 16, TruncateStmt: 32 } as const

/** Writes that run a trigger, a default or a check; a policy is asked by any statement. */
function writesOf(as: string, type: number | null): readonly string[] | undefined {
  if (as === 'policy') return undefined
  if (type === null) return [...writing, 'InsertStmt', 'UpdateStmt']
  const own = Object.entries(triggerBits).flatMap(([node, bit]) => ((type & bit) !== 0 ? [node] : []))
  return [...writing, ...own]
}

/** They may do more than one thing. */
const writing = ['MergeStmt', 'CopyStmt']

function bodyNames({ definition, path }: Routine, carrier: Carrier): { readonly unsure: string | null } | undefined {
  return namesRelation(definition, carrier, { path: path === null ? undefined : pathNames(path) })
}

/** The schemas of a `search_path` as it is written. */
export function pathNames(path: string): readonly string[] {
  return [...path.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(([whole, inner]) => inner?.replaceAll('""', '"') ?? whole.toLowerCase())
}

function shown(relation: { readonly schema: string; readonly name: string }): string {
  return shownName(pathOf(relation))
}

function keyOf({ kind, schema, name, by }: Carrier): string {
  return JSON.stringify([kind, schema, name, by])
}
