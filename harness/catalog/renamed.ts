import type { CatalogObject, CatalogObjects } from './model.ts'

/** Objects that differ by name alone, by their keys on either side. */
export interface Renamed {
  readonly pairs: readonly { readonly old: CatalogObject; readonly now: CatalogObject }[]
  readonly before: ReadonlySet<string>
  readonly after: ReadonlySet<string>
}

const nameless: ReadonlySet<string> = new Set(['constraint', 'index', 'domain-constraint'])

/**
 * Pair constraints and indexes that one side alone has with such of the other side that are defined alike on the same relation.
 * Their names do nothing to rows, and a rollback that re-creates them often takes the server's own.
 */
export function pairRenamed(before: CatalogObjects, after: CatalogObjects): Renamed {
  const waiting = new Map<string, [string, CatalogObject][]>()
  for (const [key, object] of before) {
    if (!nameless.has(object.kind) || after.has(key)) continue
    const definition = definitionOf(object)
    waiting.set(definition, [...(waiting.get(definition) ?? []), [key, object]])
  }
  const pairs = []
  const [oldKeys, nowKeys] = [new Set<string>(), new Set<string>()]
  for (const [key, object] of after) {
    if (!nameless.has(object.kind) || before.has(key)) continue
    const found = waiting.get(definitionOf(object))?.shift()
    if (!found) continue
    pairs.push({ old: found[1], now: object })
    oldKeys.add(found[0])
    nowKeys.add(key)
  }
  return { pairs: pairs.filter(({ old }) => !backsConstraint(old) && !isNotNull(old)), before: oldKeys, after: nowKeys }
}

/** The index of a constraint is called as the constraint is: one name, one difference. */
const backsConstraint = (object: CatalogObject): boolean => object.kind === 'index' && object.properties.constraint !== undefined

/** The server names NOT NULL after the table that it was written for, and nothing asks for the name. */
const isNotNull = (object: CatalogObject): boolean => object.kind === 'constraint' && object.properties.type === 'not null'

function definitionOf(object: CatalogObject): string {
  const { comment, label, constraint, ...rest } = object.properties
  const owner = object.relation ?? object.path.slice(0, object.path.lastIndexOf(' ('))
  const properties = Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([object.kind, owner, constraint !== undefined, properties])
}
