import type { ColumnTable } from '../../lineage/index.ts'
import type { RelationCase } from './cases.ts'

/**
 * Which legacy rows stand whole, cell by cell under the same names, in a relation that `up` made and that banded rows never reached: what was
 * set aside only where it was double, or dirty. A row there stands for one legacy row.
 *
 * @param lost  Rows that were recaptured nowhere.
 */
export function setAside({ run, catalog, rows, migrated }: RelationCase, lost: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>()
  const names = catalog.attributes.filter((each) => each.generated === undefined).map((each) => each.name)
  const known = new Set([...run.legacy.catalog.relations.values()].map((each) => each.oid))
  const before = names.map((name) => plain(rows.legacy, name))
  if (names.length < 2 || before.includes(-1)) return found
  for (const [path, table] of migrated) {
    const relation = run.migrated?.catalog.relations.get(path)
    const reached = rows.places.some(({ place }) => place.relation === path)
    const after = names.map((name) => plain(table, name))
    if (relation?.kind !== 'table' || known.has(relation.oid) || reached || after.includes(-1)) continue
    const held = new Map<string, number>()
    for (const row of table.rows) {
      const text = JSON.stringify(after.map((at) => row[at] ?? null))
      held.set(text, (held.get(text) ?? 0) + 1)
    }
    for (const row of lost) {
      const text = JSON.stringify(before.map((at) => rows.legacy.rows[row]?.[at] ?? null))
      const left = held.get(text) ?? 0
      if (found.has(row) || left === 0) continue
      found.add(row)
      held.set(text, left - 1)
    }
  }
  return found
}

function plain(table: ColumnTable, attribute: string): number {
  return table.columns.findIndex((column) => column.attribute === attribute && column.json.length === 0 && column.via === undefined)
}
