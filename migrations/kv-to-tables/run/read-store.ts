import type { Kind } from '../kinds/kind.ts'
import type { Connection } from './connection.ts'
import type { SourceRecord } from './model.ts'
import { type Places, wantedKeys } from './tables.ts'
import { migratedRows } from './tally.ts'

/** Rows of one read from the cursor: together with the batch, twice as many are held in memory at most. */
const rowsPerRead = 100

export interface ReadOptions {
  readonly batchSize: number
  /** A batch ends with the record that takes it past so many characters, too. */
  readonly batchCharacters: number
  readonly take: Take
}

/** Which records a pass takes up: all, those that are not in their table with the value that they have, or those that are set aside. */
export type Take = 'all' | 'unmoved' | 'set-aside'

/**
 * Read the records of a kind in byte order of their keys, batch by batch.
 *
 * @param kind  Undefined for the records that are under no prefix of `kinds`.
 */
export async function* readStore(
  reader: Connection,
  places: Places,
  kind: Kind | undefined,
  kinds: readonly Kind[],
  { batchSize, batchCharacters, take }: ReadOptions,
): AsyncGenerator<readonly SourceRecord[]> {
  const rows = reader.cursor(storeQuery(places, kind, kinds, take), [], Math.min(rowsPerRead, batchSize))
  let batch: SourceRecord[] = []
  let characters = 0
  let position = 0
  for await (const read of rows) {
    for (const [key = null, value = null, digest = null, known] of read) {
      position += 1
      batch.push({ key: key ?? '', value, digest, position: known === undefined || known === null ? position : Number(known) })
      characters += value?.length ?? 0
      if (batch.length < batchSize && characters < batchCharacters) continue
      yield batch
      batch = []
      characters = 0
    }
  }
  if (batch.length > 0) yield batch
}

function storeQuery({ store, schema }: Places, kind: Kind | undefined, kinds: readonly Kind[], take: Take): string {
  const wanted = wantedKeys(kind, kinds)
  const selected = {
    all: `SELECT s.key, s.value, NULL::bigint AS position FROM ${store} AS s WHERE ${wanted}`,
    'set-aside': `SELECT s.key, s.value, a.position FROM ${schema}.kv_set_aside AS a JOIN ${store} AS s ON s.key = a.key WHERE ${wanted}`,
    unmoved: `SELECT s.key, s.value, s.position
      FROM (SELECT key, value, row_number() OVER (ORDER BY key COLLATE "C") AS position FROM ${store} AS s WHERE ${wanted}) AS s
      ${kind === undefined ? '' : unmovedOf(kind, schema)}`,
  }[take]
  // Sorted before the text is made (OFFSET 0 keeps the levels apart), so that large values are not carried through the sort.
  return `SELECT key, text, hashtextextended(text, 0), position FROM (
      SELECT key, value::text AS text, position FROM (${selected} ORDER BY s.key COLLATE "C" OFFSET 0) AS sorted OFFSET 0
    ) AS read`
}

/** A record that is moved and also set aside is taken up too: it was set aside with another value, and must leave. */
function unmovedOf(kind: Kind, schema: string): string {
  return `LEFT JOIN (${migratedRows(kind, schema)}) AS t ON t.key = s.key AND t.digest = hashtextextended(s.value::text, 0)
    WHERE t.key IS NULL OR EXISTS (SELECT FROM ${schema}.kv_set_aside AS a WHERE a.key = s.key)`
}
