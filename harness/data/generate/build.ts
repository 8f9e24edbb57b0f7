import type { Dataset, DatasetTable } from '../dataset.ts'
import type { GenerationPlan } from '../plan/model.ts'
import type { IntendedRow } from './fitted-row.ts'
import type { Fitter } from './fitter.ts'

/** The rows that were meant, by relation path; a data set carries them so that it can be shrunk. */
export type Intentions = ReadonlyMap<string, readonly IntendedRow[]>

/** What a generated data set keeps of its making. */
const making = Symbol('making')

export interface MadeDataset extends Dataset {
  readonly [making]: { readonly plan: GenerationPlan; readonly intentions: Intentions }
}

/** The intentions behind a data set of this plan; undefined for one that came from elsewhere. */
export function intentionsOf(plan: GenerationPlan, value: unknown): Intentions | undefined {
  if (typeof value !== 'object' || value === null || !(making in value)) return undefined
  const made = (value as MadeDataset)[making]
  return made.plan === plan ? made.intentions : undefined
}

/** Carry the making of one data set over to another of the same rows, so that it can be shrunk too. */
export function keepMaking<Other extends Dataset>(from: MadeDataset, to: Other): Other {
  return Object.defineProperty(to, making, { value: from[making], enumerable: false })
}

/** Turn what a fitter has placed into a data set. */
export function buildDataset(plan: GenerationPlan, fitter: Fitter, scope: ReadonlySet<string>): MadeDataset {
  const tables = new Map<string, DatasetTable>()
  const intentions = new Map<string, readonly IntendedRow[]>()
  let extreme = false
  const dirty: { relation: string; constraint: string; definition: string }[] = []
  for (const path of plan.order.flat()) {
    const relation = plan.relations.get(path)
    const rows = fitter.rowsOf(path)
    if (relation === undefined || rows.length === 0) continue
    tables.set(path, {
      relation: path,
      attributes: relation.attributes.map((attribute) => attribute.name),
      rows: rows.map((row) => row.cells),
    })
    intentions.set(
      path,
      rows.map((row) => row.intended),
    )
    for (const [at, { constraint, definition }] of relation.dirt.entries()) {
      if (rows.some((row) => row.intended.dirt?.of === at)) dirty.push({ relation: path, constraint, definition })
    }
    if (extreme) continue
    const sets = relation.attributes.map((attribute) => attribute.extremes)
    extreme = rows.some((row) => row.cells.some((cell, position) => cell !== null && sets[position]?.has(cell) === true))
  }
  const unfilled = plan.unfilled.filter((entry) => scope.size === plan.relations.size || scope.has(entry.relation))
  const dataset = { tables, unfilled, extreme, dirty }
  const made: MadeDataset = { ...dataset, [making]: { plan, intentions } }
  // Not enumerable, so that a data set compares and prints as its rows.
  return Object.defineProperty(made, making, { enumerable: false })
}
