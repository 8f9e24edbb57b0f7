import pc from 'picocolors'
import { counted, formatDuration, visibleText } from '../../report/index.ts'
import { growthSentences } from '../../result/index.ts'
import type { Rehearsal, RehearsalFinding } from './model.ts'
import {
  checksText,
  directionText,
  growthText,
  lockTexts,
  metricsText,
  openFindings,
  predictionCounts,
  restoreText,
  seenText,
  verdictText,
  windowText,
  workloadText,
} from './words.ts'

const MOST_FINDINGS = 5
const MOST_LOCKS = 3

/** A rehearsal for a terminal: the figures, the gravest findings, and the decision in the last line. */
export function renderTerminalRehearsal(
  rehearsal: Rehearsal,
  { color, report }: { readonly color: boolean; readonly report: string },
): string {
  const colors = pc.createColors(color)
  const paint = { holds: colors.green, violated: colors.red, unknown: colors.yellow }[rehearsal.verdict]
  const mark = { holds: '✓', violated: '✗', unknown: '?' }[rehearsal.verdict]
  const open = openFindings(rehearsal)
  const lines = [
    `${visibleText(rehearsal.migration)} on PostgreSQL ${rehearsal.copy.server}, ${formatDuration(rehearsal.durationMs)}`,
    ...open.slice(0, MOST_FINDINGS).flatMap((each) => findingLines(each)),
    ...(open.length > MOST_FINDINGS ? [`  … ${counted(open.length - MOST_FINDINGS, 'more finding')} in the report`] : []),
    ...figureLines(rehearsal),
    ...rehearsal.disagreements.map((each) => `  disagreement  ${visibleText(each)}`),
    `  not checked   ${counted(rehearsal.notChecked.length, 'thing')}, in the report`,
    `  report        ${report}`,
    paint(colors.bold(`${mark} ${visibleText(verdictText(rehearsal))}`)),
  ]
  return `${lines.join('\n')}\n`
}

function findingLines({ message, file, line, samples, hint, severity, predictedBy }: RehearsalFinding): readonly string[] {
  return [
    `  ${severity === 'error' ? '✗' : '!'} ${visibleText(message)}`,
    `      ${file === null ? '' : `${file}${line === null ? '' : `:${line}`}, `}${predictedBy === null ? 'not predicted by generated rows' : 'predicted by generated rows'}`,
    ...(samples.length === 0 ? [] : [`      for example ${visibleText(samples.join(', '))}`]),
    ...(hint === null ? [] : [`      ${visibleText(hint)}`]),
  ]
}

function figureLines(rehearsal: Rehearsal): readonly string[] {
  const { up, down, workload, restore, window, growth, checks, metrics, predictions, predicted } = rehearsal
  const kept = window.kept === null ? 'it failed' : `${window.kept ? 'within' : 'NOT within'} the window of ${windowText(window.ms)}`
  return [
    `  up            ${directionText(up)}; ${kept}`,
    ...lockTexts(up)
      .slice(0, MOST_LOCKS)
      .map((each) => `  lock          ${visibleText(each)}`),
    ...(workload === null ? [] : [`  clients       ${workloadText(workload)}`]),
    ...(checks.length === 0 ? [] : [`  compared      ${checksText(checks)}`]),
    ...(metrics.length === 0 ? [] : [`  metrics       ${visibleText(metricsText(metrics))}`]),
    `  down          ${down === null ? 'not run' : `${directionText(down)}; ${down.outcome === 'failed' ? 'it failed' : down.equal === null ? 'not everything could be compared' : down.equal ? 'everything is as before' : 'NOT everything is as before'}`}`,
    ...(restore === null ? [] : [`  restore       ${restoreText(restore)}`]),
    `  growth        ${growthText(growth, window.ms)}`,
    ...(growth.outcome === 'measured' ? growthSentences(growth).map((each) => `                ${each}`) : []),
    `  generated     ${predicted} on generated rows; ${counted(predictions.length, 'finding')} there: ${predictionCounts(predictions)}`,
    ...predictions
      .filter(({ severity, accepted }) => severity !== 'info' && !accepted)
      .slice(0, MOST_FINDINGS)
      .map(
        (each) =>
          `    ${seenText(each)}${each.concerned === null ? '' : ` (${counted(each.concerned, 'row')} concerned)`}: ${visibleText(each.message)}`,
      ),
  ]
}
