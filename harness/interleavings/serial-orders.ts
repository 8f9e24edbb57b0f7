import { InputError } from '../errors.ts'
import type { Interleaving, UnitOutcome, UnitSession, Violation } from './model.ts'
import type { Choose, Play } from './run-interleaving.ts'

const MOST_ORDERS = 5_000

/** What a serial order told each unit, and the state that it left. */
export interface SerialOrder {
  readonly order: readonly UnitOutcome[]
  readonly told: ReadonlyMap<string, string>
  readonly endState: string
}

/** Runs an interleaving from the beginning. */
export type RunFresh = (play: Play, choose: Choose) => Promise<Interleaving | undefined>

/**
 * Says whether an interleaving is linearizable: whether some serial order of its units tells every session the same and leaves the same state.
 *
 * An order keeps the order within a session, and puts a unit that ended before another began before it. Units that the server refused
 * (40001, 40P01) have done nothing, and are not part of it. Each order is run once; what it gave is kept for later interleavings.
 */
export class SerialOrders {
  readonly #run: RunFresh
  readonly #play: Play
  readonly #known = new Map<string, Promise<SerialOrder>>()

  constructor(run: RunFresh, play: Play) {
    this.#run = run
    this.#play = play
  }

  /**
   * Undefined where some order explains the interleaving.
   *
   * @throws {InputError} Where there are too many orders to try.
   */
  async judge(interleaving: Interleaving): Promise<Violation | undefined> {
    const { explained, tried } = await this.explain(interleaving)
    if (explained) return undefined
    const [first, ...others] = tried
    if (first === undefined) return undefined
    const closest = others.reduce((best, each) => (differences(each) < differences(best) ? each : best), first)
    return { kind: 'serial order', message: unexplained(interleaving, closest) }
  }

  /**
   * Try orders until one explains the interleaving.
   *
   * @throws {InputError} Where there are too many orders to try.
   */
  async explain(interleaving: Interleaving): Promise<{ readonly explained: boolean; readonly tried: readonly SerialOrder[] }> {
    const done = interleaving.units.filter(({ outcome }) => outcome === 'done')
    // What begins with units that are told something else explains nothing, whatever follows.
    const refuted = new Set<string>()
    const tried: SerialOrder[] = []
    for (const order of serialOrders(done, refuted)) {
      if (tried.length >= MOST_ORDERS)
        throw new InputError(`more than ${MOST_ORDERS} serial orders`, { hint: 'Give fewer sessions, or fewer steps in them.' })
      const serial = { ...(await this.#serial(order)), order }
      tried.push(serial)
      const differing = order.findIndex(({ unit, told }) => serial.told.get(unit) !== told)
      if (differing >= 0) refuted.add(keyOf(order.slice(0, differing + 1)))
      else if (serial.endState === interleaving.endState) return { explained: true, tried }
    }
    return { explained: false, tried }
  }

  #serial(order: readonly UnitOutcome[]): Promise<SerialOrder> {
    const key = keyOf(order)
    const serial = this.#known.get(key) ?? this.#runSerially(order)
    this.#known.set(key, serial)
    return serial
  }

  async #runSerially(order: readonly UnitOutcome[]): Promise<SerialOrder> {
    const wanted = order.map(({ unit }) => unit)
    const sessions: readonly UnitSession[] = this.#play.sessions.map((session) => ({
      ...session,
      units: session.units.filter(({ id }) => wanted.includes(id)),
    }))
    // A unit has its turns until it has no more.
    const place = (unit: string) => wanted.indexOf(unit)
    const run = await this.#run(
      { ...this.#play, sessions, invariants: {} },
      ([first, ...others]) => [first, ...others].reduce((one, other) => (place(other.unit) < place(one.unit) ? other : one)).session,
    )
    return { order, told: new Map(run?.units.map(({ unit, told }) => [unit, told])), endState: run?.endState ?? '' }
  }
}

function differences({ order, told }: SerialOrder): number {
  return order.filter((each) => told.get(each.unit) !== each.told).length
}

function keyOf(order: readonly UnitOutcome[]): string {
  return JSON.stringify(order.map(({ unit }) => unit))
}

/** Orders of units; first the one in which they ended, which explains most interleavings. None begins as `refuted` says. */
export function serialOrders(units: readonly UnitOutcome[], refuted: ReadonlySet<string>): Iterable<readonly UnitOutcome[]> {
  return ordersOf(
    units.toSorted((one, other) => one.to - other.to),
    [],
    refuted,
  )
}

function* ordersOf(
  rest: readonly UnitOutcome[],
  before: readonly UnitOutcome[],
  refuted: ReadonlySet<string>,
): Generator<readonly UnitOutcome[]> {
  if (rest.length === 0) yield before
  for (const unit of rest) {
    if (refuted.has(keyOf(before))) return
    // Units that sent nothing may begin and end at the same moment.
    const mustComeBefore = (other: UnitOutcome) => other.to <= unit.from && unit.to > other.from
    const earlierOfSession = (other: UnitOutcome) => other.session === unit.session && numberOf(other) < numberOf(unit)
    if (rest.some((other) => mustComeBefore(other) || earlierOfSession(other))) continue
    const others = rest.filter((other) => other !== unit)
    yield* ordersOf(others, [...before, unit], refuted)
  }
}

/** Ids of units end with their number in the session. */
function numberOf({ unit, session }: UnitOutcome): number {
  return Number(unit.slice(session.length))
}

function unexplained(interleaving: Interleaving, serial: SerialOrder): string {
  const { order } = serial
  const differing = order.find(({ unit, told }) => serial.told.get(unit) !== told)
  const names = order.map(({ unit }) => unit).join(', then ')
  const closest = `The closest is ${names}`
  if (differing === undefined)
    return `No serial order leaves the same rows. ${closest}. It leaves ${serial.endState}, and the interleaving left ${interleaving.endState}.`
  return `No serial order tells every session the same. ${closest}. There "${differing.unit}" is told ${serial.told.get(differing.unit)}, and in the interleaving it was told ${differing.told}.`
}
