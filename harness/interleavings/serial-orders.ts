import { InputError } from '../errors.ts'
import type { Interleaving, UnitOutcome, UnitSession, Violation } from './model.ts'
import { type Play, runInterleaving } from './run-interleaving.ts'
import type { Stage } from './stage.ts'

const MOST_ORDERS = 5_000

/** What a serial order tells each unit, and the state that it leaves. */
interface Serial {
  readonly told: ReadonlyMap<string, string>
  readonly endState: string
}

/**
 * Says whether an interleaving is linearizable: whether some serial order of its units tells every session the same and leaves the same state.
 *
 * An order keeps the order within a session, and puts a unit that ended before another began before it. Units that the server refused
 * (40001, 40P01) have done nothing, and are not part of it. Each order is run once; what it gave is kept for later interleavings.
 */
export class SerialOrders {
  readonly #stage: Stage
  readonly #play: Play
  readonly #known = new Map<string, Serial>()

  constructor(stage: Stage, play: Play) {
    this.#stage = stage
    this.#play = play
  }

  /**
   * Undefined where some order explains the interleaving.
   *
   * @throws {InputError} Where there are too many orders to try.
   */
  async judge(interleaving: Interleaving): Promise<Violation | undefined> {
    const done = interleaving.units.filter(({ outcome }) => outcome === 'done')
    let best: { readonly order: readonly UnitOutcome[]; readonly serial: Serial; readonly differences: number } | undefined
    let tried = 0
    // What begins with units that are told something else explains nothing, whatever follows.
    const refuted = new Set<string>()
    for (const order of serialOrders(done, refuted)) {
      if (tried++ >= MOST_ORDERS)
        throw new InputError(`more than ${MOST_ORDERS} serial orders`, { hint: 'Give fewer sessions, or fewer steps in them.' })
      const serial = await this.#serial(order)
      const differs = ({ unit, told }: UnitOutcome) => serial.told.get(unit) !== told
      const differences = order.filter(differs).length
      if (differences > 0) refuted.add(keyOf(order.slice(0, order.findIndex(differs) + 1)))
      const sameState = serial.endState === interleaving.endState
      if (differences === 0 && sameState) return undefined
      if (best === undefined || differences < best.differences) best = { order, serial, differences }
    }
    return best === undefined ? undefined : { kind: 'serial order', message: unexplained(interleaving, best.order, best.serial) }
  }

  async #serial(order: readonly UnitOutcome[]): Promise<Serial> {
    const key = keyOf(order)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const serial = await runSerially(this.#stage, this.#play, order)
    this.#known.set(key, serial)
    return serial
  }
}

async function runSerially(stage: Stage, play: Play, order: readonly UnitOutcome[]): Promise<Serial> {
  const wanted = order.map(({ unit }) => unit)
  const sessions: readonly UnitSession[] = play.sessions.map((session) => ({
    ...session,
    units: session.units.filter(({ id }) => wanted.includes(id)),
  }))
  // A unit has its turns until it has no more.
  const place = (unit: string) => wanted.indexOf(unit)
  const run = await runInterleaving(
    stage,
    { ...play, sessions, invariants: {} },
    ([first, ...others]) => [first, ...others].reduce((one, other) => (place(other.unit) < place(one.unit) ? other : one)).session,
  )
  return { told: new Map(run?.units.map(({ unit, told }) => [unit, told])), endState: run?.endState ?? '' }
}

function keyOf(order: readonly UnitOutcome[]): string {
  return JSON.stringify(order.map(({ unit }) => unit))
}

/** Orders of units; first the one in which they ended, which explains most interleavings. None begins as `refuted` says. */
function serialOrders(units: readonly UnitOutcome[], refuted: ReadonlySet<string>): Iterable<readonly UnitOutcome[]> {
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
    const mustComeBefore = (other: UnitOutcome) => other !== unit && other.to <= unit.from
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

function unexplained(interleaving: Interleaving, order: readonly UnitOutcome[], serial: Serial): string {
  const differing = order.find(({ unit, told }) => serial.told.get(unit) !== told)
  const names = order.map(({ unit }) => unit).join(', then ')
  const closest = `The closest is ${names}`
  if (differing === undefined)
    return `No serial order leaves the same rows. ${closest}. It leaves ${serial.endState}, and the interleaving left ${interleaving.endState}.`
  return `No serial order tells every session the same. ${closest}. There "${differing.unit}" is told ${serial.told.get(differing.unit)}, and in the interleaving it was told ${differing.told}.`
}
