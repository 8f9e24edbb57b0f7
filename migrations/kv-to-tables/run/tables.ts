import { readFileSync } from 'node:fs'
import { columnOf, type Kind } from '../kinds/kind.ts'
import type { Connection, Writer } from './connection.ts'
import { CommandError, sqlstateOf } from './errors.ts'
import { literal } from './literal.ts'
import { protectSql } from './protect.ts'

const schemaSql = readFileSync(new URL('../schema.sql', import.meta.url), 'utf8')

/** Where a run reads and writes: SQL names, quoted. */
export interface Places {
  /** The store, e.g. `public.kv_store`. */
  readonly store: string
  /** Schema of the tables: the store's own, or `pg_temp` for a dry run. */
  readonly schema: string
  /** Whether the store's values are jsonb. */
  readonly canonical: boolean
}

/**
 * Find the store.
 *
 * @param name  As `--store` gives it: `kv_store` or `app.kv_store`, quoted where SQL wants it.
 * @throws {CommandError} When it is not there, or is not two columns `key` and `value` of the right types.
 */
export async function findStore(reader: Pick<Writer, 'query'>, name: string): Promise<Places> {
  const rows = await reader
    .query<{ schema: string; store: string; key: string | null; value: string | null }>(
      `SELECT quote_ident(n.nspname) AS schema, format('%I.%I', n.nspname, c.relname) AS store,
         (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = c.oid AND attname = 'key' AND NOT attisdropped) AS key,
         (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = c.oid AND attname = 'value' AND NOT attisdropped) AS value
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`,
      [name],
    )
    .catch((error: unknown) => {
      if (sqlstateOf(error)?.startsWith('42') !== true) throw error
      throw new CommandError(2, `"${name}" is no name of a table`, { cause: error })
    })
  const [found] = rows
  if (found === undefined) throw new CommandError(2, `there is no table "${name}"`, { hint: 'Name the store with --store.' })
  if (found.key !== 'text' || !['jsonb', 'json', 'text'].includes(found.value ?? ''))
    throw new CommandError(2, `"${name}" is no store`, { hint: 'A store has the columns key (text) and value (jsonb, json or text).' })
  return { store: found.store, schema: found.schema, canonical: found.value === 'jsonb' }
}

/** The two tables of the migration itself. */
export const ownTables = ['kv_set_aside', 'kv_checkpoint']

/** Which of these tables are in the schema. */
export async function existingTables(
  writer: Pick<Writer, 'query'>,
  schema: string,
  tables: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await writer.query<{ name: string }>(
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass($2 || '.' || name) IS NOT NULL",
    [tables, schema],
  )
  return new Set(rows.map(({ name }) => name))
}

/**
 * Make what is missing of the tables of a live run, in one transaction, under the protection of the store. Where nothing is missing, nothing is
 * asked of the owner of the tables.
 */
export async function createTables(writer: Writer, { store, schema }: Places, kinds: readonly Kind[]): Promise<void> {
  const wanted = [...kinds.map(({ name }) => name), ...ownTables]
  const there = await existingTables(writer, schema, wanted)
  const missing = wanted.filter((table) => !there.has(table))
  if (missing.length === 0) return
  await runSchema(
    writer,
    schema,
    protectSql(
      store,
      missing.map((table) => `${schema}.${table}`),
    ),
  )
}

/** Make the tables in a schema, in one transaction, so that the search path is the session's own again afterwards. */
export async function runSchema(writer: Writer, schema: string, then = ''): Promise<void> {
  await writer.script(`SET LOCAL search_path = ${schema}; SET LOCAL client_min_messages = warning; ${schemaSql}; ${then}`)
}

/** A staging table for each kind: empty again at every commit, and without WAL. `valid` rows go on to the table. */
export async function createStaging(writer: Writer, kinds: readonly Kind[]): Promise<void> {
  const made = kinds.map((kind) => {
    const columns = Object.entries(kind.fields).map(([field, { type }]) => `${columnOf(field)} ${type}`)
    return `CREATE TEMPORARY TABLE ${stagingOf(kind)} (position bigint, valid boolean, source_key text, source_digest bigint, id uuid, ${columns.join(', ')}, extra jsonb) ON COMMIT DELETE ROWS`
  })
  const earlier = kinds.map((kind) => `DROP TABLE IF EXISTS pg_temp.${stagingOf(kind)}`)
  await writer.script(['SET LOCAL client_min_messages = warning', ...earlier, ...made].join(';\n'))
}

/** Gone at once, not only when the server has seen that the session ended. */
export async function dropStaging(writer: Writer, kinds: readonly Kind[]): Promise<void> {
  if (kinds.length > 0) await writer.script(`DROP TABLE IF EXISTS ${kinds.map((kind) => `pg_temp.${stagingOf(kind)}`).join(', ')}`)
}

export function stagingOf(kind: Kind): string {
  return `kv_staging_${kind.name}`
}

/** Columns of a kind's table after `id`, as `Prepared.row` has their texts. */
export function columnsOf(kind: Kind): readonly string[] {
  return [...Object.keys(kind.fields).map(columnOf), 'extra']
}

/** SQL: whether the key of the store's row `s` is one of the kind's; for no kind, whether it is of none of `kinds`. */
export function wantedKeys(kind: Kind | undefined, kinds: readonly Kind[]): string {
  const under = ({ prefix }: Kind) => `starts_with(s.key, ${literal(prefix)})`
  return kind === undefined ? `NOT (${kinds.map(under).join(' OR ') || 'false'})` : under(kind)
}

/** How many records of each of these kinds are in the store, by one look at each; undefined is for those that are under no prefix of `all`. */
export async function countRecords<Wanted extends Kind | undefined>(
  reader: Pick<Connection, 'query'>,
  { store }: Places,
  wanted: readonly Wanted[],
  all: readonly Kind[],
): Promise<ReadonlyMap<Wanted, number>> {
  const counts = wanted.map((kind) => `count(*) FILTER (WHERE ${wantedKeys(kind, all)})`)
  const [row] = await reader.query<{ counts: readonly string[] }>(`SELECT ARRAY[${counts.join(', ')}]::text[] AS counts FROM ${store} AS s`)
  return new Map(wanted.map((kind, at) => [kind, Number(row?.counts[at] ?? 0)]))
}
