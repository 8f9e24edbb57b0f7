import { attributeOrder } from './attribute-order.ts'
import type { CatalogDifference, CatalogObject, CatalogObjects } from './model.ts'
import { isRelation } from './read-objects.ts'
import { pairRenamed, type Renamed } from './renamed.ts'
import { severityOf } from './severity.ts'

export interface DiffContext {
  /** Paths of relations that something reads or writes by position (`*`, INSERT without columns): there the order of attributes is a warning. */
  readonly positional?: ReadonlySet<string>
}

/** Properties that follow from others: the order of attributes is compared as a whole, the constraint of an index by itself. */
const derived: ReadonlySet<string> = new Set(['position', 'constraint'])

/** Properties that are sets: of these only what one side alone has is shown. */
const sets: ReadonlySet<string> = new Set(['privileges', 'options', 'settings', 'roles', 'members', 'memberOf', 'tags'])

/**
 * What sets two readings of a catalog apart, in order of kind and path.
 *
 * One cause is one difference: what belongs to a missing relation, attribute or type is not named beside it, and a partition not beside
 * its parent. Constraints and indexes that differ by name alone are `changed` with the property `name`.
 */
export function diffObjects(before: CatalogObjects, after: CatalogObjects, context: DiffContext = {}): readonly CatalogDifference[] {
  const renamed = pairRenamed(before, after)
  const sides = { before, after, renamed }
  const whole: CatalogDifference[] = []
  const parts: CatalogDifference[] = []
  for (const [key, object] of before) {
    const other = after.get(key)
    if (!other) {
      if (!renamed.before.has(key) && !followsAnother(object, sides)) whole.push(wholeDifference('missing', object))
    } else if (!parentDiffers(object, sides)) parts.push(...propertyDifferences(object, other, sides))
  }
  for (const [key, object] of after) {
    if (!before.has(key) && !renamed.after.has(key) && !followsAnother(object, sides)) whole.push(wholeDifference('added', object))
  }
  const names = renamed.pairs
    .filter(({ old }) => !parentDiffers(old, sides) && !followsAnother(old, sides))
    .flatMap(({ old, now }) => [nameDifference(old, now), ...propertyDifferences(old, now, sides)])
  const order = attributeOrder(before, after, context.positional ?? new Set())
  return [...whole, ...names, ...parts, ...order].sort((a, b) => compare(a.kind, b.kind) || compare(a.path, b.path))
}

interface Sides {
  readonly before: CatalogObjects
  readonly after: CatalogObjects
  readonly renamed: Renamed
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const differs = (sides: Sides, key: string): boolean => sides.before.has(key) !== sides.after.has(key)

/** Whether the object's relation, or the type that it is a part of, is there on one side only (or is another kind of relation). */
function parentDiffers(object: CatalogObject, sides: Sides): boolean {
  if (object.kind === 'domain-constraint') return differs(sides, `domain ${object.path.slice(0, object.path.lastIndexOf(' ('))}`)
  if (object.kind === 'type-attribute') return ownersOf(object.path).some((path) => differs(sides, `composite ${path}`))
  if (object.relation === undefined || isRelation(object.kind)) return false
  return relationKeys(object.relation).some((key) => differs(sides, key))
}

const relationKeys = (path: string): readonly string[] =>
  ['table', 'partitioned-table', 'view', 'materialized-view', 'foreign-table'].map((kind) => `${kind} ${path}`)

/** Every path that `path` can be a part of: a dot may stand inside quotes, where no object answers to the prefix. */
function ownersOf(path: string): readonly string[] {
  return [...path.matchAll(/\./g)].map((dot) => path.slice(0, dot.index))
}

/** Whether a missing or added object follows from another difference, which is the one to name. */
function followsAnother(object: CatalogObject, sides: Sides): boolean {
  if (parentDiffers(object, sides)) return true
  const { kind, relation, attribute, properties } = object
  if (relation === undefined || isRelation(kind)) return false
  const attributeKey = `attribute ${relation}.${quotedPart(attribute ?? '')}`
  if (kind !== 'attribute' && attribute !== undefined && differs(sides, attributeKey)) return true
  if (kind === 'attribute' && definitionChanged(relation, sides)) return true
  // Only the parent can drop what a partition or heir has from it alone.
  if (properties.inheritance === 'inherited' || (kind === 'index' && properties.parents !== undefined)) return true
  if (kind === 'index' && properties.constraint !== undefined) return differs(sides, `constraint ${relation} (${properties.constraint})`)
  if (kind === 'constraint' && properties.type === 'not null') {
    return sides.before.get(attributeKey)?.properties.notNull !== sides.after.get(attributeKey)?.properties.notNull
  }
  return false
}

const quotedPart = (name: string): string => (/[."]/.test(name) || name === '' ? `"${name.replaceAll('"', '""')}"` : name)

function definitionChanged(relation: string, sides: Sides): boolean {
  return [`view ${relation}`, `materialized-view ${relation}`].some(
    (key) => sides.before.get(key)?.properties.definition !== sides.after.get(key)?.properties.definition,
  )
}

function wholeDifference(change: 'missing' | 'added', object: CatalogObject): CatalogDifference {
  const text = object.properties.definition ?? object.properties.expression ?? object.properties.type ?? object.path
  return {
    change,
    kind: object.kind,
    path: object.path,
    relation: object.relation,
    attribute: object.attribute,
    property: undefined,
    before: change === 'missing' ? text : undefined,
    after: change === 'added' ? text : undefined,
    ...severityOf(change, object, undefined, undefined, undefined),
  }
}

function nameDifference(old: CatalogObject, now: CatalogObject): CatalogDifference {
  const { kind, path, relation, attribute } = old
  const [before, after] = [old, now].map((object) => object.path.slice(object.path.lastIndexOf(' (') + 2, -1))
  return {
    change: 'changed',
    kind,
    path,
    relation,
    attribute,
    property: 'name',
    before,
    after,
    ...severityOf('changed', old, 'name', before, after),
  }
}

function propertyDifferences(old: CatalogObject, now: CatalogObject, sides: Sides): readonly CatalogDifference[] {
  const names = [...new Set([...Object.keys(old.properties), ...Object.keys(now.properties)])].sort()
  return names
    .filter((name) => old.properties[name] !== now.properties[name] && !derived.has(name) && !inheritedChange(old, name, sides))
    .map((name) => {
      const [before, after] = sets.has(name)
        ? onlyOneSide(old.properties[name], now.properties[name])
        : [old.properties[name], now.properties[name]]
      const { kind, path, relation, attribute } = old
      const severity = severityOf('changed', old, name, old.properties[name], now.properties[name])
      return { change: 'changed' as const, kind, path, relation, attribute, property: name, before, after, ...severity }
    })
}

/** Whether the same change was made to what the object has this property from: the parent's attribute, the owner of a sequence's table. */
function inheritedChange(old: CatalogObject, name: string, sides: Sides): boolean {
  const { kind, relation, properties } = old
  if (relation === undefined) return false
  if ((name === 'inheritance' || name === 'partitionBound') && parentsChanged(relation, sides)) return true
  if (isRelation(kind)) return false
  if (kind === 'sequence' && name === 'owner') {
    return relationKeys(relation).some((key) => sides.before.get(key)?.properties.owner !== sides.after.get(key)?.properties.owner)
  }
  if (kind === 'attribute' && name !== 'comment' && name !== 'privileges' && definitionChanged(relation, sides)) return true
  if (properties.inheritance?.endsWith('inherited') !== true) return false
  const parents = relationKeys(relation).map((key) => sides.before.get(key)?.properties.parents ?? '')
  return parents
    .join(', ')
    .split(', ')
    .some((parent) => {
      const key = `${kind} ${parent}${old.path.slice(relation.length)}`
      const after = sides.after.get(`${kind} ${old.path}`)?.properties[name]
      const [above, aboveAfter] = [sides.before.get(key), sides.after.get(key)]
      return above?.properties[name] === properties[name] && aboveAfter !== undefined && aboveAfter.properties[name] === after
    })
}

function parentsChanged(relation: string, sides: Sides): boolean {
  return relationKeys(relation).some((key) => sides.before.get(key)?.properties.parents !== sides.after.get(key)?.properties.parents)
}

function onlyOneSide(before: string | undefined, after: string | undefined): [string | undefined, string | undefined] {
  const [old, now] = [before, after].map((text) => (text === undefined ? [] : text.split(', ')))
  const [gone, come] = [old?.filter((item) => !now?.includes(item)), now?.filter((item) => !old?.includes(item))]
  return [gone?.length ? gone.join(', ') : undefined, come?.length ? come.join(', ') : undefined]
}
