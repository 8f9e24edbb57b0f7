import type { Kind } from '../kinds/kind.ts'
import type { Writer } from './connection.ts'
import { copyChunks, copyLine } from './copy.ts'
import type { Fact } from './decide.ts'
import { isPoison } from './errors.ts'
import type { Decision, Prepared } from './model.ts'
import { columnsOf, stagingOf } from './tables.ts'
import type { Target } from './write-batch.ts'

/**
 * When batches of one kind go by COPY into the table itself. After one that the server refused, others go by the staging table: one, then two, four, …,
 * until a COPY is taken again, so that a store in which many records claim one thing is hardly slower than without a try.
 */
export class CopyTurns {
  #staged = 0
  #next = 1

  isNext(): boolean {
    if (this.#staged === 0) return true
    this.#staged -= 1
    return false
  }

  taken(): void {
    this.#next = 1
  }

  refused(): void {
    this.#staged = this.#next
    this.#next *= 2
  }
}

/**
 * Whether COPY into the table stores what an INSERT from the staging table would: a rule is not applied to COPY, and a column of another type is
 * converted by other rules.
 */
export async function canCopy(writer: Writer, kind: Kind, schema: string): Promise<boolean> {
  const [row] = await writer.query<{ able: boolean }>(
    `SELECT c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid)
       AND NOT EXISTS (
         SELECT FROM unnest($2::text[]) AS name
           LEFT JOIN pg_attribute AS s ON s.attrelid = to_regclass($3) AND s.attname = name
           LEFT JOIN pg_attribute AS t ON t.attrelid = c.oid AND t.attname = name
         WHERE (s.atttypid, s.atttypmod) IS DISTINCT FROM (t.atttypid, t.atttypmod)) AS able
     FROM pg_class AS c WHERE c.oid = to_regclass($1)`,
    [`${schema}.${kind.name}`, copiedColumns(kind), `pg_temp.${stagingOf(kind)}`],
  )
  return row?.able === true
}

/**
 * Write a batch of new records by COPY into the table itself, with one look at what they refer to. Inside the transaction that `beginBatch` began.
 *
 * @returns Undefined, and nothing is written, where the server refuses a row or leaves one out: which one, COPY does not say.
 */
export async function copyBatch(target: Target, records: readonly Prepared[]): Promise<readonly Decision[] | undefined> {
  const { writer, kind, schema, parts, lost: given } = target
  try {
    const lost = await (given ?? findLost(writer, kind, schema, records))
    const copied = (record: Prepared) => record.row !== undefined && !lost.has(record.position)
    const rest = records.filter((record) => !copied(record))
    if (rest.length < records.length) {
      const lines = function* () {
        for (const [at, record] of records.entries()) if (copied(record)) yield target.lines?.[at] ?? tableLine(record)
      }
      const sql = `COPY ${schema}.${kind.name} (${copiedColumns(kind).join(', ')}) FROM STDIN`
      if ((await writer.copyFrom(sql, copyChunks(lines()))) !== records.length - rest.length) return await undo(writer)
    }
    const others = parts.decide(kind, rest, lost)
    const decided = new Map(others.map((decision) => [decision.record, decision]))
    return records.flatMap((record) => (copied(record) ? { record, action: 'inserted', reasons: [] } : (decided.get(record) ?? [])))
  } catch (error) {
    if (!isPoison(error)) throw error
    return await undo(writer)
  }
}

/** The record's row as COPY into its table reads it; empty where it has none. */
export function tableLine({ id, key, digest, row }: Prepared): string {
  return row === undefined ? '' : copyLine([id ?? null, key, digest, ...row])
}

async function undo(writer: Writer): Promise<undefined> {
  await writer.script('ROLLBACK TO SAVEPOINT kv_batch')
}

function copiedColumns(kind: Kind): readonly string[] {
  return ['id', 'source_key', 'source_digest', ...columnsOf(kind)]
}

/** Records that refer to what is not there, by position. By index: what is planned here is planned under `enable_seqscan = off`. */
export async function findLost(
  connection: Pick<Writer, 'query'>,
  kind: Kind,
  schema: string,
  records: readonly Prepared[],
): Promise<ReadonlyMap<number, Fact>> {
  const lost = new Map<number, Fact>()
  if (kind.references.length === 0) return lost
  const parents = [...new Set(kind.references.map(({ kind: parent }) => parent))]
  const wanted = parents.map((parent) => {
    const fields = kind.references.filter((reference) => reference.kind === parent).map(({ field }) => field)
    const ids = new Set<string>()
    for (const { references } of records)
      for (const field of fields) {
        const id = references[field]
        if (typeof id === 'string') ids.add(id)
      }
    return [...ids].join(',')
  })
  // By one walk through the index for all of them (= ANY), not by a look-up for each.
  const looks = parents.map((parent, at) => {
    const ids = `string_to_array($${at + 1}, ',')::uuid[]`
    return `SELECT '${parent}' AS parent, id::text FROM (SELECT unnest(${ids}) AS id EXCEPT SELECT id FROM ${schema}.${parent} WHERE id = ANY (${ids})) AS missing`
  })
  const missing = new Map<string, Set<string>>(parents.map((parent) => [parent, new Set()]))
  for (const { parent, id } of await connection.query<{ parent: string; id: string }>(looks.join(' UNION ALL '), wanted))
    missing.get(parent)?.add(id)
  if ([...missing.values()].every(({ size }) => size === 0)) return lost
  for (const { position, references } of records) {
    const fields = kind.references.filter(({ field, kind: parent }) => missing.get(parent)?.has(references[field] ?? ''))
    if (fields.length > 0) lost.set(position, { missing: fields.map(({ field }) => field), present: undefined, holder: undefined })
  }
  return lost
}
