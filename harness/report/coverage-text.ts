import type { CoverageCounts, CoverageResult, MigrationResult, TargetResult } from '../result/index.ts'
import { counted } from './visible-text.ts'

/** One line on what the generated rows have reached, the first that they have not; undefined where there is nothing to reach. */
export function coverageLine({ coverage }: MigrationResult): string | undefined {
  if (coverage === undefined || coverage.targets.length === 0) return undefined
  const { reached, feasible, infeasible, unmeasured, wanted } = coverage
  const first = coverage.targets.find(({ state }) => state === 'left')
  const more = [
    ...(infeasible > 0 ? [`${infeasible} cannot occur`] : []),
    ...(unmeasured > 0 ? [`${unmeasured} not measured`] : []),
    ...(wanted === null ? [] : [`${wanted} % asked for`]),
    ...(first === undefined ? [] : [`not reached: ${targetText(first)}`]),
  ]
  if (feasible === 0) return more.length === 0 ? undefined : `outcomes of conditions: ${more.join('; ')}`
  const told = more.length === 0 ? '' : ` (${more.join('; ')})`
  return `generated rows reached ${outcomesReached(reached, feasible)}${told}`
}

/** One line on what the rows of all migrations have reached together; undefined where there is nothing to reach. */
export function reachedOfAll(coverage: CoverageCounts): string | undefined {
  const { reached, feasible, infeasible, unmeasured } = coverage
  if (feasible + infeasible + unmeasured === 0) return undefined
  return `generated rows reached ${outcomesReached(reached, feasible)} (${shareReached(coverage)} %; ${infeasible} cannot occur; ${unmeasured} not measured)`
}

function outcomesReached(reached: number, feasible: number): string {
  return `${reached} of ${counted(feasible, 'outcome')} of conditions`
}

/** `up.sql:17 "stock < 0" true`; of a path the last part, which the report says in full. */
export function targetText({ file, line, text, outcome }: TargetResult): string {
  return `${file.split('/').at(-1)}:${line} "${text}" ${outcome}`
}

/** Whether the place of a target is a function of the database, `public.f(integer)`, and no file. */
export function isFunction(file: string): boolean {
  return file.endsWith(')')
}

/** The share that was reached, in percent, rounded down: 100 says that all were. */
export function shareReached({ reached, feasible }: CoverageCounts): number {
  return feasible === 0 ? 100 : Math.floor((reached * 100) / feasible)
}

/** Why too little was reached, as a sentence. */
export function shortfallSentence(coverage: CoverageResult): string {
  const { reached, feasible, wanted } = coverage
  return `Not tested enough: generated rows reached ${outcomesReached(reached, feasible)} (${shareReached(coverage)} %), and ${wanted} % are asked for.`
}
