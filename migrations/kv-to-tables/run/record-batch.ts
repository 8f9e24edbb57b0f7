import type { Writer } from './connection.ts'
import type { Counts, Decision } from './model.ts'

/** How far the run has come with one kind, for who starts it again. */
export interface Checkpoint {
  readonly kind: string
  readonly rules: string
  readonly lastKey: string
  readonly done: boolean
  readonly counts: Counts
}

/**
 * Record, inside the transaction that wrote the batch, what was set aside and how far the run has come. Records that are moved leave those that are
 * set aside.
 *
 * @param clear       Keys that may be among those set aside earlier.
 * @param checkpoint  Undefined for a retry, which needs none.
 */
export async function recordBatch(
  writer: Writer,
  schema: string,
  kind: string,
  aside: readonly Decision[],
  clear: readonly string[],
  checkpoint: Checkpoint | undefined,
): Promise<void> {
  const steps: string[] = []
  const parameters: unknown[] = []
  const parameter = (value: unknown) => `$${parameters.push(value)}`
  if (aside.length > 0) {
    const columns = [
      `${parameter(aside.map(({ record }) => record.key))}::text[]`,
      `${parameter(aside.map(({ record }) => String(record.position)))}::bigint[]`,
      `${parameter(aside.map(({ record }) => record.value))}::text[]`,
      `${parameter(aside.map(({ reasons }) => JSON.stringify(reasons)))}::text[]`,
    ]
    steps.push(`INSERT INTO ${schema}.kv_set_aside AS a (key, kind, position, value, reasons)
      SELECT key, ${parameter(kind)}::text, position, value, reasons::jsonb FROM unnest(${columns.join(', ')}) AS u (key, position, value, reasons)
      ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, position = excluded.position, value = excluded.value, reasons = excluded.reasons
      WHERE (a.kind, a.position, a.value, a.reasons) IS DISTINCT FROM (excluded.kind, excluded.position, excluded.value, excluded.reasons)`)
  }
  if (clear.length > 0) steps.push(`DELETE FROM ${schema}.kv_set_aside WHERE key = ANY (${parameter(clear)}::text[])`)
  if (checkpoint !== undefined) steps.push(checkpointSql(schema, checkpoint, parameter))
  if (steps.length === 0) return
  const named = steps.map((step, at) => `step${at} AS (${step})`)
  await writer.query(`WITH ${named.join(', ')} SELECT`, parameters)
}

function checkpointSql(schema: string, { kind, rules, lastKey, done, counts }: Checkpoint, parameter: (value: unknown) => string): string {
  const values = [kind, rules, lastKey, String(done), JSON.stringify(counts)].map(parameter)
  return `INSERT INTO ${schema}.kv_checkpoint (kind, rules, last_key, done, counts)
    VALUES (${values[0]}::text, ${values[1]}::text, ${values[2]}::text, ${values[3]}::boolean, ${values[4]}::jsonb)
    ON CONFLICT (kind) DO UPDATE SET rules = excluded.rules, last_key = excluded.last_key, done = excluded.done, counts = excluded.counts`
}

/** The checkpoints of a run that did not end, by kind: those made under the same rules. */
export async function readCheckpoints(writer: Writer, schema: string, rules: string): Promise<ReadonlyMap<string, Checkpoint>> {
  const rows = await writer.query<{ kind: string; last_key: string; done: boolean; counts: string }>(
    `SELECT kind, last_key, done, counts::text FROM ${schema}.kv_checkpoint WHERE rules = $1`,
    [rules],
  )
  return new Map(
    rows.map(({ kind, last_key, done, counts }) => [kind, { kind, rules, lastKey: last_key, done, counts: JSON.parse(counts) as Counts }]),
  )
}
