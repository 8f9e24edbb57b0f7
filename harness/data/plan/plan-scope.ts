import type { Catalog } from '../../catalog/index.ts'

/** Paths of the tables to plan: all that can be filled, or those asked for with everything that their foreign keys lead to. */
export function plannedRelations(catalog: Catalog, relations: readonly string[] | undefined): ReadonlySet<string> {
  if (relations === undefined) return new Set([...catalog.relations.keys()].filter((path) => isFillable(catalog, path)))
  const planned = new Set<string>()
  const open = relations.map((path) => topOf(catalog, path))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const relation = catalog.relations.get(path)
    if (relation === undefined || planned.has(path) || !isFillable(catalog, path)) continue
    planned.add(path)
    for (const constraint of relation.constraints)
      if (constraint.kind === 'foreign-key' && constraint.enforced && constraint.references !== undefined)
        open.push(topOf(catalog, constraint.references.relation))
  }
  // In the catalog's order, whatever order they were asked for in.
  return new Set([...catalog.relations.keys()].filter((path) => planned.has(path)))
}

/** The partitioned table at the top, for a partition; else the relation itself. */
export function topOf(catalog: Catalog, path: string): string {
  let top = path
  for (let above = catalog.relations.get(top)?.partitionOf; above !== undefined; above = catalog.relations.get(top)?.partitionOf)
    top = above.parent
  return top
}

function isFillable(catalog: Catalog, path: string): boolean {
  const relation = catalog.relations.get(path)
  return (relation?.kind === 'table' || relation?.kind === 'partitioned-table') && relation.partitionOf === undefined
}
