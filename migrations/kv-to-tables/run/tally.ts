import type { Kind } from '../kinds/kind.ts'
import type { Connection } from './connection.ts'
import { movedOf } from './counts.ts'
import { literal } from './literal.ts'
import { unknownKind } from './model.ts'
import type { Run, RunResult } from './run-options.ts'
import { existingTables, type Places, wantedKeys } from './tables.ts'

/** Records of one kind in the store, by where they are; the rest of `source` is missing. */
export interface Tally {
  readonly source: number
  /** In the table with the value that they have in the store. */
  readonly moved: number
  /** In the table with another value: the row is newer, or the record changed. */
  readonly otherwise: number
  /** Set aside with the value that they have in the store. */
  readonly setAside: number
}

/**
 * Compare the store with the tables, key by key, in the reader's snapshot.
 *
 * @param kind  Undefined for what is of none; `kinds` are those that it is not of then.
 */
export async function tally(reader: Connection, places: Places, kind: Kind | undefined, kinds: readonly Kind[]): Promise<Tally> {
  const { store, schema } = places
  const table = kind === undefined ? 'SELECT NULL::text AS key, NULL::bigint AS digest WHERE false' : migratedRows(kind, schema)
  const [row] = await reader.query<Record<keyof Tally, string>>(
    `WITH s AS (SELECT s.key, s.value::text AS value FROM ${store} AS s WHERE ${wantedKeys(kind, kinds)}),
       judged AS (
         SELECT CASE WHEN a.key IS NOT NULL THEN CASE WHEN a.value IS NOT DISTINCT FROM s.value THEN 'set aside' END
           WHEN t.digest = hashtextextended(s.value, 0) THEN 'moved'
           WHEN t.key IS NOT NULL THEN 'otherwise' END AS place
         FROM s LEFT JOIN (${table}) AS t ON t.key = s.key LEFT JOIN ${schema}.kv_set_aside AS a ON a.key = s.key
       )
     SELECT count(*)::text AS source, count(*) FILTER (WHERE place = 'moved')::text AS moved,
       count(*) FILTER (WHERE place = 'otherwise')::text AS otherwise, count(*) FILTER (WHERE place = 'set aside')::text AS "setAside"
     FROM judged`,
  )
  const number = (name: keyof Tally) => Number(row?.[name] ?? 0)
  return {
    source: number('source'),
    moved: number('moved'),
    otherwise: number('otherwise'),
    setAside: number('setAside'),
  }
}

/** SQL: keys and digests of the rows that came from the store; a copy that the application made of one counts once. */
export function migratedRows(kind: Kind, schema: string): string {
  return `SELECT source_key AS key, max(source_digest) AS digest FROM ${schema}.${kind.name} WHERE source_key IS NOT NULL GROUP BY source_key`
}

/**
 * Whether the tables and what is set aside hold just what the store holds, by one look at each row: counts and sums of hashes of key and value, by kind,
 * in the reader's snapshot. False says no more than that the sums differ; `findDifferences` finds where.
 */
export async function sumsAgree({ reader, places, options }: Run, result: RunResult): Promise<boolean> {
  const { store, schema } = places
  const hash = (key: string, digest: string) => `sum(hashint8extended(coalesce(${digest}, 0), hashtextextended(${key}, 0)))`
  const kindOf = options.kinds.map((kind) => `WHEN ${wantedKeys(kind, options.kinds)} THEN ${literal(kind.name)}`).join(' ')
  const tables = options.kinds.map(
    ({ name }) =>
      `SELECT ${literal(name)} AS kind, count(*) AS records, ${hash('source_key', 'source_digest')} AS sum FROM ${schema}.${name} WHERE source_key IS NOT NULL`,
  )
  const rows = await reader.query<{ kind: string; source: string; moved: string; aside: string; agrees: boolean }>(
    `WITH s AS (
       SELECT CASE ${kindOf} ELSE ${literal(unknownKind)} END AS kind, count(*) AS records,
         ${hash('s.key', 'hashtextextended(s.value::text, 0)')} AS sum FROM ${store} AS s GROUP BY 1
     ), t AS (${tables.join(' UNION ALL ')}),
     a AS (SELECT kind, count(*) AS records, ${hash('key', 'hashtextextended(value, 0)')} AS sum FROM ${schema}.kv_set_aside GROUP BY 1)
     SELECT kind, coalesce(s.records, 0)::text AS source, coalesce(t.records, 0)::text AS moved, coalesce(a.records, 0)::text AS aside,
       coalesce(s.sum, 0) = coalesce(t.sum, 0) + coalesce(a.sum, 0) AS agrees
     FROM s FULL JOIN t USING (kind) FULL JOIN a USING (kind)`,
  )
  const found = new Map(rows.map((row) => [row.kind, row]))
  return result.kinds.every(({ kind, ...counts }) => {
    const { source, moved, aside, agrees } = found.get(kind) ?? { source: 0, moved: 0, aside: 0, agrees: true }
    const expected = [counts.source, movedOf(counts), counts.setAside, 0]
    return agrees && [source, moved, aside, counts.kept].every((number, at) => Number(number) === expected[at])
  })
}

/** Compare what a run counted with the store and the tables as they are in the reader's snapshot; in words, empty where they agree. */
export async function findDifferences({ reader, places, options }: Run, result: RunResult): Promise<readonly string[]> {
  const differences: string[] = []
  for (const { kind: name, ...counts } of result.kinds) {
    const kind = options.kinds.find((each) => each.name === name)
    const found = await tally(reader, places, kind, options.kinds)
    const [moved, missing] = [movedOf(counts), found.source - found.moved - found.setAside - counts.kept]
    const agrees =
      found.source === counts.source && found.moved === moved && found.otherwise === counts.kept && found.setAside === counts.setAside
    if (!agrees)
      differences.push(
        `${name}: ${found.source} records in the store, ${found.moved} moved, ${found.setAside} set aside, ${missing} missing`,
      )
  }
  return differences
}

/** Count the records that were moved or set aside and are no longer in the store, by kind; kinds that have none are not named. */
export async function findGone({ reader, places, options }: Run, result: RunResult): Promise<RunResult['gone']> {
  const { store, schema } = places
  const there = await existingTables(reader, schema, [...options.kinds.map(({ name }) => name), 'kv_set_aside'])
  const gone: { kind: string; records: number }[] = []
  for (const { kind: name } of result.kinds) {
    const known = [
      ...(there.has(name) ? [`SELECT source_key AS key FROM ${schema}.${name} WHERE source_key IS NOT NULL`] : []),
      ...(there.has('kv_set_aside') ? [`SELECT key FROM ${schema}.kv_set_aside WHERE kind = ${literal(name)}`] : []),
    ]
    if (known.length === 0) continue
    const [row] = await reader.query<{ records: string }>(
      `SELECT count(*)::text AS records FROM (${known.join(' UNION ')}) AS k WHERE NOT EXISTS (SELECT FROM ${store} AS s WHERE s.key = k.key)`,
    )
    if (Number(row?.records) > 0) gone.push({ kind: name, records: Number(row?.records) })
  }
  return gone
}
