import { EnvironmentError } from '../errors.ts'
import { type Session, StatementError } from '../postgres/index.ts'
import { Actor, refusals } from './actor.ts'
import type { Footprint } from './footprint.ts'
import type { Counts, Interleaving, Operation, SentStatement, StateInvariant, Told, UnitSession, Violation } from './model.ts'
import type { Stage } from './stage.ts'

/** A session that could go on, with its next statement's footprint. */
export interface Ready {
  readonly session: string
  readonly unit: string
  readonly footprint: Footprint
}

/** Chooses whose turn it is among at least one; undefined abandons the interleaving. */
export type Choose = (ready: readonly [Ready, ...Ready[]]) => string | undefined

export interface Play {
  readonly sessions: readonly UnitSession[]
  readonly operations: ReadonlyMap<string, Operation>
  readonly retries: number
  readonly invariants: Readonly<Record<string, StateInvariant>>
  /** Reads the state at the end, as a text that is the same for the same state; undefined for none. */
  readonly endState: ((reader: Session) => Promise<string>) | undefined
}

/** Whatever waits longer waits for something outside of the database. */
const LONGEST_SILENCE_MS = 20_000

/**
 * Run one interleaving: one statement at a time, in the order that `choose` says.
 *
 * A statement that waits for a lock is left waiting, and another session goes on; once the lock is free it is answered before the next choice.
 *
 * @returns What happened; undefined where `choose` abandoned it.
 * @throws {EnvironmentError} Where an operation neither sends a statement nor ends.
 */
export async function runInterleaving(stage: Stage, play: Play, choose: Choose): Promise<Interleaving | undefined> {
  const connections = await stage.begin(play.sessions)
  const run = new Run(stage, play)
  for (const [at, session] of play.sessions.entries()) {
    const connection = connections[at]
    if (connection !== undefined) run.add(new Actor(session, connection, run))
  }
  return run.play(choose)
}

interface Sending {
  readonly statement: Omit<SentStatement, 'told' | 'answeredAfter'>
  told?: Told
  answeredAfter?: number
}

class Run {
  readonly operations: ReadonlyMap<string, Operation>
  readonly retries: number
  readonly #stage: Stage
  readonly #play: Play
  readonly #actors: Actor[] = []
  readonly #sendings: Sending[] = []
  readonly #underWay = new Map<Actor, Sending>()
  readonly #counts = { waits: 0, deadlocks: 0, serializationFailures: 0, retries: 0 }
  #signal: () => void = () => undefined
  #answeredSinceLook = false
  #committed = true
  #violation: Violation | undefined

  constructor(stage: Stage, play: Play) {
    this.#stage = stage
    this.#play = play
    this.operations = play.operations
    this.retries = play.retries
  }

  add(actor: Actor): void {
    this.#actors.push(actor)
  }

  changed(): void {
    this.#signal()
  }

  sent(): number {
    return this.#sendings.length
  }

  retried(): void {
    this.#counts.retries += 1
  }

  answered(actor: Actor, told: Told): void {
    const sending = this.#underWay.get(actor)
    this.#underWay.delete(actor)
    if (sending !== undefined) Object.assign(sending, { told, answeredAfter: this.#sendings.length - 1 })
    if ('sqlstate' in told && refusals.has(told.sqlstate))
      this.#counts[told.sqlstate === '40P01' ? 'deadlocks' : 'serializationFailures'] += 1
    this.#answeredSinceLook = true
    if (!actor.stage.session.inTransaction) this.#committed = true
    this.#signal()
  }

  async play(choose: Choose): Promise<Interleaving | undefined> {
    try {
      return await this.#playOn(choose)
    } catch (error) {
      await this.#abandon()
      throw error
    }
  }

  async #playOn(choose: Choose): Promise<Interleaving | undefined> {
    const turns: string[] = []
    const failed = Promise.all(this.#actors.map((actor) => actor.run()))
    // Awaited at the end; until then a failure wakes the scheduler.
    let broken: unknown
    failed.catch((error: unknown) => {
      broken = error ?? new Error('a session broke')
      this.#signal()
    })
    for (;;) {
      await this.#settle(() => broken)
      await this.#judge()
      const ready = this.#actors.filter(({ state }) => state === 'parked')
      const [first, ...others] = ready.map((actor) => this.#readyOf(actor))
      if (first === undefined) break
      const name = choose([first, ...others])
      const actor = ready.find(({ plan }) => plan.name === name)
      if (actor === undefined) return await this.#abandon()
      turns.push(actor.plan.name)
      this.#letThrough(actor)
    }
    await failed
    return this.#result(turns)
  }

  #readyOf(actor: Actor): Ready {
    return { session: actor.plan.name, unit: actor.unit?.id ?? '', footprint: actor.footprint(this.#stage.facts) }
  }

  #letThrough(actor: Actor): void {
    const { sql = '', parameters = [] } = actor.next ?? {}
    const statement = { session: actor.plan.name, unit: actor.unit?.id ?? '', sql, parameters, waitedFor: [] as readonly string[] }
    const sending = { statement }
    actor.letThrough(this.#stage.facts)
    this.#sendings.push(sending)
    this.#underWay.set(actor, sending)
  }

  /** Until each session has a statement to send, waits for a lock that another one keeps, or is done. */
  async #settle(broken: () => unknown): Promise<void> {
    const deadline = Date.now() + LONGEST_SILENCE_MS
    for (;;) {
      if (broken() !== undefined) throw broken()
      const states = new Set(this.#actors.map(({ state }) => state))
      const stuck = states.has('waiting') && !states.has('running') && !states.has('parked')
      if (states.has('running') || (stuck && !this.#answeredSinceLook)) await this.#nextSignal(deadline)
      else if (states.has('waiting') && this.#answeredSinceLook) await this.#lookWhoWaits()
      else return
      await this.#noteWaits()
    }
  }

  /** A lock that came free is given before the statement that freed it is answered: who has none now waits on. */
  async #lookWhoWaits(): Promise<void> {
    this.#answeredSinceLook = false
    const waiting = this.#actors.flatMap((actor) => (actor.state === 'waiting' ? [{ actor, number: actor.waitNumber }] : []))
    const still = await this.#blockers(waiting.map(({ actor }) => actor))
    for (const { actor, number } of waiting) if (!still.has(actor.stage.session.processId)) actor.goOn(number)
  }

  /** Who keeps whom waiting, by process. */
  async #blockers(actors: readonly Actor[]): Promise<ReadonlyMap<number, readonly number[]>> {
    const rows = await this.#stage.observer.query<{ pid: number; blockers: number[] }>(
      'SELECT DISTINCT pid, pg_blocking_pids(pid) AS blockers FROM pg_locks WHERE NOT granted AND pid = ANY($1)',
      [actors.map(({ stage }) => stage.session.processId)],
    )
    return new Map(rows.map(({ pid, blockers }) => [pid, blockers]))
  }

  async #noteWaits(): Promise<void> {
    const fresh = [...this.#underWay].filter(([{ state }, { statement }]) => state === 'waiting' && statement.waitedFor.length === 0)
    if (fresh.length === 0) return
    const blockers = await this.#blockers(fresh.map(([actor]) => actor))
    for (const [actor, sending] of fresh) {
      const pids = blockers.get(actor.stage.session.processId) ?? []
      const names = this.#actors.flatMap(({ plan, stage }) => (pids.includes(stage.session.processId) ? [plan.name] : []))
      if (names.length === 0) continue
      Object.assign(sending.statement, { waitedFor: names })
      this.#counts.waits += 1
    }
  }

  async #nextSignal(deadline: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const signal = new Promise<void>((resolve, reject) => {
      this.#signal = resolve
      timer = setTimeout(() => reject(silence(this.#actors)), Math.max(0, deadline - Date.now()))
    })
    await signal.finally(() => clearTimeout(timer))
  }

  /** The first violation on a committed state. A table that a session keeps locked cannot be judged now. */
  async #judge(): Promise<void> {
    if (!this.#committed || this.#violation !== undefined) return
    this.#committed = false
    for (const [kind, invariant] of Object.entries(this.#play.invariants)) {
      const found = await this.#violationsOf(invariant).catch((error: unknown) => {
        if (!(error instanceof StatementError) || error.sqlstate !== '55P03') throw error
        this.#committed = true
        return []
      })
      const after = this.#sendings.length === 0 ? 'at the beginning' : `after statement ${this.#sendings.length}`
      if (found.length > 0) this.#violation ??= { kind, message: `${kind} is violated ${after}: ${found.slice(0, 3).join('; ')}` }
    }
  }

  async #violationsOf(invariant: StateInvariant): Promise<readonly string[]> {
    const { observer } = this.#stage
    if (typeof invariant === 'function') return invariant(observer)
    return (await observer.query(invariant)).map((row) => JSON.stringify(row))
  }

  /** Whoever still waits is answered once the others are rolled back. */
  async #abandon(): Promise<undefined> {
    for (const actor of this.#actors) actor.abandon()
    const idle = this.#actors.filter((actor) => !this.#underWay.has(actor))
    // If the connection is gone, the server has rolled back its transaction.
    await Promise.allSettled(idle.map(({ stage }) => stage.session.script('ROLLBACK')))
    return undefined
  }

  async #result(turns: readonly string[]): Promise<Interleaving> {
    const { endState } = this.#play
    const statements = this.#sendings.map(({ statement, told = { sqlstate: '', message: '' }, answeredAfter = 0 }) => ({
      ...statement,
      answeredAfter,
      told,
    }))
    const counts: Counts = { ...this.#counts }
    return {
      ...counts,
      turns,
      statements,
      units: this.#actors.flatMap(({ outcomes }) => outcomes),
      violation: this.#violation,
      endState: (await endState?.(this.#stage.observer)) ?? '',
    }
  }
}

function silence(actors: readonly Actor[]): EnvironmentError {
  const names = actors.filter(({ state }) => state === 'running' || state === 'waiting').map(({ plan }) => `"${plan.name}"`)
  return new EnvironmentError(`no answer from ${names.join(', ')} for ${LONGEST_SILENCE_MS / 1000} s`, {
    detail: 'Its operation neither sent a statement nor ended, or its statement waits for something outside of the interleaving.',
  })
}
