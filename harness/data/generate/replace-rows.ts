import type { Intentions } from './build.ts'
import type { IntendedRow } from './fitted-row.ts'

/**
 * A changed row is a new one, so its children would lose it: the fitter knows rows by identity. The identity is kept by changing the
 * children's wishes along.
 */
export function replaced(
  intentions: Intentions,
  path: string,
  rows: readonly IntendedRow[],
  change: (row: IntendedRow, at: number) => IntendedRow,
): Intentions {
  const successors = new Map<IntendedRow, IntendedRow>()
  const changedRows = rows.map((row, at) => {
    const changed = change(row, at)
    if (changed !== row) successors.set(row, changed)
    return changed
  })
  const result = new Map(intentions)
  result.set(path, changedRows)
  // Rows that pointed at a changed row point at its successor, and have successors themselves, until nothing points at an old one.
  for (let pending = true; pending; ) {
    pending = false
    for (const [other, list] of result) {
      if (!list.some((row) => row.parents.some((parent) => parent !== null && successors.has(parent)))) continue
      pending = true
      result.set(
        other,
        list.map((row) => {
          if (!row.parents.some((parent) => parent !== null && successors.has(parent))) return row
          const moved = { ...row, parents: [...row.parents] }
          moved.parents = row.parents.map((parent) => {
            if (parent === null) return null
            const next = successors.get(parent) ?? parent
            return next === row ? (moved as IntendedRow) : next
          })
          successors.set(row, moved)
          return moved
        }),
      )
    }
    if (successors.size > 10_000) return intentions
  }
  return result
}

/** The row with another cell; the row itself when it has that cell already. */
export function withCell(row: IntendedRow, position: number, cell: string | null): IntendedRow {
  if ((row.cells[position] ?? null) === cell) return row
  const cells = [...row.cells]
  cells[position] = cell
  return { ...row, cells }
}
