import type { CoverageResult, MigrationResult, TargetResult } from '../result/index.ts'
import { counted } from './visible-text.ts'

/** One line on what the generated rows have reached, the first that they have not; undefined where there is nothing to reach. */
export function coverageLine({ coverage }: MigrationResult): string | undefined {
  if (coverage === undefined || coverage.targets.length === 0) return undefined
  const { reached, feasible, infeasible, unmeasured, wanted } = coverage
  const first = coverage.targets.find(({ state }) => state === 'left')
  const more = [
    ...(infeasible > 0 ? [`${infeasible} infeasible`] : []),
    ...(unmeasured > 0 ? [`${unmeasured} not measured`] : []),
    ...(wanted === null ? [] : [`${wanted} % asked for`]),
    ...(first === undefined ? [] : [`not reached: ${targetText(first)}`]),
  ]
  const told = more.length === 0 ? '' : ` (${more.join('; ')})`
  return `${reached} of ${counted(feasible, 'target')} reached${told}`
}

/** `up.sql:17 "stock < 0" true`; of a path the last part, which the report says in full. */
export function targetText({ file, line, text, outcome }: TargetResult): string {
  return `${file.split('/').at(-1)}:${line} "${text}" ${outcome}`
}

/** The share that was reached, in percent, rounded down: 100 says that all were. */
export function shareReached({ reached, feasible }: CoverageResult): number {
  return feasible === 0 ? 100 : Math.floor((reached * 100) / feasible)
}

/** Why too little was reached, as a sentence. */
export function shortfallSentence(coverage: CoverageResult): string {
  const { reached, feasible, wanted } = coverage
  return `Not tested enough: generated rows reached ${reached} of ${counted(feasible, 'target')} (${shareReached(coverage)} %), and ${wanted} % are asked for.`
}
