import { counted } from '../../report/index.ts'
import { cleanUpId, type Observation, tamperedWith } from './observations.ts'
import type { LoadedCheck } from './read-plan.ts'
import type { CheckAnswer, WrongRow } from './run-check.ts'

/** Whether one check lets the clean-up run. */
export interface CheckReadiness {
  readonly id: string
  readonly text: string
  /** What it found just now. */
  readonly now: CheckAnswer
  /** Days before today, of those that the plan asks for, on which it was observed and always clean. */
  readonly cleanDays: number
  /** Why the clean-up may not run, in sentences without a period; empty where it may. */
  readonly reasons: readonly string[]
}

export interface JudgedWith {
  /** What all checks of the plan have recorded, in order. */
  readonly observations: readonly Observation[]
  /** The server's clock, as `Observation.at`. */
  readonly now: string
  /** Days before today (UTC). */
  readonly cleanDays: number
}

/**
 * Judge one check: clean now, observed on each of the days before today, and clean each time since the first of these days began.
 *
 * Only observations since the last clean-up count, and only those with the SQL that the check has now.
 */
export function judgeCheck(check: LoadedCheck, answer: CheckAnswer, { observations, now, cleanDays }: JudgedWith): CheckReadiness {
  const own = observations.filter(({ checkId }) => checkId === check.id)
  const cleanUps = observations.filter(({ checkId }) => checkId === cleanUpId)
  const counting = countingOf(check, own, cleanUps.at(-1))
  const days = daysBefore(now, cleanDays)
  const since = counting.filter(({ at }) => dayOf(at) >= (days[0] ?? dayOf(now)))
  const dirty = since.filter(({ wrong }) => wrong > 0)
  const observed = new Set(since.map(({ at }) => dayOf(at)))
  const dirtyDays = new Set(dirty.map(({ at }) => dayOf(at)))
  const missing = days.filter((day) => !observed.has(day))
  return {
    id: check.id,
    text: check.text,
    now: answer,
    cleanDays: days.filter((day) => observed.has(day) && !dirtyDays.has(day)).length,
    reasons: [
      ...(answer.wrong === 0 ? [] : [`wrong now: ${rowsText(answer.wrong, answer.examples)}`]),
      ...[...tamperedWith(own, now), ...tamperedWith(cleanUps, now)],
      ...dirty.map(({ number, at, wrong, examples }) => `wrong at ${at} (observation ${number}): ${rowsText(wrong, examples)}`),
      ...(missing.length === 0 ? [] : [`not observed on ${daysText(missing)}${startedAnew(check, own, cleanUps.at(-1))}`]),
    ],
  }
}

/** The observations since the last clean-up that were made with the check as it is now, none of another text between them. */
function countingOf(check: LoadedCheck, own: readonly Observation[], cleanUp: Observation | undefined): readonly Observation[] {
  const others = own.filter(({ checkDigest }) => checkDigest !== check.digest)
  const start = Math.max(others.at(-1)?.number ?? 0, cleanUp?.number ?? 0)
  return own.filter(({ number }) => number > start)
}

function startedAnew(check: LoadedCheck, own: readonly Observation[], cleanUp: Observation | undefined): string {
  const since = cleanUp === undefined ? '' : `; the clean-up ran at ${cleanUp.at}, and a new count began`
  const others = own.filter(({ number, checkDigest }) => number > (cleanUp?.number ?? 0) && checkDigest !== check.digest)
  if (others.length === 0) return since
  return `${since}; ${counted(others.length, 'observation')} with another text of the check ${others.length === 1 ? 'does' : 'do'} not count`
}

/** At most five rows, by their columns: `2 rows: id=lamp total=5; id=sofa total=NULL`. */
export function rowsText(wrong: number, examples: readonly WrongRow[]): string {
  const shown = examples.slice(0, MOST_SHOWN).map((row) => row.map(([column, value]) => `${column}=${value ?? 'NULL'}`).join(' '))
  return `${counted(wrong, 'row')}: ${shown.join('; ')}${wrong > shown.length ? '; …' : ''}`
}

const MOST_SHOWN = 5
const DAY_MS = 86_400_000

function dayOf(at: string): string {
  return at.slice(0, 10)
}

function daysBefore(now: string, count: number): readonly string[] {
  const today = Date.parse(`${dayOf(now)}T00:00:00Z`)
  return Array.from({ length: count }, (_, at) => new Date(today - (count - at) * DAY_MS).toISOString().slice(0, 10))
}

/** Days that follow one another as a stretch: `2026-11-22 to 2026-11-25, 2026-11-28 (UTC)`. */
function daysText(days: readonly string[]): string {
  const stretches: { first: string; last: string }[] = []
  for (const day of days) {
    const stretch = stretches.at(-1)
    if (stretch !== undefined && Date.parse(day) - Date.parse(stretch.last) === DAY_MS) stretch.last = day
    else stretches.push({ first: day, last: day })
  }
  return `${stretches.map(({ first, last }) => (first === last ? first : `${first} to ${last}`)).join(', ')} (UTC)`
}
