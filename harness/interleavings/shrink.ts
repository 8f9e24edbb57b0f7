import type { Interleaving, Unit, UnitSession, Violation } from './model.ts'

/** Sessions and turns that show a violation. */
export interface Case {
  readonly sessions: readonly UnitSession[]
  readonly turns: readonly string[]
}

export interface Refuted extends Case {
  readonly interleaving: Interleaving
  readonly violation: Violation
}

/** Runs a case; undefined where it shows no violation of the same kind. */
export type Try = (candidate: Case) => Promise<Refuted | undefined>

/**
 * Make a case that shows a violation shorter: without a session, a unit or a statement, then with fewer changes of turn, as long as it shows a
 * violation of the same kind. Nothing that is left can be left out alone.
 */
export async function shrink(found: Refuted, attempt: Try): Promise<Refuted> {
  let smallest = found
  for (;;) {
    const next = await firstOf([...smaller(smallest), ...calmer(smallest)], attempt, smallest)
    if (next === undefined) return smallest
    smallest = next
  }
}

async function firstOf(candidates: readonly Case[], attempt: Try, than: Refuted): Promise<Refuted | undefined> {
  for (const candidate of candidates) {
    const shown = await attempt(candidate)
    if (shown !== undefined && isSmaller(shown, than)) return shown
  }
  return undefined
}

function isSmaller(one: Refuted, than: Refuted): boolean {
  const [a, b] = [sizeOf(one), sizeOf(than)]
  const at = a.findIndex((size, index) => size !== b[index])
  return at >= 0 && (a[at] ?? 0) < (b[at] ?? 0)
}

/** Sessions, steps, statements sent, changes of turn: the first that differs decides. */
function sizeOf({ sessions, interleaving }: Refuted): readonly number[] {
  return [sessions.length, sum(sessions.map(stepsOf)), interleaving.turns.length, changesOf(interleaving.turns)]
}

function stepsOf({ units }: UnitSession): number {
  return sum(units.map((unit) => (unit.kind === 'sql' ? unit.statements.length : 1)))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

function changesOf(turns: readonly string[]): number {
  return turns.filter((turn, at) => at > 0 && turn !== turns[at - 1]).length
}

function smaller({ sessions, interleaving }: Refuted): readonly Case[] {
  const { turns, statements } = interleaving
  const without = sessions.map((gone) => ({
    sessions: sessions.filter((each) => each !== gone),
    turns: turns.filter((turn) => turn !== gone.name),
  }))
  const withUnits = (session: UnitSession, units: readonly Unit[], kept: (at: number) => boolean): Case => ({
    sessions: sessions.map((each) => (each === session ? { ...session, units } : each)),
    turns: turns.filter((_, at) => kept(at)),
  })
  const fewerUnits = sessions.flatMap((session) =>
    session.units.map((gone) =>
      withUnits(
        session,
        session.units.filter((unit) => unit !== gone),
        (at) => statements[at]?.unit !== gone.id,
      ),
    ),
  )
  const fewerStatements = sessions.flatMap((session) =>
    session.units.flatMap((unit) =>
      fewer(unit).map(({ unit: less, gone }) => {
        const sent = statements.flatMap((each, at) => (each.unit === unit.id ? [at] : []))
        const dropped = new Set(gone.map((place) => sent[place]))
        return withUnits(
          session,
          session.units.map((each) => (each === unit ? less : each)),
          (at) => !dropped.has(at),
        )
      }),
    ),
  )
  return [...without, ...fewerUnits, ...fewerStatements]
}

/** A unit of SQL without one of its statements, or without BEGIN and COMMIT around a single one. */
function fewer(unit: Unit): readonly { readonly unit: Unit; readonly gone: readonly number[] }[] {
  if (unit.kind !== 'sql' || unit.statements.length < 2) return []
  const last = unit.statements.length - 1
  const without = (...gone: readonly number[]) => ({
    unit: { ...unit, statements: unit.statements.filter((_, at) => !gone.includes(at)) },
    gone,
  })
  const inner = unit.statements.slice(1, last).map((_, at) => without(at + 1))
  return last === 2 ? [...inner, without(0, last)] : inner
}

/**
 * The same statements with fewer changes of turn: one session stopped once, while the others have their turns one after the other; and each
 * statement moved to the one before or after it of the same session.
 */
function calmer({ sessions, interleaving: { turns } }: Refuted): readonly Case[] {
  const stopped = sessions.flatMap(({ name }) => {
    const [own, others] = [turns.filter((turn) => turn === name), turns.filter((turn) => turn !== name)]
    const inTurn = [...new Set(others)].flatMap((other) => others.filter((turn) => turn === other))
    return own.slice(1).map((_, at) => ({ sessions, turns: [...own.slice(0, at + 1), ...inTurn, ...own.slice(at + 1)] }))
  })
  const moved = turns.flatMap((turn, at) => {
    const rest = turns.filter((_, index) => index !== at)
    const before = turns.lastIndexOf(turn, at - 1)
    const after = turns.indexOf(turn, at + 1)
    const places = [...(at > 0 && before >= 0 && before < at - 1 ? [before + 1] : []), ...(after > at + 1 ? [after - 1] : [])]
    return places.map((place) => ({ sessions, turns: [...rest.slice(0, place), turn, ...rest.slice(place)] }))
  })
  return [...stopped, ...moved]
}
