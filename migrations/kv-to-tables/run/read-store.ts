import type { Kind } from '../kinds/kind.ts'
import type { Connection } from './connection.ts'
import type { SourceRecord } from './model.ts'
import { literal, type Places } from './tables.ts'

/** Rows of one read from the cursor: together with the batch, what is held in memory at most. */
const rowsPerRead = 200

export interface ReadOptions {
  readonly batchSize: number
  /** A batch ends with the record that takes it past so many characters, too. */
  readonly batchCharacters: number
  /** Where an earlier run stopped. */
  readonly after: { readonly key: string; readonly position: number } | undefined
  /** Only what is set aside. */
  readonly retry: boolean
}

/** Read the records of a kind (of `kinds`, those under none of their prefixes) in byte order of their keys, batch by batch. */
export async function* readStore(
  reader: Connection,
  places: Places,
  kinds: readonly [Kind] | { readonly none: readonly Kind[] },
  options: ReadOptions,
): AsyncGenerator<readonly SourceRecord[]> {
  const { batchSize, batchCharacters, after } = options
  const rows = reader.cursor(storeQuery(places, kinds, options), [after?.key ?? null], Math.min(rowsPerRead, batchSize))
  let batch: SourceRecord[] = []
  let characters = 0
  let position = after?.position ?? 0
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

function storeQuery(
  { store, schema }: Places,
  kinds: readonly [Kind] | { readonly none: readonly Kind[] },
  { retry }: ReadOptions,
): string {
  const under = (kind: Kind) => `starts_with(s.key, ${literal(kind.prefix)})`
  const wanted = 'none' in kinds ? `NOT (${kinds.none.map(under).join(' OR ') || 'false'})` : under(kinds[0])
  const from = retry ? `${schema}.kv_set_aside AS a JOIN ${store} AS s ON s.key = a.key` : `${store} AS s`
  // Sorted before the text is made (OFFSET 0 keeps the levels apart), so that large values are not carried through the sort.
  return `SELECT key, text, hashtextextended(text, 0), position FROM (
      SELECT key, value::text AS text, position FROM (
        SELECT s.key, s.value, ${retry ? 'a.position' : 'NULL::bigint AS position'} FROM ${from}
        WHERE ${wanted} AND ($1::text IS NULL OR s.key COLLATE "C" > $1) ORDER BY s.key COLLATE "C" OFFSET 0
      ) AS sorted OFFSET 0
    ) AS read`
}
