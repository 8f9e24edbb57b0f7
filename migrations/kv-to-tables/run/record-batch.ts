import type { Writer } from './connection.ts'
import type { Counts, Decision } from './model.ts'

/** That a run under these rules has begun with a kind, and what it counted so far. */
export interface Checkpoint {
  readonly kind: string
  readonly rules: string
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

function checkpointSql(schema: string, { kind, rules, counts }: Checkpoint, parameter: (value: unknown) => string): string {
  const values = [kind, rules, JSON.stringify(counts)].map(parameter)
  return `INSERT INTO ${schema}.kv_checkpoint (kind, rules, counts) VALUES (${values[0]}::text, ${values[1]}::text, ${values[2]}::jsonb)
    ON CONFLICT (kind) DO UPDATE SET rules = excluded.rules, counts = excluded.counts`
}

/** What a run that did not end counted, by kind: of one under the same rules. */
export async function readCheckpoints(writer: Writer, schema: string, rules: string): Promise<ReadonlyMap<string, Counts>> {
  const rows = await writer.query<{ kind: string; counts: string }>(
    `SELECT kind, counts::text FROM ${schema}.kv_checkpoint WHERE rules = $1`,
    [rules],
  )
  return new Map(rows.map(({ kind, counts }) => [kind, JSON.parse(counts) as Counts]))
}
