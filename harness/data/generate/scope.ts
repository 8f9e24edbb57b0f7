import type { GenerationPlan } from '../plan/model.ts'
import { topOf } from '../plan/plan-scope.ts'

/** The relations to fill: all, or those asked for (a partition stands for its root) with everything that their foreign keys lead to. */
export function scopeOf(plan: GenerationPlan, relations: readonly string[] | undefined): ReadonlySet<string> {
  if (relations === undefined) return new Set(plan.relations.keys())
  const scope = new Set<string>()
  const open = relations.map((path) => topOf(plan.catalog, path))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const relation = plan.relations.get(path)
    if (relation === undefined || scope.has(path)) continue
    scope.add(path)
    open.push(...relation.references.map((reference) => reference.parent))
  }
  return scope
}
