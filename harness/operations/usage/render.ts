import { counted, visibleText } from '../../report/index.ts'
import type { Usage, Use } from './model.ts'
import type { UnusedFor } from './unused-for.ts'

const MOST_USES = 20
const MOST_INTERVALS = 10

/** Who uses a relation, for a terminal: the users, the trend, and the answer for the days that were asked for in the last line. */
export function renderUsage(usage: Usage, days: number, judged: UnusedFor): string {
  const { place, relation, at, observedSince, because, uses, intervals, notes } = usage
  const lines = [
    `usage of ${visibleText(relation)} in ${place} at ${at}`,
    ...uses.slice(0, MOST_USES).flatMap(useLines),
    ...(uses.length > MOST_USES ? [`  … and ${counted(uses.length - MOST_USES, 'more statement')} (--json has all)`] : []),
    ...(intervals.length > 1
      ? ['  calls between snapshots', ...intervals.slice(-MOST_INTERVALS).map(({ from, to, calls }) => `    ${from} to ${to}: ${calls}`)]
      : []),
    ...intervals.flatMap(({ to, broken }) => broken.map((each) => `  not unbroken: before ${to} ${visibleText(each)}`)),
    `  observed      unbroken since ${observedSince}; ${counted(intervals.length, 'snapshot')}`,
    ...because.map((each) => `  unknown       ${visibleText(each)}`),
    ...notes.map((each) => `  note          ${visibleText(each)}`),
    verdict(usage, days, judged),
  ]
  return `${lines.join('\n')}\n`
}

function verdict({ since, answer }: Usage, days: number, judged: UnusedFor): string {
  const asked = counted(days, 'day')
  if (judged.answer === 'unused') return `✓ Nobody has used it for ${asked}.`
  if (judged.answer === 'used') return `✗ It was used within ${asked}.`
  const so = answer === 'unused' ? ` Nobody has used it since ${since}, and that is no ${asked} yet.` : ''
  return `? Whether anybody has used it for ${asked} is unknown.${so}`
}

function useLines({ role, statement, through, unsure, calls, first, last }: Use): readonly string[] {
  return [
    `  ${unsure === null ? '✗' : '?'} ${visibleText(role)}: ${visibleText(statement.replaceAll(/\s+/g, ' ').trim().slice(0, 160))}`,
    `      ${counted(calls, 'call')}, first ${first}, last ${last}${through.length === 0 ? '' : `, through ${visibleText(through.join(', '))}`}${unsure === null ? '' : `; perhaps: ${visibleText(unsure)}`}`,
  ]
}
