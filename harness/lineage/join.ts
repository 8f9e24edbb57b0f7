import type { Catalog } from '../catalog/index.ts'
import type { ColumnTable } from './columns.ts'
import type { Column } from './model.ts'

/** Widen a migrated relation by the columns of the rows that its foreign keys name: a value that moved into a look-up table is found there. */
export function joinReferenced(table: ColumnTable, catalog: Catalog, tableOf: (path: string) => ColumnTable | undefined): ColumnTable {
  const keys = catalog.relations.get(table.relation)?.constraints.filter((each) => each.kind === 'foreign-key') ?? []
  const columns: Column[] = [...table.columns]
  let rows = table.rows
  for (const key of keys) {
    const target = key.references === undefined ? undefined : tableOf(key.references.relation)
    if (target === undefined || key.references === undefined || target.relation === table.relation) continue
    const local = key.attributes.map((name) => table.columns.findIndex((column) => column.attribute === name && column.json.length === 0))
    const foreign = key.references.attributes.map((name) =>
      target.columns.findIndex((column) => column.attribute === name && column.json.length === 0),
    )
    const byKey = new Map(target.rows.map((row) => [JSON.stringify(foreign.map((at) => row[at])), row]))
    const relation = key.references.relation
    target.columns.slice(0, target.width).forEach((column) => {
      columns.push({ ...column, via: { constraint: key.name, relation } })
    })
    rows = rows.map((row) => {
      const found = byKey.get(JSON.stringify(local.map((at) => row[at])))
      return [...row, ...target.columns.slice(0, target.width).map((_, at) => found?.[at] ?? null)]
    })
  }
  return { ...table, columns, rows }
}
