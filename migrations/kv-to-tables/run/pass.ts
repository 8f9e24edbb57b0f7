import { setImmediate } from 'node:timers/promises'
import type { Kind } from '../kinds/kind.ts'
import { CopyTurns, canCopy, findLost, tableLine } from './copy-batch.ts'
import { carryOver, count, noCounts, sumOf } from './counts.ts'
import { sqlstateOf } from './errors.ts'
import { type Counts, type Decision, type Prepared, unknownKind } from './model.ts'
import type { Take } from './read-store.ts'
import { type KindResult, type Run, type RunResult, usualBatchSize } from './run-options.ts'
import { countRecords, wantedKeys } from './tables.ts'
import { tally } from './tally.ts'
import { beginBatch } from './write-batch.ts'

interface BatchMode {
  /** Records that are moved may be among those set aside. */
  readonly clearing: boolean
  readonly fresh: boolean
  readonly turns: CopyTurns | undefined
}

interface Batch {
  readonly kind: Kind | undefined
  readonly records: readonly Prepared[]
  /** Of records that may go by COPY: made before their turn, so that the server need not wait for them. */
  readonly lines?: readonly string[] | undefined
  /** What they refer to that is not there, where that can be looked up before their turn. */
  readonly lost?: ReturnType<typeof findLost> | undefined
}

/** Records that are judged without a break: while it lasts, nobody hears an answer of the server. */
const judgedAtOnce = 10

/** A batch of large records is not held twice: where its lines have more characters, they are made when its turn has come. */
const linesAhead = 1024 * 1024

/** One pass over the store, in the snapshot that the reader has open: kind after kind, batch after batch. */
export class Pass {
  readonly #run: Run
  /** Schema of the tables that are written. */
  readonly #schema: string
  readonly #rules: string
  readonly #earlier: ReadonlyMap<string, Counts>
  readonly #kinds: readonly Kind[]
  #doneInAll = 0
  #totalInAll = 0
  /** A transaction for the next batch is open. */
  #begun = false
  /** Kinds whose rows are all committed. */
  readonly #done = new Set<string>()
  readonly #modes = new Map<Kind | undefined, BatchMode>()

  /** @param earlier  What earlier passes counted, by kind: of these only the records are taken up that are not in their table as they are. */
  constructor(run: Run, schema: string, rules: string, earlier: ReadonlyMap<string, Counts>) {
    this.#run = run
    this.#schema = schema
    this.#rules = rules
    this.#earlier = earlier
    this.#kinds = run.options.kinds.filter(({ name }) => run.options.only?.includes(name) ?? true)
  }

  async migrate(): Promise<RunResult> {
    const { options, parts } = this.#run
    const { dryRun = false, retry = false, only } = options
    const kinds = [...this.#kinds, ...(only === undefined && parts.withUnknown ? [undefined] : [])]
    const totals = await this.#totals(kinds)
    this.#totalInAll = [...totals.values()].reduce((sum, each) => sum + each, 0)
    const counts = new Map<Kind | undefined, Counts>()
    for (const kind of kinds) counts.set(kind, await this.#countsBefore(kind))
    const present = kinds.filter((kind) => (totals.get(kind) ?? 0) > 0)
    for (const kind of present) this.#modes.set(kind, await this.#mode(kind))
    const batches = new Ahead(this.#prepared(present))
    const results: KindResult[] = []
    try {
      for (const kind of kinds) results.push(await this.#migrateKind(kind, totals.get(kind) ?? 0, counts.get(kind) ?? noCounts(), batches))
    } finally {
      await batches.close()
      await this.#rollBack()
    }
    return {
      dryRun,
      retry,
      resumed: results.map(({ kind }) => kind).filter((kind) => this.#earlier.has(kind)),
      kinds: results,
      total: sumOf(results),
      gone: [],
      untried: (this.#run.mirror?.untried ?? []).flatMap((untried) => {
        const rows = results
          .filter(({ kind }) => kind === untried.table)
          .reduce((sum, { inserted, updated }) => sum + inserted + updated, 0)
        return rows === 0 ? [] : [{ ...untried, rows }]
      }),
    }
  }

  async #totals(kinds: readonly (Kind | undefined)[]): Promise<ReadonlyMap<Kind | undefined, number>> {
    const { reader, places, options } = this.#run
    if (options.retry !== true) return countRecords(reader, places, kinds, options.kinds)
    const totals = new Map<Kind | undefined, number>()
    for (const kind of kinds) {
      const [row] = await reader.query<{ count: string }>(
        `SELECT count(*)::text AS count FROM ${places.schema}.kv_set_aside AS a JOIN ${places.store} AS s ON s.key = a.key
         WHERE ${wantedKeys(kind, options.kinds)}`,
      )
      totals.set(kind, Number(row?.count ?? 0))
    }
    return totals
  }

  #take(kind: Kind | undefined): Take {
    if (this.#run.options.retry === true) return 'set-aside'
    return this.#earlier.has(kind?.name ?? unknownKind) ? 'unmoved' : 'all'
  }

  async #countsBefore(kind: Kind | undefined): Promise<Counts> {
    const { reader, places, options } = this.#run
    const earlier = this.#earlier.get(kind?.name ?? unknownKind)
    return earlier === undefined ? noCounts() : carryOver(earlier, (await tally(reader, places, kind, options.kinds)).moved)
  }

  /** @param kind  Undefined for what is of none. */
  async #migrateKind(kind: Kind | undefined, total: number, counts: Counts, batches: Ahead): Promise<KindResult> {
    const { options } = this.#run
    const started = performance.now()
    const name = kind?.name ?? unknownKind
    const advance = () => {
      const doneInAll = this.#doneInAll + counts.source
      options.onProgress?.({ kind: name, done: counts.source, total, doneInAll, totalInAll: this.#totalInAll })
    }
    if (total > 0) {
      advance()
      for (let batch = await batches.next(kind); batch !== undefined; batch = await batches.next(kind)) {
        options.signal?.throwIfAborted()
        await this.#writeBatch(batch, counts)
        advance()
      }
    }
    this.#done.add(name)
    this.#doneInAll += counts.source
    return { kind: name, ...counts, durationMs: Math.round(performance.now() - started) }
  }

  async #rollBack(): Promise<void> {
    if (this.#begun) await this.#run.writer.script('ROLLBACK').catch(() => undefined)
    this.#begun = false
  }

  async #mode(kind: Kind | undefined): Promise<BatchMode> {
    const { writer } = this.#run
    const empty = kind === undefined ? 'false' : `NOT EXISTS (SELECT FROM ${this.#schema}.${kind.name})`
    const [row] = await writer.query<{ clearing: boolean; empty: boolean }>(
      `SELECT EXISTS (SELECT FROM ${this.#schema}.kv_set_aside WHERE kind = $1) AS clearing, ${empty} AS empty`,
      [kind?.name ?? unknownKind],
    )
    const fresh = kind !== undefined && this.#take(kind) === 'all' && row?.empty === true
    const turns = fresh && (await canCopy(writer, kind, this.#schema)) ? new CopyTurns() : undefined
    return { clearing: row?.clearing === true, fresh, turns }
  }

  async *#prepared(kinds: readonly (Kind | undefined)[]): AsyncGenerator<Batch, undefined> {
    const { reader, places, parts, options } = this.#run
    const { batchSize = usualBatchSize, batchCharacters = 4 * 1024 * 1024, skipValidation = false } = options
    const { canonical } = places
    for (const kind of kinds)
      for await (const batch of parts.readStore(reader, places, kind, options.kinds, {
        batchSize,
        batchCharacters,
        take: this.#take(kind),
      })) {
        const records: Prepared[] = []
        let lines: string[] | undefined = this.#modes.get(kind)?.turns === undefined ? undefined : []
        let characters = 0
        for (const record of batch) {
          if (records.length % judgedAtOnce === 0) await setImmediate()
          const prepared = kind === undefined ? ofNoKind(record) : parts.prepare(kind, record, { canonical, skipValidation })
          records.push(prepared)
          if (lines === undefined) continue
          const line = tableLine(prepared)
          lines.push(line)
          characters += line.length
          if (characters > linesAhead) lines = undefined
        }
        yield { kind, records, lines, lost: this.#look(kind, records) }
      }
    return undefined
  }

  /** While the batch before is written: all rows that the records may refer to must be there by then. */
  #look(kind: Kind | undefined, records: readonly Prepared[]): Batch['lost'] {
    const { looker } = this.#run
    if (looker === undefined || kind === undefined || this.#modes.get(kind)?.turns === undefined) return undefined
    if (kind.references.some(({ kind: parent }) => this.#kinds.some(({ name }) => name === parent) && !this.#done.has(parent)))
      return undefined
    const lost = findLost(looker, kind, this.#schema, records)
    // Whoever writes the batch hears its error.
    lost.catch(() => undefined)
    return lost
  }

  async #writeBatch(batch: Batch, counts: Counts): Promise<void> {
    const { kind, records, lines, lost } = batch
    const { clearing = false, fresh = false, turns } = this.#modes.get(kind) ?? {}
    const { writer, parts, options } = this.#run
    const schema = this.#schema
    const name = kind?.name ?? unknownKind
    if (!this.#begun) await writer.script(beginBatch)
    this.#begun = true
    try {
      const decisions: readonly Decision[] =
        kind === undefined
          ? records.map((record) => ({ record, action: 'set-aside', reasons: record.reasons }))
          : await parts.writeBatch({ writer, kind, schema, parts, fresh, turns, lines, lost }, records)
      const aside = decisions.filter(({ action }) => action === 'set-aside')
      count(counts, decisions)
      const clear = clearing ? decisions.filter(({ action }) => action !== 'set-aside').map(({ record }) => record.key) : []
      const checkpoint = options.retry === true ? undefined : { kind: name, rules: this.#rules, counts }
      await parts.recordBatch(writer, schema, name, parts.keepAside(aside), clear, checkpoint)
      for (const decision of aside) options.onSetAside?.(decision, name)
    } catch (error) {
      await this.#rollBack()
      // In a dry run a trigger wanted to write where only temporary tables may be written.
      if (sqlstateOf(error) !== '25006' || (await this.#run.mirror?.leaveOutTriggers(name)) !== true) throw error
      await this.#writeBatch(batch, counts)
    }
  }
}

/** The batches of all kinds. While one is written, the next is read and judged; no more than that is ever under way. */
class Ahead {
  readonly #batches: AsyncGenerator<Batch, undefined>
  #next: Promise<IteratorResult<Batch, undefined>>

  constructor(batches: AsyncGenerator<Batch, undefined>) {
    this.#batches = batches
    this.#next = this.#begin()
  }

  /** The next batch of this kind; undefined where there is none any more. */
  async next(kind: Kind | undefined): Promise<Batch | undefined> {
    const { value: batch, done } = await this.#next
    if (done === true || batch.kind !== kind) return undefined
    this.#next = this.#begin()
    return batch
  }

  async close(): Promise<void> {
    await this.#batches.return(undefined)
  }

  #begin(): Promise<IteratorResult<Batch, undefined>> {
    const next = this.#batches.next()
    next.catch(() => undefined)
    return next
  }
}

function ofNoKind(record: Omit<Prepared, 'row' | 'id' | 'references' | 'identity' | 'reasons'>): Prepared {
  const reason = { path: '', code: 'kind', message: 'has a key under no known prefix' }
  return { ...record, row: undefined, id: undefined, references: {}, identity: undefined, reasons: [reason] }
}
