import type { CatalogDifference, CatalogObject, CatalogObjects } from './model.ts'
import { isRelation } from './read-objects.ts'

/**
 * One difference for each relation (or composite type) whose attributes, those of both sides, stand in another order. PostgreSQL cannot
 * put an attribute back where it was.
 */
export function attributeOrder(
  before: CatalogObjects,
  after: CatalogObjects,
  positional: ReadonlySet<string>,
): readonly CatalogDifference[] {
  const common = new Map<string, { readonly old: CatalogObject; readonly now: CatalogObject }[]>()
  for (const [key, old] of before) {
    const now = after.get(key)
    if (!now || (old.kind !== 'attribute' && old.kind !== 'type-attribute')) continue
    const owner = old.relation ?? `composite ${old.path.slice(0, old.path.length - (old.attribute ?? '').length - 1)}`
    const list = common.get(owner)
    if (list) list.push({ old, now })
    else common.set(owner, [{ old, now }])
  }
  return [...common].flatMap(([owner, attributes]) => {
    const order = (side: 'old' | 'now') =>
      [...attributes]
        .sort((a, b) => Number(a[side].properties.position) - Number(b[side].properties.position))
        .map((attribute) => attribute.old.attribute ?? '')
        .join(', ')
    const [old, now] = [order('old'), order('now')]
    const path = owner.replace(/^composite /, '')
    const object = [...relationsAt(before, path)][0]
    // A view's order is in its definition.
    if (old === now || object?.kind === 'view' || object?.kind === 'materialized-view') return []
    const composite = owner !== path
    return [
      {
        change: 'changed' as const,
        kind: object?.kind ?? (composite ? 'composite' : 'table'),
        path,
        relation: composite ? undefined : path,
        attribute: undefined,
        property: 'attribute-order',
        before: old,
        after: now,
        severity: composite || positional.has(path) ? ('warning' as const) : ('info' as const),
        because: 'PostgreSQL adds attributes at the end; only `*` and INSERT without columns can tell',
      },
    ]
  })
}

function* relationsAt(objects: CatalogObjects, path: string): Iterable<CatalogObject> {
  for (const kind of ['table', 'partitioned-table', 'foreign-table', 'view', 'materialized-view']) {
    const object = objects.get(`${kind} ${path}`)
    if (object && isRelation(kind)) yield object
  }
}
