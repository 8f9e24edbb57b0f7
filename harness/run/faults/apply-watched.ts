import { applyStep, controlsTransaction, type Outcome, type Script, type Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { whomItStops } from './lock-modes.ts'
import { type Probe, probeRelations } from './probe-relations.ts'
import { type Part, transactionsOf } from './transactions-of.ts'
import type { LockWatch } from './watch-locks.ts'
import type { LockTaken, WatchedStatement } from './watched.ts'

export interface WatchOptions {
  /** Relations that were there before, by OID: their locks, scans and files are looked at. */
  readonly relations: ReadonlyMap<number, string>
  /** The harness's own session, which looks from outside. */
  readonly observer: Session
  readonly locks: LockWatch
  /** Awaited once before each COMMIT; how long it took is left out of all times. */
  readonly beforeCommit?: (() => Promise<void>) | undefined
  /** Awaited before each statement is sent, and before a COMMIT that is not in the script. How long it took is left out of all times. */
  readonly onSent?: ((sent: SentStatement) => Promise<void>) | undefined
  /**
   * Awaited after each statement that did something, with its index: on the migration's own session while its transaction is open, else on
   * the observer's. How long it took is left out of all times.
   */
  readonly onEnded?: ((index: number, looking: Session) => Promise<void>) | undefined
  /** For programs that open connections of their own. */
  readonly url?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What the server is about to be sent. */
export interface SentStatement {
  readonly kind: 'statement' | 'commit'
  /** Index of the statement; of a COMMIT the number of statements before it. */
  readonly index: number
  readonly text: string
  readonly file: string
  readonly line: number
}

/** A step as it was applied. Times are those of `performance.now()`. */
export interface WatchedStep {
  readonly outcome: Outcome
  readonly startMs: number
  readonly endMs: number
  readonly byStatement: boolean
  readonly statements: readonly WatchedStatement[]
  /** When each statement began, by index. */
  readonly startsMs: readonly number[]
  /** Stretches in which the harness itself kept the migration waiting. */
  readonly pauses: readonly Pause[]
  readonly lockTimeout: string | undefined
}

export interface Pause {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Apply a step and look after each statement, within its transaction, at the locks that it took, the rows that it read and wrote, and the
 * files that it made anew. A statement that stands in no transaction of the script gets one of its own, which comes to the same; one that
 * refuses that is looked at from outside, and so is a program.
 *
 * A text that its tool sends as one message is sent statement by statement in one transaction.
 */
export async function applyWatched(session: Session, step: Step, options: WatchOptions): Promise<WatchedStep> {
  const startMs = performance.now()
  const watch = new Watch(session, options)
  await watch.begin()
  if (step.kind === 'program') {
    await options.onSent?.({ kind: 'statement', index: 0, text: theProgram, file: step.file, line: 1 })
    const outcome = await applyStep(session, step, applyOptions(options))
    return { ...(await watch.whole(step.file, outcome, startMs)), outcome, startMs, endMs: performance.now(), byStatement: false }
  }
  let outcome: Outcome = { outcome: 'applied', durationMs: 0, notices: [] }
  for (const part of transactionsOf(step.script)) {
    outcome = await watch.apply(part)
    if (outcome.outcome === 'failed') {
      const { failure } = outcome
      outcome = { ...outcome, failure: { ...failure, index: failure.index + part.at } }
      break
    }
  }
  return { ...watch.result(), outcome, startMs, endMs: performance.now(), byStatement: true }
}

function applyOptions({ url, signal }: WatchOptions) {
  return { ...(url === undefined ? {} : { url }), ...(signal === undefined ? {} : { signal }) }
}

const theProgram = 'the program'

/** Refused inside a transaction: before anything was done, or undone with the transaction. */
const wantsNone = new Set(['25001', '2D000', '0A000'])

class Watch {
  readonly #session: Session
  readonly #options: WatchOptions
  readonly #oids: readonly number[]
  readonly #statements: WatchedStatement[] = []
  readonly #starts: number[] = []
  readonly #pauses: Pause[] = []
  #before: ReadonlyMap<number, Probe> = new Map()
  #transaction = 0
  #ownTimeout: string | undefined
  #lockTimeout: string | undefined

  constructor(session: Session, options: WatchOptions) {
    this.#session = session
    this.#options = options
    this.#oids = [...options.relations.keys()]
  }

  async begin(): Promise<void> {
    this.#before = await this.#probe(this.#options.observer)
    this.#ownTimeout = await this.#timeout()
  }

  async apply(part: Part): Promise<Outcome> {
    const known = this.#statements.length
    const outcome = await this.#applyOpen(part)
    const refused = outcome.outcome === 'failed' && part.script.statements.length === 1 && wantsNone.has(outcome.failure.sqlstate)
    if (!refused) return outcome
    this.#statements.splice(known)
    this.#starts.splice(known)
    return this.#applyBare({ ...part.script, mode: 'autocommit' })
  }

  result(): Pick<WatchedStep, 'statements' | 'startsMs' | 'pauses' | 'lockTimeout'> {
    return { statements: this.#statements, startsMs: this.#starts, pauses: this.#pauses, lockTimeout: this.#lockTimeout }
  }

  /** A program: one statement, as seen from outside. */
  async whole(file: string, outcome: Outcome, startMs: number) {
    this.#starts.push(startMs)
    const seen = await this.#fromOutside(startMs, performance.now())
    this.#statements.push({ text: theProgram, file, line: 1, durationMs: outcome.durationMs, transaction: 0, ...seen })
    await this.#options.onEnded?.(0, this.#options.observer)
    return this.result()
  }

  /** A transaction, looked at after each statement. */
  async #applyOpen({ script }: Part): Promise<Outcome> {
    const { statements } = script
    const transaction = this.#transaction++
    const first = this.#statements.length
    const taken: { at: number; relation: string; mode: string; fromMs: number }[] = []
    const held = new Set<string>()
    // What earlier transactions of this session did leaves its own counters, so that they begin at 0.
    await this.#session.query('SELECT pg_catalog.pg_stat_force_next_flush()')
    let startMs = performance.now()
    let before = this.#before
    const ended = async (local: number): Promise<void> => {
      const statement = statements[local]
      const endMs = performance.now()
      if (statement === undefined) return
      const own = { text: statement.text, file: statement.file, line: statement.line, durationMs: endMs - startMs, transaction, locks: [] }
      const looks = !controlsTransaction(statement) && statement.node !== 'VariableSetStmt'
      // Before the first query SET TRANSACTION must still be possible.
      const after = looks ? await this.#probe(this.#session) : before
      if (!looks) this.#statements.push({ ...own, work: [], rewritten: [] })
      else {
        this.#lockTimeout = await this.#changedTimeout()
        this.#statements.push({ ...own, ...this.#changes(before, after) })
        for (const [oid, { modes }] of after)
          for (const mode of modes) {
            const key = `${oid} ${mode}`
            if (held.has(key)) continue
            held.add(key)
            const sampled = this.#options.locks.locks(startMs, endMs).find((each) => each.relationOid === oid && each.mode === mode)
            const fromMs = Math.max(startMs, Math.min(sampled?.startMs ?? startMs, endMs))
            taken.push({ at: first + local, relation: this.#path(oid), mode, fromMs })
          }
      }
      before = after
      if (looks) await this.#options.onEnded?.(first + local, this.#session)
      this.#pauses.push({ fromMs: endMs, toMs: performance.now() })
    }
    const beforeEnd = async (): Promise<void> => {
      const { beforeCommit } = this.#options
      if (beforeCommit === undefined || taken.every(({ mode }) => whomItStops(mode) === undefined)) return
      const fromMs = performance.now()
      await beforeCommit()
      this.#pauses.push({ fromMs, toMs: performance.now() })
    }
    const outcome = await applyStep(
      this.#session,
      { kind: 'sql', script },
      {
        ...applyOptions(this.#options),
        onStatement: async (local) => {
          if (local > 0) await ended(local - 1)
          const next = statements[local]
          if (local > 0 && (next === undefined || controlsTransaction(next))) await beforeEnd()
          await this.#tell(sentOf(script, first, local))
          startMs = performance.now()
          if (next !== undefined) this.#starts.push(startMs)
        },
      },
    )
    const endMs = performance.now()
    // Its own COMMIT is the last statement of a script that has one.
    const last = statements.at(-1)
    if (last !== undefined && this.#statements.length < first + statements.length && outcome.outcome === 'applied') {
      const { text, file, line } = last
      this.#statements.push({ text, file, line, durationMs: endMs - startMs, transaction, locks: [], work: [], rewritten: [] })
    }
    for (const { at, relation, mode, fromMs } of taken) {
      const statement = this.#statements[at]
      if (statement === undefined) continue
      const lock: LockTaken = { relation, mode, heldMs: Math.max(0, endMs - fromMs - this.#paused(fromMs, endMs)) }
      this.#statements[at] = { ...statement, locks: [...statement.locks, lock] }
    }
    this.#before = await this.#probe(this.#options.observer)
    return outcome
  }

  /** A statement that refuses a transaction around it. */
  async #applyBare(script: Script): Promise<Outcome> {
    await this.#tell(sentOf(script, this.#statements.length, 0))
    const startMs = performance.now()
    this.#starts.push(startMs)
    const outcome = await applyStep(this.#session, { kind: 'sql', script }, applyOptions(this.#options))
    const [statement] = script.statements
    if (statement === undefined) return outcome
    const endMs = performance.now()
    const { text, file, line } = statement
    const seen = await this.#fromOutside(startMs, endMs)
    this.#statements.push({ text, file, line, durationMs: endMs - startMs, transaction: this.#transaction++, ...seen })
    const pausedMs = performance.now()
    await this.#options.onEnded?.(this.#statements.length - 1, this.#options.observer)
    this.#pauses.push({ fromMs: pausedMs, toMs: performance.now() })
    return outcome
  }

  async #tell(sent: SentStatement): Promise<void> {
    const fromMs = performance.now()
    await this.#options.onSent?.(sent)
    this.#pauses.push({ fromMs, toMs: performance.now() })
  }

  async #fromOutside(startMs: number, endMs: number): Promise<Pick<WatchedStatement, 'locks' | 'work' | 'rewritten'>> {
    const after = await this.#probe(this.#options.observer)
    const rewritten = [...after].flatMap(([oid, { fileNode }]) => (this.#isNew(oid, fileNode) ? [this.#path(oid)] : []))
    this.#before = after
    const locks = this.#options.locks.locks(startMs, endMs).flatMap(({ relationOid, mode, startMs: from, endMs: to }) => {
      const relation = this.#options.relations.get(relationOid)
      return relation === undefined ? [] : [{ relation, mode, heldMs: to - from }]
    })
    return { locks, work: [], rewritten: [...new Set(rewritten)] }
  }

  /** What a statement did, by the statistics of its own transaction. */
  #changes(before: ReadonlyMap<number, Probe>, after: ReadonlyMap<number, Probe>): Pick<WatchedStatement, 'work' | 'rewritten'> {
    const work = new Map<string, { scanned: number; written: number }>()
    const rewritten = new Set<string>()
    for (const [oid, now] of after) {
      const then = before.get(oid)
      const relation = this.#path(oid)
      const known = work.get(relation) ?? { scanned: 0, written: 0 }
      // The observer's probe knows nothing of a transaction: its counters are 0.
      const scans = now.scans - (then?.scans ?? 0)
      const scanned = scans > 0 ? now.scanned - (then?.scanned ?? 0) : 0
      work.set(relation, { scanned: known.scanned + scanned, written: known.written + now.written - (then?.written ?? 0) })
      // TRUNCATE makes a new file too, and reads no row for it.
      if (then?.fileNode !== null && then?.fileNode !== undefined && now.fileNode !== null && then.fileNode !== now.fileNode && scanned > 0)
        rewritten.add(relation)
    }
    return {
      work: [...work].flatMap(([relation, each]) => (each.scanned + each.written > 0 ? [{ relation, ...each }] : [])),
      rewritten: [...rewritten],
    }
  }

  #isNew(oid: number, fileNode: number | null): boolean {
    const then = this.#before.get(oid)?.fileNode
    return then !== undefined && then !== null && fileNode !== null && then !== fileNode
  }

  #path(oid: number): string {
    return this.#options.relations.get(oid) ?? String(oid)
  }

  #paused(fromMs: number, toMs: number): number {
    return pausedIn(this.#pauses, fromMs, toMs)
  }

  async #timeout(): Promise<string | undefined> {
    const [row] = await this.#session.query<{ value: string }>(`SELECT pg_catalog.current_setting('lock_timeout') AS value`)
    return row?.value
  }

  /** The harness sets one for itself: only another one is the migration's. */
  async #changedTimeout(): Promise<string | undefined> {
    const now = await this.#timeout()
    return now === this.#ownTimeout || now === '0' ? this.#lockTimeout : now
  }

  #probe(session: Session): Promise<ReadonlyMap<number, Probe>> {
    return probeRelations(session, this.#oids)
  }
}

/** @param first  Index of the script's first statement in the whole step. */
function sentOf({ statements, file }: Script, first: number, local: number): SentStatement {
  const statement = statements[local]
  if (statement !== undefined)
    return { kind: 'statement', index: first + local, text: statement.text, file: statement.file, line: statement.line }
  return { kind: 'commit', index: first + local, text: 'COMMIT', file, line: statements.at(-1)?.line ?? 1 }
}

/** How much of a stretch falls into pauses of the harness, which do not overlap. */
export function pausedIn(pauses: readonly Pause[], fromMs: number, toMs: number): number {
  return pauses.reduce((sum, each) => sum + Math.max(0, Math.min(toMs, each.toMs) - Math.max(fromMs, each.fromMs)), 0)
}
