import { type Migration, neededRung, type RungNeed, type Script, type Step } from '../migration/index.ts'

/** The strongest isolation that either direction needs. */
export function rungOf(migration: Migration): RungNeed {
  const needs = [neededRung(migration.up), ...(migration.down === undefined ? [] : [neededRung(migration.down)])]
  const order = { transaction: 0, clone: 1, cluster: 2 }
  return needs.reduce((left, right) => (order[right.rung] > order[left.rung] ? right : left))
}

export function scriptsOf(step: Step | undefined): readonly Script[] {
  return step?.kind === 'sql' ? [step.script] : []
}
