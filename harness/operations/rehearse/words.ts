import { shownName } from '../../postgres/index.ts'
import { counted, formatDuration } from '../../report/index.ts'
import { rowsText } from '../../result/index.ts'
import { modeText } from '../../run/index.ts'
import { sizeText } from '../evidence/describe.ts'
import type {
  CheckResult,
  ContractMetric,
  DirectionResult,
  GrowthResult,
  Prediction,
  Rehearsal,
  RehearsalFinding,
  StatementResult,
} from './model.ts'

/** Findings that nobody accepted and that follow from no other, gravest first. */
export function openFindings({ findings }: Rehearsal): readonly RehearsalFinding[] {
  const gravity = { error: 0, warning: 1, info: 2 }
  return findings
    .filter(({ cause, waived, severity }) => cause === null && waived === null && severity !== 'info')
    .toSorted((one, other) => gravity[one.severity] - gravity[other.severity])
}

/** The verdict in one sentence. */
export function verdictText(rehearsal: Rehearsal): string {
  const { verdict, because, copy } = rehearsal
  const of = copy.kind === 'dump' ? `of the dump ${copy.place}` : `of ${copy.place}`
  if (verdict === 'holds') return `All checks on the real rows ${of} passed.`
  if (verdict === 'unknown') return `Not judged on the real rows ${of}: ${because}`
  const [first] = openFindings(rehearsal)
  return `Do not release: on the real rows ${of} ${counted(openFindings(rehearsal).length, 'finding')}. Most serious: ${first?.message ?? ''}.`.replace(
    /\.\.$/,
    '.',
  )
}

/** `2.1 s, WAL 12 MB, …`. */
export function directionText({ durationMs, walBytes, temporaryBytes, grownBytes }: DirectionResult): string {
  const size = grownBytes < 0 ? `${sizeText(-grownBytes)} smaller` : `${sizeText(grownBytes)} larger`
  return `${formatDuration(durationMs)}, WAL ${sizeText(walBytes)}, temporary files ${sizeText(temporaryBytes)}, database ${size}`
}

/** Locks that keep clients waiting, the longest first. */
export function lockTexts({ statements }: DirectionResult): readonly string[] {
  const stopping = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']
  return statements
    .flatMap(({ locks, file, line }) => locks.map((lock) => ({ ...lock, place: `${file}:${line}` })))
    .filter(({ mode }) => stopping.includes(mode))
    .toSorted((one, other) => other.heldMs - one.heldMs)
    .map(({ relation, mode, heldMs, place }) => `${modeText(mode)} on ${shownName(relation)} for ${formatDuration(heldMs)} (${place})`)
}

/** What clients went through while `up` ran. */
export function workloadText({
  clients,
  statements,
  longestMs,
  longestBeforeMs,
  budgetMs,
  waits,
}: NonNullable<Rehearsal['workload']>): string {
  const [longest] = waits
  const place = longest?.file ? ` (${longest.file}:${longest.line})` : ''
  const waited =
    longest === undefined
      ? 'none waited for a lock of the migration'
      : `the longest wait for a lock is ${formatDuration(longest.waitedMs)}${place}, allowed ${formatDuration(budgetMs)}`
  return `${counted(clients, 'client')} sent ${counted(statements, 'statement')} of the workload; ${waited}; the longest statement took ${formatDuration(longestMs)}, before up ${formatDuration(longestBeforeMs)}`
}

/** All locks of a statement, as one text. */
export function locksOf({ locks }: StatementResult): string {
  return locks.map(({ relation, mode, heldMs }) => `${modeText(mode)} on ${shownName(relation)}, ${formatDuration(heldMs)}`).join('; ')
}

/** `the dump shop.dump is restored in 2.1 s`. */
export function restoreText({ kind, from, durationMs }: NonNullable<Rehearsal['restore']>): string {
  const what = kind === 'dump' ? `the dump ${from} is` : `the evidence in ${from} is proven, and its dump is`
  return durationMs === null ? `the evidence in ${from} holds no dump` : `${what} restored in ${formatDuration(durationMs)}`
}

/** What was predicted and what was seen, as one sentence. */
export function predictionCounts(predictions: readonly Prediction[]): string {
  const of = (seen: Prediction['seen']) => predictions.filter((each) => each.seen === seen).length
  return `${of('seen')} seen on real rows, ${of('not-seen')} not seen, ${of('not-looked-at')} not looked at`
}

export function seenText({ seen, rows }: Prediction): string {
  if (seen === 'seen') return rows === null ? 'seen' : `seen on ${counted(rows, 'row')}`
  return seen === 'not-seen' ? 'not seen' : 'not looked at'
}

/** `31 checks: 30 as before, 1 not`. */
export function checksText(checks: readonly CheckResult[]): string {
  const differing = checks.filter((each) => (each.differing ?? 0) > 0).length
  const refused = checks.filter((each) => each.differing === null).length
  const parts = [
    `${checks.length - differing - refused} as before`,
    `${differing} not`,
    ...(refused === 0 ? [] : [`${refused} not answered`]),
  ]
  return `${counted(checks.length, 'check')}: ${parts.join(', ')}`
}

/** `3 of the contract: 2 kept, 1 not`. */
export function metricsText(metrics: readonly ContractMetric[]): string {
  const [kept, broken, silent] = [true, false, null].map((state) => metrics.filter(({ keeps }) => keeps === state).length)
  return `${metrics.length} of the contract: ${kept} kept, ${broken} not${silent === 0 ? '' : `, ${silent} without a number`}`
}

export function growthText(growth: GrowthResult, windowMs: number): string {
  if (growth.outcome === 'not-measured') return `not measured, because ${growth.because}`
  const window = windowText(windowMs)
  const { windowRows, windowRowsAtLeast, level } = growth
  if (windowRows === null) return `the duration did not grow with the rows: at how many the window of ${window} is missed cannot be told`
  const least = windowRowsAtLeast === null ? '' : `; with ${level} % certainty not before ${rowsText(windowRowsAtLeast)} rows`
  return `the window of ${window} is missed at ${rowsText(windowRows)} rows${least}`
}

export function windowText(ms: number): string {
  return ms % 60_000 === 0 ? counted(ms / 60_000, 'minute') : formatDuration(ms)
}

/** What to adjust: what findings say, and what the figures say. */
export function adjustments(rehearsal: Rehearsal): readonly string[] {
  const { window, up, growth, predictions } = rehearsal
  const hints = openFindings(rehearsal).map(({ message, hint, file, line }) => {
    const place = file === null ? '' : ` (${file}${line === null ? '' : `:${line}`})`
    return `${message}${place}. ${hint ?? 'Correct the statement and rehearse again.'}`
  })
  const longest = up.statements.toSorted((one, other) => other.durationMs - one.durationMs)[0]
  const missed =
    window.kept === false && longest !== undefined
      ? [
          `up takes ${formatDuration(up.durationMs)}, and the window is ${windowText(window.ms)}. Begin with ${longest.file}:${longest.line}, which takes ${formatDuration(longest.durationMs)}: split it into batches, or run it before the window.`,
        ]
      : []
  const rewrites = up.statements.flatMap(({ rewritten, file, line }) =>
    rewritten.map(
      (path) =>
        `${file}:${line} rewrites ${shownName(path)}: nobody reads or writes it meanwhile. Add a column and fill it in batches, if that is too long.`,
    ),
  )
  const near =
    growth.outcome === 'measured' && growth.windowRowsAtLeast !== null && growth.windowRowsAtLeast < 2 * (growth.passes.at(-1)?.rows ?? 0)
      ? [
          `The window may be missed from ${rowsText(growth.windowRowsAtLeast)} rows on: measure again before the release if the tables grow.`,
        ]
      : []
  const unseen = predictions.filter((each) => each.seen === 'not-seen' && each.severity === 'error' && !each.accepted)
  const later =
    unseen.length === 0
      ? []
      : [
          `${counted(unseen.length, 'finding')} of verification ${unseen.length === 1 ? 'concerns' : 'concern'} no row of this copy. Rows that are written until the release can be others: count them again with the queries of the report.`,
        ]
  return [...hints, ...missed, ...rewrites, ...near, ...later]
}
