import type { CoverageCounts } from '../../result/index.ts'
import { shareReached } from '../coverage-text.ts'

/** `98 % (41 of 42 outcomes of conditions reached, 2 cannot occur)`. */
export function coverageText(coverage: CoverageCounts): string {
  const { reached, feasible, infeasible, unmeasured } = coverage
  const parts = [
    `${reached} of ${feasible} outcomes of conditions reached`,
    ...(infeasible > 0 ? [`${infeasible} cannot occur`] : []),
    ...(unmeasured > 0 ? [`${unmeasured} not measured`] : []),
  ]
  return `${shareReached(coverage)} % (${parts.join(', ')})`
}
