import { columnOf, type Kind } from '../kinds/kind.ts'
import type { Writer } from './connection.ts'
import { copyChunks, copyLine } from './copy.ts'
import { type CopyTurns, copyBatch } from './copy-batch.ts'
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
  /** No record of this run has a row yet: what is new can be inserted first, and only what is refused looked at. */
  readonly fresh: boolean
  /** Where new records can go into the table by COPY: whose turn it is. */
  readonly turns?: CopyTurns | undefined
  /** The records' lines of `tableLine`, where they are made already. */
  readonly lines?: readonly string[] | undefined
  /** What records refer to that is not there, where somebody looks already. */
  readonly lost?: Promise<ReadonlyMap<number, Fact>> | undefined
}

/**
 * Begins the transaction of a batch, with the savepoint to which a refused one goes back. Few rows look something up in tables that grow: by
 * index, whatever the planner, which has no statistics of tables just made, thinks of reading them whole, and without starting workers for it. It may
 * be open for long before the batch comes. Deferred constraints are checked with
 * each statement: at the commit, what they refuse would take the whole batch with it.
 */
export const beginBatch = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; SET CONSTRAINTS ALL IMMEDIATE; SAVEPOINT kv_batch`

/**
 * Write a batch inside the transaction that `beginBatch` began: by COPY into the table itself where all of it is new and sound, by way of the staging
 * table otherwise.
 *
 * @throws What the server says, unless it refuses data; the transaction is aborted then.
 */
export async function writeBatch(target: Target, records: readonly Prepared[]): Promise<readonly Decision[]> {
  const { turns } = target
  if (turns?.isNext() === true) {
    const decisions = await copyBatch(target, records)
    if (decisions !== undefined) {
      turns.taken()
      return decisions
    }
    turns.refused()
  }
  return stageBatch(target, records)
}

/**
 * COPY into the staging table, one look at what the tables hold, one upsert. Where the server refuses the batch because of its data, halves of it are
 * tried, down to the record that is at fault, which is set aside.
 */
async function stageBatch(target: Target, records: readonly Prepared[]): Promise<readonly Decision[]> {
  const { writer, kind, parts } = target
  try {
    await stage(target, records)
    return target.fresh ? await insertFirst(target, records) : await lookFirst(target, records)
  } catch (error) {
    if (!isPoison(error)) throw error
    await writer.script('ROLLBACK TO SAVEPOINT kv_batch')
    const [only, another] = records
    if (only === undefined) throw error
    if (another === undefined) return parts.poisoned(only, refusedBy(error))
    const middle = Math.ceil(records.length / 2)
    const first = await stageBatch(target, records.slice(0, middle))
    // What the first half wrote stays; what it staged would be in the way of the second.
    await writer.script(`DELETE FROM pg_temp.${stagingOf(kind)}; SAVEPOINT kv_batch`)
    return [...first, ...(await stageBatch(target, records.slice(middle)))]
  }
}

async function lookFirst(target: Target, records: readonly Prepared[]): Promise<readonly Decision[]> {
  const decisions = target.parts.decide(target.kind, records, await readFacts(target, factsSql(target.kind, target.schema)))
  return upsert(target, decisions)
}

/**
 * The same with fewer look-ups. In the order of the keys the server itself takes the first of two records that claim one thing; which it did not
 * take is asked only when their number shows that there are any.
 */
async function insertFirst(target: Target, records: readonly Prepared[]): Promise<readonly Decision[]> {
  const { writer, kind, schema, parts } = target
  const lost = kind.references.length > 0 ? await readFacts(target, missingSql(kind, schema)) : new Map<number, Fact>()
  const candidates = records.filter(({ row, position }) => row !== undefined && !lost.has(position))
  const [row] = await writer.query<{ inserted: string }>(insertSql(kind, schema), [[...lost.keys()].map(String)])
  const facts =
    Number(row?.inserted) === candidates.length ? lost : new Map([...lost, ...(await readFacts(target, refusedSql(kind, schema)))])
  const inserted = new Set(candidates.filter(({ position }) => !facts.has(position)))
  const decisions = parts.decide(
    kind,
    records.filter((record) => !inserted.has(record)),
    facts,
  )
  const others = await upsert(target, decisions, [...inserted])
  const decided = new Map(others.map((decision) => [decision.record, decision]))
  return records.flatMap((record) => decided.get(record) ?? (inserted.has(record) ? [{ record, action: 'inserted', reasons: [] }] : []))
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
  await writer.copyFrom(`COPY pg_temp.${stagingOf(kind)} FROM STDIN`, copyChunks(stagedLines(kind, records)))
}

/** Valid records whole; of others what they refer to, so that every reason is found. */
function* stagedLines(kind: Kind, records: readonly Prepared[]): Iterable<string> {
  const referring = new Set(kind.references.map(({ field }) => field))
  for (const { position, key, digest, id, row, references } of records) {
    if (row !== undefined) {
      yield copyLine([String(position), 't', key, digest, id ?? null, ...row])
      continue
    }
    const cells = kind.fieldNames.map((field) => (referring.has(field) ? (references[field] ?? null) : null))
    if (cells.some((cell) => cell !== null)) yield copyLine([String(position), 'f', key, null, null, ...cells, null])
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

async function readFacts({ writer }: Target, sql: string): Promise<ReadonlyMap<number, Fact>> {
  const rows = await writer.query<FactRow>(sql)
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

interface References {
  readonly joins: string
  /** SQL: the fields whose reference leads nowhere, joined by commas. */
  readonly missing: string
  /** SQL: for each of them, whether it does. */
  readonly lost: readonly string[]
}

function referencesOf(kind: Kind, schema: string): References {
  const references = kind.references.map(({ field, kind: parent }, at) => ({ field, column: columnOf(field), parent, alias: `p${at}` }))
  const lost = references.map(({ column, alias }) => `(s.${column} IS NOT NULL AND ${alias}.id IS NULL)`)
  return {
    joins: references
      .map(({ column, parent, alias }) => `LEFT JOIN ${schema}.${parent} AS ${alias} ON ${alias}.id = s.${column}`)
      .join(' '),
    missing: `concat_ws(',', ${['NULL', ...references.map(({ field }, at) => `CASE WHEN ${lost[at]} THEN '${field}' END`)].join(', ')})`,
    lost,
  }
}

const heldColumns = `t.id IS NOT NULL AS present, t.source_key, t.source_digest::text AS digest,
  t.updated_at > coalesce(s.updated_at, '-infinity') AS newer, i.id::text AS holder, i.source_key AS holder_key`

/** @param counts  SQL: whether a row (`t` or `i`) counts. */
function heldJoins(kind: Kind, schema: string, counts: (row: 't' | 'i') => string = () => 'true'): string {
  return `LEFT JOIN ${schema}.${kind.name} AS t ON t.id = s.id AND ${counts('t')}
    LEFT JOIN ${schema}.${kind.name} AS i ON ${sameIdentity(kind, 'i', 's')} AND i.id <> s.id AND ${counts('i')}`
}

function factsSql(kind: Kind, schema: string): string {
  const { joins, missing, lost } = referencesOf(kind, schema)
  return `SELECT s.position, ${missing} AS missing, ${heldColumns}
    FROM pg_temp.${stagingOf(kind)} AS s ${heldJoins(kind, schema)} ${joins}
    WHERE ${['t.id IS NOT NULL', 'i.id IS NOT NULL', ...lost].join(' OR ')}`
}

function missingSql(kind: Kind, schema: string): string {
  const { joins, missing, lost } = referencesOf(kind, schema)
  return `SELECT s.position, ${missing} AS missing, false AS present, NULL AS source_key, NULL AS digest, NULL AS newer, NULL AS holder, NULL AS holder_key
    FROM pg_temp.${stagingOf(kind)} AS s ${joins} WHERE ${lost.join(' OR ')}`
}

/** Of the rows that could be inserted, those that were not. Rows that came later, from the same batch, are in the way of none before them. */
function refusedSql(kind: Kind, schema: string): string {
  const { joins, lost } = referencesOf(kind, schema)
  const earlier = (row: string) => `(${row}.source_key IS NULL OR ${row}.source_key COLLATE "C" <= s.source_key)`
  return `SELECT s.position, '' AS missing, ${heldColumns}
    FROM pg_temp.${stagingOf(kind)} AS s ${heldJoins(kind, schema, earlier)} ${joins}
    WHERE s.valid AND t.source_key IS DISTINCT FROM s.source_key${lost.map((each) => ` AND NOT ${each}`).join('')}`
}

/** Insert the staged rows but those at the positions of the parameter, first come first served. */
function insertSql(kind: Kind, schema: string): string {
  const columns = ['id', 'source_key', 'source_digest', ...columnsOf(kind)].join(', ')
  return `WITH inserted AS (
      INSERT INTO ${schema}.${kind.name} (${columns})
      SELECT ${columns} FROM pg_temp.${stagingOf(kind)} WHERE valid AND position <> ALL ($1::bigint[]) ORDER BY position
      ON CONFLICT DO NOTHING RETURNING 1
    ) SELECT count(*)::text AS inserted FROM inserted`
}

/**
 * Write the rows of what is inserted or updated.
 *
 * @param done  Staged records that have their row already.
 * @returns The decisions; a record whose row a trigger or a rule left out is set aside.
 */
async function upsert(target: Target, decisions: readonly Decision[], done: readonly Prepared[] = []): Promise<readonly Decision[]> {
  const { writer, kind, schema, parts } = target
  const writes = ({ action }: Decision) => action === 'inserted' || action === 'updated'
  const others = decisions.filter((decision) => !writes(decision)).map(({ record }) => record)
  if (others.length === decisions.length) return decisions
  const passedOver = [...others, ...done].map(({ position }) => String(position))
  const [row] = await writer.query<{ written: string }>(parts.upsertSql(kind, schema), [passedOver])
  if (Number(row?.written) === decisions.length - others.length) return decisions
  const rows = await writer.query<{ position: string; newer: boolean }>(leftOutSql(kind, schema), [passedOver])
  const leftOut = new Map(rows.map(({ position, newer }) => [Number(position), newer]))
  return decisions.flatMap((decision) => {
    const newer = leftOut.get(decision.record.position)
    if (newer === undefined || !writes(decision)) return [decision]
    if (newer) return [{ ...decision, action: 'kept' }]
    return parts.poisoned(decision.record, { path: '', code: 'database', message: 'is left out by a trigger or a rule of the table' })
  })
}

/** Of the staged rows but those at the positions of the parameter, those that are not in the table; `newer`: the table's is newer. */
function leftOutSql(kind: Kind, schema: string): string {
  return `SELECT s.position, coalesce(t.updated_at > coalesce(s.updated_at, '-infinity'), false) AS newer
    FROM pg_temp.${stagingOf(kind)} AS s LEFT JOIN ${schema}.${kind.name} AS t ON t.id = s.id
    WHERE s.valid AND position <> ALL ($1::bigint[]) AND t.source_digest IS DISTINCT FROM s.source_digest`
}

/** Write the staged rows but those at the positions of the parameter; a row that became newer meanwhile stays. */
export function upsertSql(kind: Kind, schema: string): string {
  const columns = ['source_key', 'source_digest', ...columnsOf(kind)]
  return `WITH written AS (
    INSERT INTO ${schema}.${kind.name} AS t (id, ${columns.join(', ')})
    SELECT id, ${columns.join(', ')} FROM pg_temp.${stagingOf(kind)} WHERE valid AND position <> ALL ($1::bigint[]) ORDER BY position
    ON CONFLICT (id) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}
    WHERE t.updated_at IS NULL OR t.updated_at <= excluded.updated_at RETURNING 1
  ) SELECT count(*)::text AS written FROM written`
}
