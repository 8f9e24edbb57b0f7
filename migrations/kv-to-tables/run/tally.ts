import type { Kind } from '../kinds/kind.ts'
import type { Connection } from './connection.ts'
import { movedOf } from './counts.ts'
import { literal } from './literal.ts'
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
 * Whether the tables and what is set aside hold just what the store holds, by one look at each row: sums, by kind, of hashes of key and value, in the
 * reader's snapshot. False says no more than that something differs; `findDifferences` says what.
 */
export async function sumsAgree({ reader, places, options }: Run, result: RunResult): Promise<boolean> {
  const { store, schema } = places
  const hashes = (key: string, digest: string) => `sum(hashint8extended(coalesce(${digest}, 0), hashtextextended(${key}, 0)))`
  const kinds = result.kinds.map(({ kind: name }) => options.kinds.find((kind) => kind.name === name))
  // Not grouped: a planner that expects as many groups as keys would sort the store.
  const inStore = kinds.map(
    (kind) => `${hashes('s.key', 'hashtextextended(s.value::text, 0)')} FILTER (WHERE ${wantedKeys(kind, options.kinds)})`,
  )
  const [found] = await reader.query<{ sums: readonly (string | null)[] }>(
    `SELECT ARRAY[${inStore.join(', ')}]::text[] AS sums FROM ${store} AS s`,
  )
  const moved = kinds.flatMap((kind) =>
    kind === undefined
      ? []
      : [
          `SELECT ${literal(kind.name)} AS kind, 'moved' AS place, count(*)::text AS records, ${hashes('source_key', 'source_digest')}::text AS sum
           FROM ${schema}.${kind.name} WHERE source_key IS NOT NULL`,
        ],
  )
  const aside = `SELECT kind, 'aside', count(*)::text, ${hashes('key', 'hashtextextended(value, 0)')}::text FROM ${schema}.kv_set_aside GROUP BY kind`
  const rows = await reader.query<{ kind: string; place: string; records: string; sum: string | null }>(
    [...moved, aside].join(' UNION ALL '),
  )
  return result.kinds.every(({ kind, ...counts }, at) => {
    const of = (place: string) => rows.find((row) => row.kind === kind && row.place === place)
    const [inTable, setAside] = [of('moved'), of('aside')]
    return (
      BigInt(found?.sums[at] ?? 0) === BigInt(inTable?.sum ?? 0) + BigInt(setAside?.sum ?? 0) &&
      Number(inTable?.records ?? 0) === movedOf(counts) &&
      Number(setAside?.records ?? 0) === counts.setAside &&
      movedOf(counts) + counts.setAside === counts.source
    )
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
