import { InputError } from '../errors.ts'
import type { Interleaving, SentStatement, SessionPlan, Sessions, Step, Unit, UnitSession, Violation } from './model.ts'
import type { Refuted } from './shrink.ts'

/** A wrong interleaving, as it is saved: plain JSON. */
export interface Counterexample {
  readonly version: 1
  readonly seed: number
  readonly sessions: Sessions
  /** Session whose turn it was, for each statement. */
  readonly turns: readonly string[]
  readonly violation: Violation
  /** What happened, to be read; a replay sees for itself. */
  readonly statements: readonly SentStatement[]
}

export function counterexampleOf({ sessions, interleaving, violation }: Refuted, seed: number): Counterexample {
  const { turns, statements }: Interleaving = interleaving
  return { version: 1, seed, sessions: plansOf(sessions), turns, violation, statements }
}

function plansOf(sessions: readonly UnitSession[]): Sessions {
  return Object.fromEntries(
    sessions.map(({ name, isolation, units }): [string, SessionPlan] => [name, { isolation, steps: units.flatMap(stepsOf) }]),
  )
}

function stepsOf(unit: Unit): readonly Step[] {
  if (unit.kind === 'sql') return unit.statements
  return [{ operation: unit.name, ...(unit.input === undefined ? {} : { input: unit.input }) }]
}

export function renderInterleaving(counterexample: Counterexample): string {
  return `${JSON.stringify(counterexample, null, 2)}\n`
}

/**
 * Read a saved interleaving.
 *
 * @throws {InputError} Where the text is none.
 */
export function parseInterleaving(text: string): Counterexample {
  const wrong = (detail: string) =>
    new InputError('this is no saved interleaving', { detail, hint: 'Name a .json file that a spec saved.' })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw wrong(`It is no JSON: ${cause instanceof Error ? cause.message : String(cause)}.`)
  }
  const { version, sessions, turns, violation } = (value ?? {}) as Partial<Record<keyof Counterexample, unknown>>
  if (version !== 1) throw wrong('Its version is not 1.')
  if (typeof sessions !== 'object' || sessions === null || !Object.values(sessions).every(hasSteps))
    throw wrong('It has no sessions with steps.')
  if (!Array.isArray(turns) || !turns.every((turn) => typeof turn === 'string')) throw wrong('It has no turns.')
  if (typeof (violation as Partial<Violation> | undefined)?.message !== 'string') throw wrong('It has no violation.')
  return value as Counterexample
}

function hasSteps(plan: unknown): boolean {
  const { steps, isolation } = (plan ?? {}) as { readonly steps?: unknown; readonly isolation?: unknown }
  return Array.isArray(steps) && steps.every(isSavedStep) && levels.includes(String(isolation))
}

function isSavedStep(step: unknown): boolean {
  const { sql, parameters = [], operation } = (step ?? {}) as Partial<Record<'sql' | 'parameters' | 'operation', unknown>>
  return typeof operation === 'string' || (typeof sql === 'string' && Array.isArray(parameters))
}

const levels: readonly string[] = ['read committed', 'repeatable read', 'serializable']
