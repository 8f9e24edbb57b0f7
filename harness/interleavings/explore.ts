import type { Arbitrary } from 'fast-check'
import { drawNumbers, drawValues } from '../data/index.ts'
import type { Cluster } from '../postgres/index.ts'
import { type Counterexample, counterexampleOf } from './counterexample.ts'
import type { Counts, Interleaving, IsolationLevel, Operation, Sessions, StateInvariant, Violation } from './model.ts'
import { type Choose, type Play, runInterleaving } from './run-interleaving.ts'
import { type RunFresh, SerialOrders } from './serial-orders.ts'
import { type Case, type Refuted, shrink } from './shrink.ts'
import { type OwnStage, openStage } from './stage.ts'
import { ScheduleTree } from './tree.ts'
import { type PlannedSessions, planSessions } from './units.ts'

export interface InterleavingOptions {
  /** SQL that makes the tables; run once, in a database of its own. */
  readonly schema: string
  /** SQL that fills the tables; run before each interleaving. */
  readonly rows?: string | undefined
  /** The sessions, or an arbitrary of fast-check that draws them. */
  readonly sessions: Sessions | Arbitrary<Sessions>
  /** Operations that steps name. */
  readonly operations?: Readonly<Record<string, Operation>> | undefined
  /** Default `read committed`. */
  readonly isolation?: IsolationLevel | undefined
  /** How often a unit is begun once more after 40001 or 40P01; default 0. */
  readonly retries?: number | undefined
  /** What must hold of the committed rows after each statement, by name. */
  readonly invariants?: Readonly<Record<string, StateInvariant>> | undefined
  /** Whether some serial order must explain what every session was told, and the rows at the end; default true. */
  readonly serialOrder?: boolean | undefined
  /** Query for the state at the end that a serial order must leave too. Default: the rows of all tables; false compares none. */
  readonly endState?: string | false | undefined
  /** Says what is wrong with an interleaving, where something is. */
  readonly judge?: ((interleaving: Interleaving) => string | undefined) | undefined
  /** At most so many interleavings; default 500. All of them are run where there are fewer. */
  readonly schedules?: number | undefined
  /** Of drawn sessions at most so many interleavings each; default 20. */
  readonly schedulesPerDraw?: number | undefined
  /** Default 1. */
  readonly seed?: number | undefined
}

/** What was seen of all interleavings. */
export interface InterleavingsResult extends Counts {
  readonly outcome: 'holds' | 'violated'
  /** Interleavings that were run and judged. */
  readonly schedules: number
  /** Walks given up because they could only lead to an interleaving equal to one that was run. */
  readonly equivalent: number
  /** Whether no interleaving is left that differs from those that were run. */
  readonly exhaustive: boolean
  readonly counterexample: Counterexample | undefined
}

/**
 * Run the interleavings of sessions, all of them or as many as the budget allows, until one is wrong; that one is made as short as it gets.
 *
 * @throws {InputError} When the sessions cannot be read.
 * @throws {EnvironmentError} When the cluster's user is no superuser, or an operation never ends.
 * @throws {StatementError} As the server refuses the schema, the rows, or an invariant.
 */
export async function exploreInterleavings(cluster: Cluster, options: InterleavingOptions): Promise<InterleavingsResult> {
  const { schedules = 500, schedulesPerDraw = 20, seed = 1 } = options
  await using stage = await openStage(cluster, options)
  const draw = drawNumbers(seed)
  const drawn = isArbitrary(options.sessions)
  const candidates = isArbitrary(options.sessions) ? drawValues(options.sessions, seed, schedules) : [options.sessions]
  const total = { schedules: 0, equivalent: 0, waits: 0, deadlocks: 0, serializationFailures: 0, retries: 0 }
  let exhaustive = !drawn
  for (const sessions of candidates) {
    const left = schedules - total.schedules
    if (left <= 0) break
    const search = new Search(stage, options, sessions)
    const tree = new ScheduleTree(draw)
    const found = await search.walk(tree, drawn ? Math.min(left, schedulesPerDraw) : left, total)
    exhaustive &&= tree.exhausted
    if (found !== undefined) return { outcome: 'violated', ...total, exhaustive: false, counterexample: await search.report(found, seed) }
  }
  return { outcome: 'holds', ...total, exhaustive, counterexample: undefined }
}

/**
 * Run a saved interleaving once more: the same statements in the same order.
 *
 * @returns The counterexample as it is now, or undefined where nothing is wrong any more.
 * @throws As `exploreInterleavings` does.
 */
export async function replayInterleaving(
  cluster: Cluster,
  options: InterleavingOptions,
  saved: Counterexample,
): Promise<Counterexample | undefined> {
  await using stage = await openStage(cluster, options)
  const search = new Search(stage, options, saved.sessions)
  const found = await search.attempt({ sessions: search.planned.sessions, turns: saved.turns })
  return found === undefined ? undefined : counterexampleOf(found, saved.seed)
}

type Total = { -readonly [Key in keyof Counts]: number } & { schedules: number; equivalent: number }

/** The interleavings of one set of sessions. */
class Search {
  readonly planned: PlannedSessions
  readonly #stage: OwnStage
  readonly #options: InterleavingOptions
  readonly #serialOrders: SerialOrders
  readonly #run: RunFresh = (play, choose) => runInterleaving(this.#stage, play, choose)

  constructor(stage: OwnStage, options: InterleavingOptions, sessions: Sessions) {
    this.#stage = stage
    this.#options = options
    const { isolation = 'read committed', operations } = options
    const declared = isArbitrary(options.sessions)
      ? operations
      : Object.fromEntries(planSessions(options.sessions, isolation, operations).operations)
    this.planned = planSessions(sessions, isolation, declared)
    this.#serialOrders = new SerialOrders(this.#run, this.#play(this.planned.sessions))
  }

  /** The first wrong interleaving of at most so many. */
  async walk(tree: ScheduleTree, most: number, total: Total): Promise<Refuted | undefined> {
    const { sessions } = this.planned
    for (let runs = 0; runs < most && !tree.exhausted; ) {
      const interleaving = await this.#run(this.#play(sessions), tree.begin())
      tree.end()
      if (interleaving === undefined) {
        total.equivalent += 1
        continue
      }
      runs += 1
      total.schedules += 1
      for (const key of ['waits', 'deadlocks', 'serializationFailures', 'retries'] as const) total[key] += interleaving[key]
      const violation = await this.#judge(interleaving, this.#serialOrders)
      if (violation !== undefined) return { sessions, turns: interleaving.turns, interleaving, violation }
    }
    return undefined
  }

  /** The violation that a case shows, where it shows one. */
  async attempt({ sessions, turns }: Case): Promise<Refuted | undefined> {
    const play = this.#play(sessions)
    const interleaving = await this.#run(play, following(turns))
    if (interleaving === undefined) return undefined
    const violation = await this.#judge(interleaving, new SerialOrders(this.#run, play))
    return violation === undefined ? undefined : { sessions, turns: interleaving.turns, interleaving, violation }
  }

  async report(found: Refuted, seed: number): Promise<Counterexample> {
    const same = async (candidate: Case) => {
      const shown = await this.attempt(candidate)
      return shown?.violation.kind === found.violation.kind ? shown : undefined
    }
    return counterexampleOf(await shrink(found, same), seed)
  }

  async #judge(interleaving: Interleaving, serialOrders: SerialOrders): Promise<Violation | undefined> {
    if (interleaving.violation !== undefined) return interleaving.violation
    const message = this.#options.judge?.(interleaving)
    if (message !== undefined) return { kind: 'judge', message }
    return this.#options.serialOrder === false ? undefined : await serialOrders.judge(interleaving)
  }

  #play(sessions: Play['sessions']): Play {
    const { retries = 0, invariants = {}, endState } = this.#options
    const query = endState === false ? undefined : (endState ?? this.#stage.allRows)
    const state = query === undefined ? undefined : rowsOf(query)
    return { sessions, operations: this.planned.operations, retries, invariants, endState: state }
  }
}

/** Turns as they were; whoever cannot go on has its turn later. */
function following(turns: readonly string[]): Choose {
  const left = [...turns]
  return ([first, ...others]) => {
    const ready = [first, ...others].map(({ session }) => session)
    const at = left.findIndex((turn) => ready.includes(turn))
    return at < 0 ? first.session : left.splice(at, 1)[0]
  }
}

function rowsOf(query: string): Play['endState'] {
  return async (reader) => {
    const rows = await reader.query(query)
    return JSON.stringify(rows.map((row) => JSON.stringify(row)).toSorted())
  }
}

function isArbitrary(sessions: Sessions | Arbitrary<Sessions>): sessions is Arbitrary<Sessions> {
  return typeof (sessions as { readonly generate?: unknown }).generate === 'function'
}
