import { columnOf, type Kind } from '../kinds/kind.ts'
import type { Writer } from './connection.ts'
import { copyRows } from './copy.ts'
import type { Fact } from './decide.ts'
import { isPoison, sqlstateOf } from './errors.ts'
import { sameIdentity } from './identity.ts'
import type { Decision, Prepared, Reason } from './model.ts'
import type { Parts } from './parts.ts'
import { columnsOf, stagingOf } from './tables.ts'

/** Where the records of one kind go. */
export interface Target {
  readonly writer: Writer
  readonly kind: Kind
  readonly schema: string
  readonly parts: Parts
}

/**
 * Write a batch inside the open transaction: COPY into the staging table, one look at what the tables hold, one upsert. Where the server refuses
 * the batch because of its data, halves of it are tried, down to the record that is at fault, which is set aside.
 *
 * @throws What the server says otherwise; the transaction is aborted then.
 */
export async function writeBatch(target: Target, records: readonly Prepared[]): Promise<readonly Decision[]> {
  const { writer, kind, parts } = target
  // What an earlier half staged is in the way of this one.
  await writer.script(`SAVEPOINT kv_batch; DELETE FROM pg_temp.${stagingOf(kind)}`)
  try {
    await stage(target, records)
    const decisions = parts.decide(kind, records, await readFacts(target))
    await upsert(target, decisions)
    await writer.script('RELEASE SAVEPOINT kv_batch')
    return decisions
  } catch (error) {
    if (!isPoison(error)) throw error
    await writer.script('ROLLBACK TO SAVEPOINT kv_batch; RELEASE SAVEPOINT kv_batch')
    const [only, another] = records
    if (only === undefined) throw error
    if (another === undefined) return parts.poisoned(only, refusedBy(error))
    const middle = Math.ceil(records.length / 2)
    const first = await writeBatch(target, records.slice(0, middle))
    return [...first, ...(await writeBatch(target, records.slice(middle)))]
  }
}

/** The decision on a record that the server refuses. */
export function poisoned(record: Prepared, reason: Reason): readonly Decision[] {
  return [{ record, action: 'set-aside', reasons: [...record.reasons, reason] }]
}

function refusedBy(error: unknown): Reason {
  const message = error instanceof Error ? error.message : String(error)
  return { path: '', code: 'database', message: `is refused by the server: ${message} (${sqlstateOf(error)})` }
}

async function stage({ writer, kind }: Target, records: readonly Prepared[]): Promise<void> {
  await writer.copyFrom(`COPY pg_temp.${stagingOf(kind)} FROM STDIN`, copyRows(stagedRows(kind, records)))
}

/** Valid records whole; of others what they refer to, so that every reason is found. */
function* stagedRows(kind: Kind, records: readonly Prepared[]): Iterable<readonly (string | null)[]> {
  const fields = Object.keys(kind.fields)
  for (const { position, key, digest, id, row, references } of records) {
    if (row !== undefined) yield [String(position), 't', key, digest, id ?? null, ...row]
    else if (references.size > 0)
      yield [String(position), 'f', key, null, null, ...fields.map((field) => references.get(field) ?? null), null]
  }
}

interface FactRow {
  readonly position: string
  readonly missing: string
  readonly present: boolean
  readonly source_key: string | null
  readonly digest: string | null
  readonly newer: boolean | null
  readonly holder: string | null
  readonly holder_key: string | null
}

async function readFacts({ writer, kind, schema }: Target): Promise<ReadonlyMap<number, Fact>> {
  const rows = await writer.query<FactRow>(factsSql(kind, schema))
  return new Map(
    rows.map(({ position, missing, present, source_key, digest, newer, holder, holder_key }) => [
      Number(position),
      {
        missing: missing === '' ? [] : missing.split(','),
        present: present ? { sourceKey: source_key, digest, newer: newer === true } : undefined,
        holder: holder === null ? undefined : { id: holder, sourceKey: holder_key },
      },
    ]),
  )
}

function factsSql(kind: Kind, schema: string): string {
  const references = Object.entries(kind.fields).flatMap(([field, { reference }], at) =>
    reference === undefined ? [] : [{ field, column: columnOf(field), parent: reference, alias: `p${at}` }],
  )
  const lost = ({ column, alias }: (typeof references)[number]) => `(s.${column} IS NOT NULL AND ${alias}.id IS NULL)`
  const joins = references.map(({ column, parent, alias }) => `LEFT JOIN ${schema}.${parent} AS ${alias} ON ${alias}.id = s.${column}`)
  const missing = references.map((each) => `CASE WHEN ${lost(each)} THEN '${each.field}' END`)
  return `SELECT s.position, concat_ws(',', ${['NULL', ...missing].join(', ')}) AS missing,
      t.id IS NOT NULL AS present, t.source_key, t.source_digest::text AS digest,
      t.updated_at > coalesce(s.updated_at, '-infinity') AS newer, i.id::text AS holder, i.source_key AS holder_key
    FROM pg_temp.${stagingOf(kind)} AS s
    LEFT JOIN ${schema}.${kind.name} AS t ON t.id = s.id
    LEFT JOIN ${schema}.${kind.name} AS i ON ${sameIdentity(kind, 'i', 's')} AND i.id <> s.id
    ${joins.join('\n')}
    WHERE ${['t.id IS NOT NULL', 'i.id IS NOT NULL', ...references.map(lost)].join(' OR ')}`
}

async function upsert({ writer, kind, schema, parts }: Target, decisions: readonly Decision[]): Promise<void> {
  const others = decisions.filter(({ action }) => action !== 'inserted' && action !== 'updated')
  if (others.length < decisions.length)
    await writer.query(parts.upsertSql(kind, schema), [others.map(({ record }) => String(record.position))])
}

/** Write the staged rows but those at the positions of the parameter; a row that became newer meanwhile stays. */
export function upsertSql(kind: Kind, schema: string): string {
  const columns = ['source_key', 'source_digest', ...columnsOf(kind)]
  return `INSERT INTO ${schema}.${kind.name} AS t (id, ${columns.join(', ')})
    SELECT id, ${columns.join(', ')} FROM pg_temp.${stagingOf(kind)} WHERE valid AND position <> ALL ($1::bigint[]) ORDER BY position
    ON CONFLICT (id) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE t.updated_at IS NULL OR t.updated_at <= excluded.updated_at`
}
