import type { Plan } from './plan.ts'

/** Types what a plan file exports as default. */
export function definePlan(plan: Plan): Plan {
  return plan
}
