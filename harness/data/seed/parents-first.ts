import type { DatasetTable } from '../dataset.ts'
import type { RelationPlan } from '../plan/model.ts'

/**
 * A table with each row behind those that it refers to, else in their order: as an application writes a tree. A trigger that reads the
 * parent finds it, and rows can be put in one by one. Of a ring, some row stands before one that it refers to.
 */
export function parentsFirst(relation: RelationPlan | undefined, table: DatasetTable): DatasetTable {
  const own = relation?.references.filter(({ parent }) => parent === table.relation) ?? []
  if (relation === undefined || own.length === 0) return table
  const placeOf = (position: number) => table.attributes.indexOf(relation.attributes[position]?.name ?? '')
  const keysAt = (positions: readonly number[]) => {
    const places = positions.map(placeOf)
    return table.rows.map((row) => {
      const cells = places.map((at) => row[at])
      return cells.every((cell) => cell !== null && cell !== undefined) ? JSON.stringify(cells) : undefined
    })
  }
  const links = own.map(({ attributes, parentAttributes }) => {
    const rowOf = new Map(keysAt(parentAttributes).map((key, row) => [key, row]))
    return keysAt(attributes).map((key) => (key === undefined ? undefined : rowOf.get(key)))
  })
  const placed = new Set<number>()
  for (const first of table.rows.keys()) {
    // A chain of parents can be as long as the table.
    const way = placed.has(first) ? [] : [first]
    const seen = new Set(way)
    for (let row = way.at(-1); row !== undefined; row = way.at(-1)) {
      const parents = links.flatMap((link) => link[row ?? 0] ?? [])
      const next = parents.find((parent) => !placed.has(parent) && !seen.has(parent))
      if (next === undefined) placed.add(way.pop() ?? row)
      else {
        way.push(next)
        seen.add(next)
      }
    }
  }
  return { ...table, rows: [...placed].flatMap((row) => table.rows.slice(row, row + 1)) }
}
