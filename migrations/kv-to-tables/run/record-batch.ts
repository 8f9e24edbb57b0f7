import type { Writer } from './connection.ts'
import { literal } from './literal.ts'
import type { Counts, Decision } from './model.ts'
import { beginBatch } from './write-batch.ts'

/** That a run under these rules has begun with a kind, and what it counted so far. */
export interface Checkpoint {
  readonly kind: string
  readonly rules: string
  readonly counts: Counts
}

/**
 * Record, inside the transaction that wrote the batch, what was set aside and how far the run has come, commit, and begin the transaction of the next
 * batch: one message, so that the server is not kept waiting. Records that are moved leave those that are set aside.
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
  if (aside.length > 0) {
    const rows = aside.map(({ record: { key, position, value }, reasons }) => {
      const cells = [
        literal(key),
        literal(kind),
        String(position),
        value === null ? 'NULL' : literal(value),
        literal(JSON.stringify(reasons)),
      ]
      return `(${cells.join(', ')})`
    })
    steps.push(`INSERT INTO ${schema}.kv_set_aside AS a (key, kind, position, value, reasons) VALUES ${rows.join(', ')}
      ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, position = excluded.position, value = excluded.value, reasons = excluded.reasons
      WHERE (a.kind, a.position, a.value, a.reasons) IS DISTINCT FROM (excluded.kind, excluded.position, excluded.value, excluded.reasons)`)
  }
  if (clear.length > 0) steps.push(`DELETE FROM ${schema}.kv_set_aside WHERE key IN (${clear.map(literal).join(', ')})`)
  if (checkpoint !== undefined) steps.push(checkpointSql(schema, checkpoint))
  await writer.script([...steps, 'COMMIT', beginBatch].join('; '))
}

function checkpointSql(schema: string, { kind, rules, counts }: Checkpoint): string {
  const values = [kind, rules, JSON.stringify(counts)].map(literal)
  return `INSERT INTO ${schema}.kv_checkpoint (kind, rules, counts) VALUES (${values.join(', ')})
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
