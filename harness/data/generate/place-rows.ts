import type { GenerationPlan, RelationPlan } from '../plan/model.ts'
import type { IntendedRow } from './fitted-row.ts'
import type { Fitter } from './fitter.ts'

/**
 * Place the rows of every circle, parents first. `draw` gives the n-th row of a relation (again, when `attempt` is above 0), or undefined
 * when there is none to try.
 */
export function placeRows(
  plan: GenerationPlan,
  fitter: Fitter,
  counts: ReadonlyMap<string, number>,
  draw: (relation: RelationPlan, ordinal: number, attempt: number) => IntendedRow | undefined,
): void {
  for (const component of plan.order) {
    for (const path of component) {
      const relation = plan.relations.get(path)
      const count = counts.get(path) ?? 0
      if (relation === undefined) continue
      let refused = 0
      // Two rows refused twelve times each: there is no room for more (a boolean key, every pair of parents taken).
      for (let ordinal = 0; ordinal < count && refused < 2; ordinal++) {
        let placed = false
        for (let attempt = 0; attempt < 12 && !placed; attempt++) {
          const row = draw(relation, ordinal, attempt)
          if (row === undefined) break
          placed = fitter.place(relation, row)
        }
        if (!placed) refused++
      }
    }
    linkCircle(plan, fitter, component)
  }
}

/** Link a circle's late references; rows that find no parent go, and with them whatever referenced them. In one relation, close the rings. */
export function linkCircle(plan: GenerationPlan, fitter: Fitter, component: readonly string[]): void {
  if (component.length === 1) {
    const relation = plan.relations.get(component[0] ?? '')
    if (relation !== undefined) fitter.closeRings(relation)
    return
  }
  for (let lost = fitter.linkLate(component); lost !== undefined; lost = fitter.linkLate(component)) {
    const rows = component.map((path) => [path, fitter.rowsOf(path).map((row) => row.intended)] as const)
    fitter.clear(component)
    for (const [path, intended] of rows) {
      const relation = plan.relations.get(path)
      if (relation === undefined) continue
      for (const row of intended) if (row !== lost) fitter.place(relation, row)
    }
  }
}
