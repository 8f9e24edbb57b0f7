import { visibleText } from '../../report/index.ts'
import { rowsText } from './judge.ts'
import type { Observed } from './observe.ts'
import type { LoadedPlan } from './read-plan.ts'
import type { Readiness } from './ready.ts'

/** What was observed, for a terminal. */
export function observedText(plan: LoadedPlan, { place, at, checks }: Observed): string {
  const lines = checks.flatMap(({ id, text, wrong, examples, observation }) => [
    `${wrong === 0 ? '✓' : '✗'} ${id}: ${text}`,
    `    ${wrong === 0 ? 'clean' : rowsText(wrong, examples)} (observation ${observation})`,
  ])
  return textOf([`observed  ${plan.name} in ${place} at ${at}`, ...lines])
}

/** Whether the clean-up may run, for a terminal; the answer comes last. */
export function readinessText(plan: LoadedPlan, { place, at, checks, removal, failure, ready, ran }: Readiness): string {
  const lines = checks.flatMap(({ id, text, cleanDays, reasons }) => [
    `${reasons.length === 0 ? '✓' : '✗'} ${id}: ${text}`,
    ...(reasons.length === 0 ? [`    clean now, and on each of ${cleanDays} days before`] : reasons.map((reason) => `    ${reason}`)),
  ])
  const goes = removal.flatMap(({ id, text, reasons }) => [
    `${reasons.length === 0 ? '✓' : '✗'} ${id}: ${text}`,
    ...reasons.map((reason) => `    ${reason}`),
  ])
  const refusal =
    failure === undefined
      ? []
      : [
          `✗ ${failure.file}:${failure.line} refused: ${failure.message} (${failure.sqlstate})`,
          ...(failure.hint === undefined ? [] : [`    ${failure.hint}`]),
        ]
  return textOf([`judged    ${plan.name} in ${place} at ${at}`, ...lines, ...goes, ...refusal, answerOf(plan, ready, ran)])
}

function answerOf({ cleanUp }: LoadedPlan, ready: boolean, ran: boolean): string {
  if (ran) return `done      ${cleanUp.file} has run, and is committed`
  return ready ? `ready     ${cleanUp.file} may run` : `not ready: ${cleanUp.file} may not run; nothing was changed`
}

/** Rows of somebody's table may hold anything, control characters too. */
function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${visibleText(line)}\n`).join('')
}
