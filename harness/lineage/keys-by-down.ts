import { type RunObservation, revertedOf } from '../run/index.ts'
import { keyAttributes } from './support.ts'

/**
 * Legacy relations whose rows come back from `down` under keys of their own: on banded rows, whose keys are like no others, none that is
 * there again has a legacy one. Elsewhere an equal key there is a coincidence and says nothing of which row it is.
 */
export function keysIssuedByDown(runs: readonly RunObservation[]): ReadonlySet<string> {
  const issued = new Set<string>()
  const kept = new Set<string>()
  for (const run of runs) {
    const { legacy } = run
    const reverted = revertedOf(run)
    if (reverted?.outcome !== 'applied') continue
    for (const [path, before] of legacy.rows) {
      const relation = legacy.catalog.relations.get(path)
      const key = relation === undefined ? undefined : keyAttributes(relation)
      const after = reverted.state.rows.get(path)
      if (key === undefined || after === undefined || before.rows.length === 0 || after.rows.length === 0) continue
      const keysOf = ({ attributes, rows }: typeof before) =>
        rows.map((row) => JSON.stringify(key.map((name) => row[attributes.indexOf(name)] ?? null)))
      const known = new Set(keysOf(before))
      ;(keysOf(after).some((each) => known.has(each)) ? kept : issued).add(path)
    }
  }
  return new Set([...issued].filter((path) => !kept.has(path)))
}
