import { pathOf, quoteName, type Session, shownName } from '../../postgres/index.ts'
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
  /** Relations that run it, and by which statement: bits of a trigger, event of a rule. */
  readonly relations: readonly { readonly schema: string; readonly name: string; readonly as: string; readonly type: number | null }[]
  /** What runs it and stands in no statement by a name that is looked for: operators, aggregates, types, casts. */
  readonly unnamed: readonly string[]
}

const routines = `
SELECT p.oid::text, n.nspname AS schema, p.proname AS name, p.oid::regprocedure::text AS shown, pg_get_functiondef(p.oid) AS definition,
       (SELECT substr(c, 13) FROM unnest(p.proconfig) AS c WHERE c LIKE 'search_path=%') AS path,
       (SELECT coalesce(json_agg(DISTINCT jsonb_build_object('schema', rn.nspname, 'name', r.relname, 'as', d.what, 'type', d.type)), '[]') FROM (
          SELECT coalesce(t.tgrelid, a.adrelid, nullif(c.conrelid, 0), y.polrelid, w.ev_class, i.indrelid) AS relation,
                 CASE WHEN t.oid IS NOT NULL THEN 'trigger' WHEN a.oid IS NOT NULL THEN 'default' WHEN c.oid IS NOT NULL THEN 'constraint'
                      WHEN y.oid IS NOT NULL THEN 'policy' WHEN w.rulename = '_RETURN' THEN 'view' WHEN w.oid IS NOT NULL THEN 'rule' ELSE 'index' END AS what,
                 coalesce(t.tgtype::int, w.ev_type::text::int) AS type
            FROM pg_depend AS x
            LEFT JOIN pg_trigger AS t ON x.classid = 'pg_trigger'::regclass AND t.oid = x.objid AND t.tgenabled <> 'D'
            LEFT JOIN pg_attrdef AS a ON x.classid = 'pg_attrdef'::regclass AND a.oid = x.objid
            LEFT JOIN pg_constraint AS c ON x.classid = 'pg_constraint'::regclass AND c.oid = x.objid
            LEFT JOIN pg_policy AS y ON x.classid = 'pg_policy'::regclass AND y.oid = x.objid
            LEFT JOIN pg_rewrite AS w ON x.classid = 'pg_rewrite'::regclass AND w.oid = x.objid
            LEFT JOIN pg_index AS i ON x.classid = 'pg_class'::regclass AND i.indexrelid = x.objid
           WHERE x.refclassid = 'pg_proc'::regclass AND x.refobjid = p.oid
       ) AS d JOIN pg_class AS r ON r.oid = d.relation JOIN pg_namespace AS rn ON rn.oid = r.relnamespace) AS relations,
       ARRAY(SELECT DISTINCT pg_describe_object(x.classid, x.objid, 0) FROM pg_depend AS x
         LEFT JOIN pg_constraint AS c ON x.classid = 'pg_constraint'::regclass AND c.oid = x.objid
         LEFT JOIN pg_proc AS f ON x.classid = 'pg_proc'::regclass AND f.oid = x.objid
        WHERE x.refclassid = 'pg_proc'::regclass AND x.refobjid = p.oid
          AND (c.contypid <> 0 OR f.prokind = 'a' OR x.classid NOT IN ('pg_trigger'::regclass, 'pg_attrdef'::regclass, 'pg_constraint'::regclass,
               'pg_policy'::regclass, 'pg_rewrite'::regclass, 'pg_class'::regclass, 'pg_proc'::regclass)))
       || CASE WHEN p.pronargs = 1 AND (SELECT typtype FROM pg_type WHERE oid = p.proargtypes[0]) = 'c'
            THEN ARRAY[format('%s.%I', p.proargtypes[0]::regtype, p.proname)] ELSE '{}' END AS unnamed
  FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace JOIN pg_language AS l ON l.oid = p.prolang
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND l.lanname NOT IN ('c', 'internal') AND p.prokind IN ('f', 'p')`

/** A relation whose use is one of another, as PostgreSQL itself ties them. */
interface Tie {
  readonly on: string
  readonly schema: string
  readonly name: string
  readonly kind: string
  /** Event of a rule. */
  readonly type: number | null
}

const ties = `
SELECT DISTINCT tn.nspname || '.' || t.relname AS "on", n.nspname AS schema, c.relname AS name, d.kind, d.type FROM (
  SELECT x.refobjid AS target, v.oid AS other,
         CASE WHEN v.relkind = 'm' THEN 'materialized view' WHEN v.relkind = 'v' AND r.rulename = '_RETURN' THEN 'view' WHEN y.oid IS NOT NULL THEN 'policy' ELSE 'rule' END AS kind,
         CASE WHEN r.rulename <> '_RETURN' THEN r.ev_type::text::int END AS type
    FROM pg_depend AS x
    LEFT JOIN pg_rewrite AS r ON x.classid = 'pg_rewrite'::regclass AND r.oid = x.objid
    LEFT JOIN pg_policy AS y ON x.classid = 'pg_policy'::regclass AND y.oid = x.objid
    JOIN pg_class AS v ON v.oid = coalesce(r.ev_class, y.polrelid)
   WHERE x.refclassid = 'pg_class'::regclass
  UNION ALL
  SELECT confrelid, conrelid, 'reference', NULL FROM pg_constraint WHERE contype = 'f'
  UNION ALL
  SELECT conrelid, confrelid, CASE WHEN confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd') THEN 'cascade' ELSE 'referenced' END, NULL
    FROM pg_constraint WHERE contype = 'f'
  UNION ALL
  SELECT i.inhrelid, i.inhparent, CASE WHEN k.relispartition THEN 'partition' ELSE 'inheritance' END, NULL FROM pg_inherits AS i JOIN pg_class AS k ON k.oid = i.inhrelid
) AS d
  JOIN pg_class AS t ON t.oid = d.target JOIN pg_namespace AS tn ON tn.oid = t.relnamespace
  JOIN pg_class AS c ON c.oid = d.other JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid <> t.oid AND n.nspname NOT IN ('pg_catalog', 'information_schema')`

const partitions = `
WITH RECURSIVE below AS (
  SELECT i.inhrelid AS oid FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass($1) AND c.relispartition
  UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN below ON below.oid = i.inhparent
) SELECT n.nspname AS schema, c.relname AS name FROM below JOIN pg_class AS c ON c.oid = below.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace ORDER BY 1, 2`

/** Everything by whose name a statement may come to a relation, and what comes to it without a name. */
export interface Carriers {
  readonly named: readonly Carrier[]
  /** As messages name them: only statements inside of functions show their use. */
  readonly unnamed: readonly string[]
}

/** How statements come to a relation, with each way. */
export async function carriersOf(session: Session, schema: string, name: string): Promise<Carriers> {
  const all = await session.query<Routine>(routines)
  const tied = await session.query<Tie>(ties)
  const found: Carrier[] = [{ kind: 'relation', schema, name, by: undefined, through: [], unsure: null }]
  for (const part of await session.query<{ schema: string; name: string }>(partitions, [quoteName({ schema, name })]))
    found.push({ kind: 'relation', ...part, by: undefined, through: [`partition ${shown(part)}`], unsure: null })
  const known = new Set(found.map(keyOf))
  const unnamed = new Set<string>()
  const add = (carrier: Carrier): void => {
    if (known.has(keyOf(carrier))) return
    known.add(keyOf(carrier))
    found.push(carrier)
  }
  // Grows while it is walked through.
  for (const carrier of found) {
    if (carrier.kind === 'relation')
      for (const tie of tied)
        if (tie.on === `${carrier.schema}.${carrier.name}`) {
          const other = tiedCarrier(tie, carrier)
          if (other !== undefined) add(other)
        }
    for (const routine of all) {
      const calls = bodyNames(routine, carrier)
      if (calls === undefined) continue
      for (const each of routine.unnamed) unnamed.add(each)
      const way = [`function ${routine.shown}`, ...carrier.through]
      const unsure = carrier.unsure ?? calls.unsure
      add({ kind: 'function', schema: routine.schema, name: routine.name, by: undefined, through: way, unsure })
      for (const relation of routine.relations) {
        const by = writesOf(relation.as, relation.type)
        const through = [`${relation.as === 'view' ? 'view' : `${relation.as} of`} ${shown(relation)}`, ...way]
        add({ kind: 'relation', schema: relation.schema, name: relation.name, by, through, unsure })
      }
    }
  }
  return { named: found, unnamed: [...unnamed] }
}

/** The other end of a tie; undefined where what comes to the carrier does not come by it. */
function tiedCarrier({ schema, name, kind, type }: Tie, { by, through, unsure }: Carrier): Carrier | undefined {
  const other = { kind: 'relation', schema, name, by, unsure } as const
  const at = shown(other)
  const way = (text: string) => [`${text} ${at}`, ...through]
  // A check or a read of a row runs no trigger of it.
  const reads = by === undefined
  switch (kind) {
    case 'view':
      return { ...other, through: way('view') }
    case 'materialized view':
      return reads ? { ...other, kind: 'materialized-view', through: way('materialized view') } : undefined
    case 'policy':
      return reads ? { ...other, through: way('policy on') } : undefined
    case 'rule':
      return { ...other, by: writesOf('rule', type), through: way('rule on') }
    case 'reference':
      return reads ? { ...other, by: [...writing, 'InsertStmt', 'UpdateStmt'], through: way('foreign key of') } : undefined
    case 'referenced':
    case 'cascade': {
      const cascades = kind === 'cascade' && by?.some((node) => node === 'DeleteStmt' || node === 'UpdateStmt')
      if (!reads && cascades !== true) return undefined
      return { ...other, by: ['MergeStmt', 'DeleteStmt', 'UpdateStmt', 'TruncateStmt'], through: way('foreign key to') }
    }
    case 'partition':
      return { ...other, through: way('partitioned table'), unsure: unsure ?? 'it may use other partitions alone' }
    default:
      return { ...other, through: way('table above') }
  }
}

/** @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_trigger.h */
const triggerBits = { InsertStmt: 4, DeleteStmt: 8, UpdateStmt: 16, TruncateStmt: 32 } as const

/** By `pg_rewrite.ev_type`. */
const ruleEvents: Readonly<Record<number, string>> = { 2: 'UpdateStmt', 3: 'InsertStmt', 4: 'DeleteStmt' }

/** Writes that run a trigger, a rule, a default, a check or the expression of an index; a view or a policy is asked by any statement. */
function writesOf(as: string, type: number | null): readonly string[] | undefined {
  if (as === 'policy' || as === 'view') return undefined
  if (as === 'rule') return [ruleEvents[type ?? 0] ?? 'SelectStmt']
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
