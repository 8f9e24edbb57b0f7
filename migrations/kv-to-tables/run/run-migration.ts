import type { Kind } from '../kinds/kind.ts'
import type { Connection, Writer } from './connection.ts'
import { type Counts, type Decision, type Prepared, unknownKind } from './model.ts'
import { ownParts, type Parts } from './parts.ts'
import { type Checkpoint, readCheckpoints } from './record-batch.ts'
import { rulesDigest } from './rules.ts'
import { withRunLock } from './run-lock.ts'
import { countRecords, createStaging, createTables, dropStaging, type Places } from './tables.ts'
import { beginBatch } from './write-batch.ts'

export interface RunOptions {
  /** In the order of their foreign keys. */
  readonly kinds: readonly Kind[]
  /** Names of the kinds to migrate; undefined for all, and what is of no kind. */
  readonly only?: readonly string[] | undefined
  /** Records in a batch, which is one transaction. Default 1000. */
  readonly batchSize?: number | undefined
  /** A batch of large records ends earlier. Default 4 Mi. */
  readonly batchCharacters?: number | undefined
  readonly dryRun?: boolean | undefined
  /** Take up only what is set aside. */
  readonly retry?: boolean | undefined
  readonly skipValidation?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly onSetAside?: ((decision: Decision, kind: string) => void) | undefined
  /** Runs on the reader's snapshot of the store, before the first record is read. */
  readonly beforeReading?: (() => Promise<void>) | undefined
  readonly parts?: Partial<Parts> | undefined
}

export interface Progress {
  readonly kind: string
  /** Records of this kind that are through, of how many. */
  readonly done: number
  readonly total: number
  /** Records of all kinds. */
  readonly doneInAll: number
  readonly totalInAll: number
}

/** What came of a run: for each kind `source` = `inserted` + `updated` + `unchanged` + `kept` + `setAside`. */
export interface RunResult {
  readonly dryRun: boolean
  readonly retry: boolean
  /** Kinds that went on where an earlier run had stopped. */
  readonly resumed: readonly string[]
  readonly kinds: readonly KindResult[]
  readonly total: Counts
}

export interface KindResult extends Counts {
  readonly kind: string
  readonly durationMs: number
}

/**
 * Move the store into the tables.
 *
 * @param writer  Outside a transaction; a batch is one on it. After a dry run its temporary tables stay behind and it refuses writes.
 * @param reader  Another connection, on which one snapshot of the store is read to the end.
 * @throws {CommandError} When another run is under way.
 */
export async function runMigration(writer: Writer, reader: Connection, places: Places, options: RunOptions): Promise<RunResult> {
  const parts: Parts = { ...ownParts, ...options.parts }
  const run = new Run(writer, reader, places, parts, options)
  if (options.dryRun === true) {
    await run.prepareDry()
    return run.migrate()
  }
  return withRunLock(writer, places, async () => {
    await run.prepareLive()
    const result = await run.migrate()
    await dropStaging(writer, options.kinds)
    return result
  })
}

interface BatchMode {
  /** Records that are moved may be among those set aside. */
  readonly clearing: boolean
  readonly fresh: boolean
}

class Run {
  readonly #writer: Writer
  readonly #reader: Connection
  readonly #places: Places
  readonly #parts: Parts
  readonly #options: RunOptions
  readonly #schema: string
  readonly #rules: string
  readonly #kinds: readonly Kind[]
  #doneInAll = 0
  #totalInAll = 0

  constructor(writer: Writer, reader: Connection, places: Places, parts: Parts, options: RunOptions) {
    this.#writer = writer
    this.#reader = reader
    this.#places = places
    this.#parts = parts
    this.#options = options
    this.#schema = options.dryRun === true ? parts.drySchema(places.schema) : places.schema
    this.#rules = rulesDigest(options.skipValidation === true)
    this.#kinds = options.kinds.filter(({ name }) => options.only?.includes(name) ?? true)
  }

  async prepareDry(): Promise<void> {
    await this.#parts.mirrorTables(this.#writer, this.#places, this.#options.kinds)
    await createStaging(this.#writer, this.#kinds)
    await this.#parts.refuseWrites(this.#writer)
  }

  async prepareLive(): Promise<void> {
    await createTables(this.#writer, this.#places)
    await createStaging(this.#writer, this.#kinds)
  }

  async migrate(): Promise<RunResult> {
    const { dryRun = false, retry = false, only, beforeReading } = this.#options
    await this.#reader.script('SET idle_in_transaction_session_timeout = 0; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    try {
      await beforeReading?.()
      const withUnknown = only === undefined && this.#parts.withUnknown
      const totals = await this.#totals(withUnknown)
      this.#totalInAll = [...totals.values()].reduce((sum, each) => sum + each, 0)
      const checkpoints = retry ? new Map<string, Checkpoint>() : await readCheckpoints(this.#writer, this.#schema, this.#rules)
      const results: KindResult[] = []
      for (const kind of this.#kinds) results.push(await this.#migrateKind(kind, totals.get(kind.name) ?? 0, checkpoints.get(kind.name)))
      if (withUnknown) results.push(await this.#migrateKind(undefined, totals.get(unknownKind) ?? 0, checkpoints.get(unknownKind)))
      if (!retry)
        await this.#writer.query(`DELETE FROM ${this.#schema}.kv_checkpoint WHERE kind = ANY ($1::text[])`, [
          results.map(({ kind }) => kind),
        ])
      return {
        dryRun,
        retry,
        resumed: results.map(({ kind }) => kind).filter((kind) => checkpoints.has(kind)),
        kinds: results,
        total: sumOf(results),
      }
    } finally {
      await this.#reader.script('ROLLBACK').catch(() => undefined)
    }
  }

  async #totals(withUnknown: boolean): Promise<ReadonlyMap<string, number>> {
    const { kinds, retry } = this.#options
    const names = [...kinds.map(({ name }) => name), unknownKind]
    const wanted = new Set([...this.#kinds.map(({ name }) => name), ...(withUnknown ? [unknownKind] : [])])
    const counts = retry === true ? await this.#countSetAside(names) : await countRecords(this.#reader, this.#places, kinds)
    return new Map(names.flatMap((name, at) => (wanted.has(name) ? [[name, counts[at] ?? 0] as const] : [])))
  }

  async #countSetAside(names: readonly string[]): Promise<readonly number[]> {
    const rows = await this.#writer.query<{ kind: string; count: string }>(
      `SELECT kind, count(*)::text AS count FROM ${this.#schema}.kv_set_aside GROUP BY kind`,
    )
    const counts = new Map(rows.map(({ kind, count }) => [kind, Number(count)]))
    return names.map((name) => counts.get(name) ?? 0)
  }

  /** @param kind  Undefined for what is of none. */
  async #migrateKind(kind: Kind | undefined, total: number, checkpoint: Checkpoint | undefined): Promise<KindResult> {
    const started = performance.now()
    const name = kind?.name ?? unknownKind
    const counts = checkpoint?.counts ?? { source: 0, inserted: 0, updated: 0, unchanged: 0, kept: 0, setAside: 0, reasons: {} }
    const advance = () => {
      this.#options.onProgress?.({
        kind: name,
        done: counts.source,
        total,
        doneInAll: this.#doneInAll + counts.source,
        totalInAll: this.#totalInAll,
      })
    }
    if (checkpoint?.done !== true && total > 0) {
      const [earlier] = await this.#writer.query<{ any: boolean }>(
        `SELECT EXISTS (SELECT FROM ${this.#schema}.kv_set_aside WHERE kind = $1) AS any`,
        [name],
      )
      const fresh = kind !== undefined && this.#options.retry !== true && (await this.#isFresh(kind, checkpoint))
      const batches = this.#prepared(kind, checkpoint)
      try {
        advance()
        // While one batch is written, the next is read and judged; no more than that is ever under way.
        for (let next = batches.next(); ; ) {
          const { value: batch, done } = await next
          if (done === true) break
          next = batches.next()
          next.catch(() => undefined)
          this.#options.signal?.throwIfAborted()
          await this.#writeBatch(kind, batch, counts, { clearing: earlier?.any === true, fresh })
          advance()
        }
      } finally {
        await batches.return(undefined)
      }
      if (this.#options.retry !== true) await this.#finishKind(name, counts)
    }
    this.#doneInAll += counts.source
    return { kind: name, ...counts, durationMs: Math.round(performance.now() - started) }
  }

  /** Whether the table holds nothing but rows of records that this run, or the one that it goes on with, has behind it. */
  async #isFresh(kind: Kind, checkpoint: Checkpoint | undefined): Promise<boolean> {
    const [row] = await this.#writer.query<{ fresh: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM ${this.#schema}.${kind.name} WHERE source_key IS NULL OR $1::text IS NULL OR source_key COLLATE "C" > $1) AS fresh`,
      [checkpoint?.lastKey ?? null],
    )
    return row?.fresh === true
  }

  async *#prepared(kind: Kind | undefined, checkpoint: Checkpoint | undefined): AsyncGenerator<readonly Prepared[], undefined> {
    const { kinds, batchSize = 1000, batchCharacters = 4 * 1024 * 1024, retry = false, skipValidation = false } = this.#options
    const after = checkpoint === undefined ? undefined : { key: checkpoint.lastKey, position: checkpoint.counts.source }
    const wanted = kind === undefined ? { none: kinds } : ([kind] as const)
    const records = this.#parts.readStore(this.#reader, this.#places, wanted, { batchSize, batchCharacters, after, retry })
    for await (const batch of records)
      yield batch.map((record) =>
        kind === undefined ? ofNoKind(record) : this.#parts.prepare(kind, record, { canonical: this.#places.canonical, skipValidation }),
      )
    return undefined
  }

  async #writeBatch(kind: Kind | undefined, batch: readonly Prepared[], counts: Counts, { clearing, fresh }: BatchMode): Promise<void> {
    const [writer, schema, parts] = [this.#writer, this.#schema, this.#parts]
    const name = kind?.name ?? unknownKind
    await writer.script(beginBatch)
    try {
      const decisions: readonly Decision[] =
        kind === undefined
          ? batch.map((record) => ({ record, action: 'set-aside', reasons: record.reasons }))
          : await parts.writeBatch({ writer, kind, schema, parts, fresh }, batch)
      const aside = decisions.filter(({ action }) => action === 'set-aside')
      count(counts, decisions)
      const clear = clearing ? decisions.filter(({ action }) => action !== 'set-aside').map(({ record }) => record.key) : []
      const lastKey = batch.at(-1)?.key ?? ''
      const checkpoint = this.#options.retry === true ? undefined : { kind: name, rules: this.#rules, lastKey, done: false, counts }
      await parts.recordBatch(writer, schema, name, parts.keepAside(aside), clear, checkpoint)
      await writer.script('COMMIT')
      for (const decision of aside) this.#options.onSetAside?.(decision, name)
    } catch (error) {
      await writer.script('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async #finishKind(kind: string, counts: Counts): Promise<void> {
    await this.#parts.recordBatch(this.#writer, this.#schema, kind, [], [], { kind, rules: this.#rules, lastKey: '', done: true, counts })
  }
}

function ofNoKind(record: Omit<Prepared, 'row' | 'id' | 'references' | 'identity' | 'reasons'>): Prepared {
  const reason = { path: '', code: 'kind', message: 'has a key under no known prefix' }
  return { ...record, row: undefined, id: undefined, references: new Map(), identity: undefined, reasons: [reason] }
}

function count(counts: Counts, decisions: readonly Decision[]): void {
  for (const { action, reasons } of decisions) {
    counts.source += 1
    if (action === 'set-aside') counts.setAside += 1
    else counts[action] += 1
    if (action === 'set-aside')
      for (const code of new Set(reasons.map((reason) => reason.code))) counts.reasons[code] = (counts.reasons[code] ?? 0) + 1
  }
}

function sumOf(results: readonly KindResult[]): Counts {
  const total: Counts = { source: 0, inserted: 0, updated: 0, unchanged: 0, kept: 0, setAside: 0, reasons: {} }
  for (const result of results) {
    for (const key of ['source', 'inserted', 'updated', 'unchanged', 'kept', 'setAside'] as const) total[key] += result[key]
    for (const [code, number] of Object.entries(result.reasons)) total.reasons[code] = (total.reasons[code] ?? 0) + number
  }
  return total
}
