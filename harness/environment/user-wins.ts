import { parseScript, type Script } from '../migration/index.ts'
import { quoteIdentifier, quoteName } from '../postgres/index.ts'
import { type Definition, definitionsOf } from './definitions.ts'

/** What the user's own preludes make though a built-in one, or what stands in for an extension, makes it too. */
export interface UserWins {
  /** Takes the built-in ones away before the user's preludes are applied; empty where there is none. */
  readonly sql: string
  /** Schemas of the user's preludes that are there already. */
  readonly schemas: ReadonlySet<string>
  readonly notes: readonly string[]
}

/**
 * Where two preludes make one thing, the user's is meant: the built-in one is dropped beforehand, with what depends on it.
 *
 * @param files    The user's preludes.
 * @param builtIn  SQL that was run before them.
 */
export function userWins(files: readonly Script[], builtIn: readonly string[]): UserWins {
  if (files.length === 0) return { sql: '', schemas: new Set(), notes: [] }
  const there = new Map(
    builtIn.flatMap((sql) =>
      definitionsOf([parseScript('', sql.replaceAll(':migrator', 'migrator').replaceAll(':database', 'database'))])
        // Without a schema it lies wherever the built-in SQL is told to put it.
        .filter((each) => each.kind === 'schema' || each.schema !== undefined)
        .map((each) => [keyOf(each), each] as const),
    ),
  )
  const theirs = new Map(definitionsOf(files).map((each) => [keyOf(each), each]))
  const both = [...theirs.values()].filter((each) => each.kind !== 'role' && there.has(keyOf(each)))
  const replaced = both.filter((each) => each.kind !== 'schema')
  return {
    sql: replaced.map(dropSql).join(';\n'),
    schemas: new Set(both.flatMap((each) => (each.kind === 'schema' ? [each.name] : []))),
    notes: both.map((each) =>
      each.kind === 'schema'
        ? `The schema "${each.name}" (${each.file}:${each.line}) is there already, with what a built-in prelude makes in it: CREATE SCHEMA is left out.`
        : `The ${wordOf(each)} ${each.schema === undefined ? '' : `${each.schema}.`}${each.name} is the one of ${each.file}:${each.line}, not the built-in one.`,
    ),
  }
}

function keyOf({ kind, schema, name }: Definition): string {
  return JSON.stringify([kind, kind === 'schema' ? undefined : (schema ?? 'public'), name])
}

function wordOf({ kind }: Definition): string {
  return kind === 'relation' ? 'table or view' : kind
}

/** Of whichever kind of relation, and whichever arguments: a name that the prelude takes is taken as a whole. */
function dropSql({ kind, schema = 'public', name }: Definition): string {
  const path = quoteName({ schema, name })
  const literal = `'${path.replaceAll("'", "''")}'`
  if (kind === 'type') return `DROP TYPE IF EXISTS ${path} CASCADE`
  const [from, condition, drop] =
    kind === 'function'
      ? [
          'pg_catalog.pg_proc',
          `proname = '${name.replaceAll("'", "''")}' AND pronamespace = pg_catalog.to_regnamespace('${quoteIdentifier(schema).replaceAll("'", "''")}')`,
          `format('DROP ROUTINE IF EXISTS %s CASCADE', oid::pg_catalog.regprocedure)`,
        ]
      : [
          'pg_catalog.pg_class',
          `oid = pg_catalog.to_regclass(${literal})`,
          `format('DROP %s IF EXISTS %s CASCADE', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, ${literal})`,
        ]
  return `DO $godwit$ DECLARE statement text; BEGIN
    FOR statement IN SELECT ${drop} FROM ${from} WHERE ${condition} LOOP EXECUTE statement; END LOOP;
  END $godwit$`
}
