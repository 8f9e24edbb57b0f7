import { type RunObservation, revertedOf } from '../run/index.ts'
import { matchRows } from './recapture.ts'
import { keyAttributes } from './support.ts'

/** Which legacy rows and cells are there again, exactly, after `down`; none where `down` did not run. */
export function restoredCells(
  run: RunObservation,
  relation: string,
): { readonly rows: (row: number) => boolean; readonly cell: (row: number, attribute: string) => boolean } {
  const before = run.legacy.rows.get(relation)
  const reverted = revertedOf(run)
  const after = reverted?.outcome === 'applied' ? reverted.state.rows.get(relation) : undefined
  if (before === undefined || after === undefined) return { rows: () => false, cell: () => false }
  const catalog = run.legacy.catalog.relations.get(relation)
  const matches = matchRows(before, after, catalog === undefined ? undefined : keyAttributes(catalog))
  const cell = (row: number, attribute: string) => {
    const found = matches[row]
    const [from, to] = [before.attributes.indexOf(attribute), after.attributes.indexOf(attribute)]
    return found !== undefined && to >= 0 && before.rows[row]?.[from] === after.rows[found]?.[to]
  }
  return { rows: (row) => before.attributes.every((attribute) => cell(row, attribute)), cell }
}
