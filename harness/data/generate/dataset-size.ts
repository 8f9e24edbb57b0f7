import type { Dataset } from '../dataset.ts'
import type { GenerationPlan } from '../plan/model.ts'

/** What shrinking makes smaller: fewer rows, then plainer cells. */
export function sizeOf(plan: GenerationPlan, dataset: Dataset): { readonly rows: number; readonly weight: number } {
  let rows = 0
  let weight = 0
  for (const [path, table] of dataset.tables) {
    rows += table.rows.length
    const attributes = plan.relations.get(path)?.attributes ?? []
    for (const row of table.rows) {
      row.forEach((cell, position) => {
        const attribute = attributes[position]
        if (attribute === undefined || attribute.references.length > 0) {
          weight += cell === null || cell === undefined ? 0 : 1
          return
        }
        if (cell === attribute.default && !attribute.serial) return
        weight += cell === null || cell === undefined ? 1 : cell === attribute.maker.plain && !attribute.serial ? 2 : 3 + heft(cell)
      })
    }
  }
  return { rows, weight: weight + (dataset.dirty?.length ?? 0) * 1000 }
}

/** Longer is heavier; of numbers of one length the greater. */
export function heft(cell: string): number {
  return (
    cell.length * 10 +
    (/^-?\d{1,12}$/.test(cell)
      ? Math.min(9, Math.abs(Number(cell)) / 10 ** Math.max(cell.length - 1, 0)) + Math.abs(Number(cell)) / 1e13
      : 0)
  )
}
