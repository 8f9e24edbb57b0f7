import { counted, formatDuration, visibleText } from '../../report/index.ts'
import type { Progress } from './activity.ts'
import { type Sight, type WatchedCheck, waitText } from './sight.ts'

/** A sight as the block of a terminal: no line is longer than `columns`. */
export function sightBlock(sight: Sight, columns: number): string {
  const { place, at, state, checks, progress, running, waits, longestWait } = sight
  const lines = [
    `${state === 'good' ? '✓' : '✗'} ${state} at ${at.slice(11, 19)} UTC, ${place}`,
    ...labelled('checks', checks.map(checkText)),
    ...labelled('progress', progress.map(progressText)),
    ...labelled(
      'open',
      running.map(({ pid, ms, state: doing, query }) => `pid ${pid}, ${formatDuration(ms)}, ${doing}: ${query}`),
    ),
    ...labelled(
      'waiting',
      waits.map((wait) => `${waitText(wait)}: ${wait.query}`),
    ),
    ...labelled('longest', longestWait === null ? ['nobody has waited so far'] : [`${waitText(longestWait)}: ${longestWait.query}`]),
  ]
  return lines.map((line) => `${cut(visibleText(line), columns)}\n`).join('')
}

/** A sight as one line of a log. */
export function sightLine({ at, state, reasons, checks, progress, waits }: Sight): string {
  const facts = [
    ...(checks.length === 0 ? [] : [`${checks.filter(({ wrong }) => wrong === 0).length} of ${counted(checks.length, 'check')} clean`]),
    `${counted(waits.length, 'session')} waiting`,
    ...progress.map(progressText),
  ]
  return `${visibleText(`${at} ${state}: ${[...reasons, ...facts].join('; ')}`)}\n`
}

/** Two sights of one key differ in times and amounts only: a log has one line for both. */
export function logKey({ state, checks, waits, progress }: Sight): string {
  return JSON.stringify([
    state,
    checks.map(({ wrong, keys, because }) => [wrong, keys, because]),
    waits.map(({ pid, table }) => [pid, table]),
    progress.map(({ pid, phase }) => [pid, phase]),
  ])
}

function labelled(label: string, texts: readonly string[]): readonly string[] {
  return texts.map((text, at) => `  ${(at === 0 ? label : '').padEnd(10)}${text}`)
}

function checkText({ id, wrong, keys, because }: WatchedCheck): string {
  if (because !== null) return `? ${id}: cannot be asked: ${because}`
  return wrong === 0 ? `✓ ${id}: clean` : `✗ ${id}: ${counted(wrong ?? 0, 'row')} wrong: ${keys.join(', ')}`
}

function progressText({ pid, command, table, phase, done, total }: Progress): string {
  const share = total > 0 ? `, ${Math.floor((done / total) * 100)} %` : ''
  return `pid ${pid}, ${command} on ${table ?? '?'}: ${phase}${share}`
}

function cut(line: string, columns: number): string {
  const points = [...line]
  return points.length <= columns ? line : `${points.slice(0, Math.max(1, columns - 1)).join('')}…`
}
