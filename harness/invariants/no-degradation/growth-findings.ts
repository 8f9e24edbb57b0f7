import type { Estimate } from '../../result/index.ts'
import { type Finding, growthSentences, rowsText } from '../../result/index.ts'
import type { GrowthSeen } from './model.ts'

/** Sorting, and building an index, take a power of about 1.1. */
const steep = 1.2

/** What the growth of `up` says: a window that is missed, growth faster than the rows. */
export function growthFindings(growth: GrowthSeen | undefined): readonly Finding[] {
  if (growth === undefined) return []
  return [...windowFindings(growth), ...steepFindings(growth)]
}

/** The figures, whatever they say. */
export function growthNotes(growth: GrowthSeen | undefined): readonly Finding[] {
  if (growth === undefined) return []
  const message = [...growthSentences(growth), ...windowSentences(growth)].map((each) => each.replace(/\.$/, '')).join('. ')
  return [{ ...about(growth), kind: 'growth', severity: 'info', message }]
}

/** Why it cannot be told whether the declared window is kept; undefined where that can be told. */
export function windowTooNoisy({ windowMs, predicted }: GrowthSeen): string | undefined {
  if (windowMs === undefined || predicted === null || predicted.low > windowMs || predicted.high <= windowMs) return undefined
  return `whether up keeps the window of ${secondsText(windowMs)} at ${rowsText(predicted.rows)} rows: it is expected to take ${rangeText(predicted)}`
}

function windowFindings(growth: GrowthSeen): readonly Finding[] {
  const { windowMs, predicted } = growth
  if (windowMs === undefined || predicted === null || predicted.low <= windowMs) return []
  const message = `up misses its window of ${secondsText(windowMs)} at ${rowsText(predicted.rows)} rows: it is expected to take ${rangeText(predicted)}`
  return [{ ...about(growth), kind: 'window', severity: 'error', message, hint: windowHint }]
}

function steepFindings(growth: GrowthSeen): readonly Finding[] {
  const { exponent } = growth
  if (exponent.low <= steep) return []
  const message = `The duration of up grows faster than the rows: to the power of ${exponent.value.toFixed(2)}`
  return [{ ...about(growth), kind: 'superlinear', severity: 'warning', message, hint: steepHint }]
}

function windowSentences({ windowMs, windowRows, windowRowsAtLeast, level }: GrowthSeen): readonly string[] {
  if (windowMs === undefined || windowRows === null) return []
  const least = windowRowsAtLeast === null ? '' : `, with ${level} % certainty not before ${rowsText(windowRowsAtLeast)}`
  return [`The window of ${secondsText(windowMs)} is missed at ${rowsText(windowRows)} rows${least}.`]
}

const windowHint = 'Begin with the statement that takes longest: split it into batches outside the window, or make it cheaper.'
const steepHint = 'Look for work that each row does over all rows: triggers, functions and subqueries without an index.'

function about(growth: GrowthSeen): Pick<Finding, 'invariant' | 'known' | 'object' | 'evidence' | 'file' | 'line'> {
  const { passes, statements, spills, exponent, predicted, windowRows, windowRowsAtLeast } = growth
  return {
    invariant: 'no-degradation',
    known: 'observed',
    object: 'duration of up',
    // The statement that takes longest.
    file: statements[0]?.file,
    line: statements[0]?.line,
    evidence: { exponent, windowRows, windowRowsAtLeast, predicted, passes, statements, spills },
  }
}

function rangeText({ low, value, high }: Estimate): string {
  return `${secondsText(value)} (${secondsText(low)} to ${secondsText(high)})`
}

function secondsText(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2)).toLocaleString('en-US')} s`
}
