import type { Kind } from '../kinds/kind.ts'
import type { Writer } from './connection.ts'
import { literal } from './literal.ts'
import { existingTables, ownTables, type Places, runSchema } from './tables.ts'

/** Something of the team's own on a table, which a dry run does not carry out. */
export interface Untried {
  readonly table: string
  readonly what: 'trigger' | 'rule' | 'foreign key'
  readonly name: string
  readonly why: string
}

/** Temporary copies of the tables, on which a dry run works. */
export interface Mirror {
  readonly untried: readonly Untried[]
  /** Leave out the triggers of a table, which want to write; false where there are none to leave out. */
  readonly leaveOutTriggers: (table: string) => Promise<boolean>
}

/**
 * Copy the tables as they are, with the checks, keys, defaults, foreign keys and triggers that they have, into temporary ones. Triggers and keys
 * are tried so, without a side effect: a session that refuses writes refuses those of a trigger too.
 */
export async function mirrorTables(writer: Writer, { schema }: Places, kinds: readonly Kind[]): Promise<Mirror> {
  const there = await existingTables(writer, schema, [...kinds.map(({ name }) => name), ...ownTables])
  const untried: Untried[] = []
  const tried = new Map<string, string[]>()
  for (const table of there) await copyTable(writer, schema, table)
  await runSchema(writer, 'pg_temp')
  for (const { name: table } of kinds.filter(({ name }) => there.has(name))) {
    untried.push(...(await copyForeignKeys(writer, schema, table, there)))
    const triggers = await readTriggers(writer, schema, table, kinds)
    untried.push(
      ...triggers.filter(({ why }) => why !== null).map(({ name, why }) => ({ table, what: 'trigger' as const, name, why: why ?? '' })),
    )
    const able = triggers.filter(({ why }) => why === null)
    for (const { definition } of able) await writer.script(definition.replace(` ON ${schema}.${table} `, ` ON pg_temp.${table} `))
    tried.set(
      table,
      able.map(({ name }) => name),
    )
    const rules = await writer.query<{ name: string }>(
      "SELECT rulename AS name FROM pg_rewrite WHERE ev_class = to_regclass($1) AND ev_type IN ('2', '3') AND ev_enabled <> 'D' ORDER BY 1",
      [`${schema}.${table}`],
    )
    untried.push(...rules.map(({ name }) => ({ table, what: 'rule' as const, name, why: 'it may write to other tables' })))
  }
  return {
    untried,
    async leaveOutTriggers(table) {
      const names = tried.get(table) ?? []
      if (names.length === 0) return false
      tried.delete(table)
      const drops = names.map((name) => `DROP TRIGGER "${name.replaceAll('"', '""')}" ON pg_temp.${table}`)
      await writer.script(`BEGIN READ WRITE; ${drops.join('; ')}; COMMIT`)
      untried.push(...names.map((name) => ({ table, what: 'trigger' as const, name, why: 'it writes to other tables' })))
      return true
    },
  }
}

/** Refuse every write but to temporary tables, from here to the end of the session. */
export async function refuseWrites(writer: Writer): Promise<void> {
  await writer.script('SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY')
}

async function copyTable(writer: Writer, schema: string, table: string): Promise<void> {
  await writer.script(`CREATE TEMPORARY TABLE ${table} (LIKE ${schema}.${table} INCLUDING ALL)`)
  const columns = await writer.query<{ name: string; generated: boolean; counted: boolean }>(
    `SELECT quote_ident(attname) AS name, attgenerated <> '' AS generated, coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%', false) AS counted
     FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`${schema}.${table}`],
  )
  const copied = columns.filter(({ generated }) => !generated).map(({ name }) => name)
  await writer.script(
    `INSERT INTO pg_temp.${table} (${copied.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${copied.join(', ')} FROM ${schema}.${table}`,
  )
  // A number drawn from the sequence of the table would be a trace.
  const counted = columns.filter((column) => column.counted).map(({ name }) => name)
  for (const [at, name] of counted.entries())
    await writer.script(`CREATE TEMPORARY SEQUENCE kv_count_${table}_${at} START 1000000000;
      ALTER TABLE pg_temp.${table} ALTER COLUMN ${name} SET DEFAULT nextval('pg_temp.kv_count_${table}_${at}')`)
}

async function copyForeignKeys(writer: Writer, schema: string, table: string, mirrored: ReadonlySet<string>): Promise<readonly Untried[]> {
  const keys = await writer.query<{
    oid: string
    name: string
    own: string
    parent: string
    other: string
    full: boolean
    readable: boolean
  }>(
    `SELECT c.oid::text, c.conname AS name, c.confmatchtype = 'f' AS full, format('%I.%I', n.nspname, p.relname) AS parent,
       has_table_privilege(p.oid, 'SELECT') AND NOT row_security_active(p.oid) AS readable,
       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY at) FROM unnest(c.conkey) WITH ORDINALITY AS k (number, at)
          JOIN pg_attribute ON attrelid = c.conrelid AND attnum = number) AS own,
       (SELECT string_agg(quote_ident(attname), ', ' ORDER BY at) FROM unnest(c.confkey) WITH ORDINALITY AS k (number, at)
          JOIN pg_attribute ON attrelid = c.confrelid AND attnum = number) AS other
     FROM pg_constraint AS c JOIN pg_class AS p ON p.oid = c.confrelid JOIN pg_namespace AS n ON n.oid = p.relnamespace
     WHERE c.contype = 'f' AND c.conrelid = to_regclass($1) AND to_jsonb(c)->>'conenforced' IS DISTINCT FROM 'false' ORDER BY c.conname`,
    [`${schema}.${table}`],
  )
  const untried: Untried[] = []
  for (const { oid, name, own, parent, other, full, readable } of keys) {
    const copy = [...mirrored].find((each) => parent === `${schema}.${each}`) ?? `kv_referenced_${oid}`
    if (!mirrored.has(copy) && !readable) {
      untried.push({ table, what: 'foreign key', name, why: `${parent} cannot be read` })
      continue
    }
    if (!mirrored.has(copy))
      await writer.script(
        `CREATE TEMPORARY TABLE ${copy} AS SELECT DISTINCT ${other} FROM ${parent}; ALTER TABLE pg_temp.${copy} ADD UNIQUE (${other})`,
      )
    await writer.script(
      `ALTER TABLE pg_temp.${table} ADD CONSTRAINT "${name.replaceAll('"', '""')}" FOREIGN KEY (${own}) REFERENCES pg_temp.${copy} (${other}) ${full ? 'MATCH FULL' : ''} NOT VALID`,
    )
  }
  return untried
}

interface Trigger {
  readonly name: string
  readonly definition: string
  /** Why it cannot be tried; null where it can. */
  readonly why: string | null
}

/** Enabled triggers on INSERT or UPDATE. */
function readTriggers(writer: Writer, schema: string, table: string, kinds: readonly Kind[]): Promise<readonly Trigger[]> {
  const tables = kinds.map(({ name }) => name).join('|')
  return writer.query<Trigger>(
    `SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS definition,
       CASE WHEN l.lanname NOT IN ('plpgsql', 'sql') OR p.prosrc ~* '\\m(notify|pg_notify|dblink\\w*|http\\w*|net|lo_\\w+|copy|pg_background\\w*)\\M'
         THEN 'its function may act outside the transaction'
         WHEN p.prosrc ~* ${literal(`m"?${schema.replaceAll('"', '')}"?s*.s*"?(${tables})M`)} THEN 'its function reads the tables themselves'
         WHEN NOT has_function_privilege(p.oid, 'EXECUTE') THEN 'its function may not be called by this role' END AS why
     FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid JOIN pg_language AS l ON l.oid = p.prolang
     WHERE t.tgrelid = to_regclass($1) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND t.tgtype & 20 <> 0 ORDER BY t.tgname`,
    [`${schema}.${table}`],
  )
}
