import type { CoverageCounts, MigrationResult } from './result.ts'

/** What generated rows have reached of all targets of some migrations; undefined where none of them has any. */
export function coverageOfAll(migrations: readonly MigrationResult[]): CoverageCounts | undefined {
  const all = migrations.flatMap(({ coverage }) => coverage ?? [])
  if (all.length === 0) return undefined
  const sum = (count: (each: CoverageCounts) => number) => all.reduce((total, each) => total + count(each), 0)
  return {
    reached: sum((each) => each.reached),
    feasible: sum((each) => each.feasible),
    infeasible: sum((each) => each.infeasible),
    unmeasured: sum((each) => each.unmeasured),
  }
}
