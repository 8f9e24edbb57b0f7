import type { Catalog, Relation } from '../../catalog/index.ts'

/** A relation that was a table and whose name is a view's now. */
export interface ReplacedTable {
  readonly path: string
  readonly legacy: Relation
  readonly view: Relation
}

/** The tables of a catalog whose names are views in the other. Leaves of partitioned tables are no names that clients use. */
export function replacedTables(legacy: Catalog, migrated: Catalog): readonly ReplacedTable[] {
  return [...legacy.relations].flatMap(([path, relation]) => {
    if ((relation.kind !== 'table' && relation.kind !== 'partitioned-table') || relation.partitionOf !== undefined) return []
    const view = migrated.relations.get(path)
    return view?.kind === 'view' || view?.kind === 'materialized-view' ? [{ path, legacy: relation, view }] : []
  })
}
