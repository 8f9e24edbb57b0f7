import type { CatalogObject, CatalogObjects, Constraint, Relation } from '../../catalog/index.ts'
import { pathOf, shownName } from '../../postgres/index.ts'
import { columnsOf, isItself, isNamed, namesWhatIsGone, placeOf } from './compare-constraints.ts'
import type { Watched } from './field.ts'
import { fields } from './fields.ts'
import type { Heir } from './heirs.ts'
import { meaningOf } from './meaning.ts'
import type { Change, Scene } from './model.ts'
import { isInBlock, namesOf } from './named.ts'

/** Objects by kind and the path of their relation, as they are looked for. */
export class Objects {
  readonly #byRelation = new Map<string, CatalogObject[]>()

  constructor(objects: CatalogObjects) {
    for (const object of objects.values()) {
      const key = `${object.kind} ${object.relation ?? ''}`
      this.#byRelation.set(key, [...(this.#byRelation.get(key) ?? []), object])
    }
  }

  of(kind: string, relation: string): readonly CatalogObject[] {
    return this.#byRelation.get(`${kind} ${relation}`) ?? []
  }
}

/** Properties of a pair of objects, one before and one after, that are not as they were, where no statement names them. */
export function propertyChanges(
  old: CatalogObject,
  now: CatalogObject | undefined,
  about: Pick<Change, 'relation' | 'attribute' | 'object'> & { readonly name: string },
  isStated: (property: string) => boolean,
): readonly Change[] {
  return Object.entries(fields[old.kind] ?? {}).flatMap(([property, field]): readonly Change[] => {
    if ('because' in field || field.says === undefined || now === undefined) return []
    const [before, after] = [old.properties[property], now.properties[property]]
    if (before === after || field.isLess?.(before, after) === false || isStated(property)) return []
    const { name, ...place } = about
    const remedy = field.restore?.(name, before ?? '')
    return [{ ...place, ...changeOf(field), message: `${shownName(name)} ${field.says(before, after)}`, before, after, remedy }]
  })
}

function changeOf({ kind, severity }: Watched): Pick<Change, 'kind' | 'severity'> {
  return { kind, severity }
}

/** What is told of a relation itself. */
export function relationChanges({ named, before, after }: Scene, heir: Heir): readonly Change[] {
  const old = before.get(`${heir.legacy.kind} ${heir.path}`)
  if (old === undefined) return []
  const path = pathOf(heir.now)
  const names = namesOf(named, [heir.legacy.name, heir.now.name])
  return propertyChanges(old, after.get(`${heir.now.kind} ${path}`), { relation: heir.path, name: path }, (property) =>
    names.some((name) => named.objects.has(`${property} ${name}`) || named.aspects.has(`${name} ${property}`)),
  )
}

/** What is told of the attributes of a relation. */
export function attributeChanges(scene: Scene, heir: Heir): readonly Change[] {
  const { named, before, after } = scene
  return heir.legacy.attributes.flatMap(({ name, type }) => {
    const seat = heir.attributes.get(name)
    const old = before.get(`attribute ${pathOf(heir.legacy, name)}`)
    const place = placeOf(scene, heir, [name])
    if (seat === undefined || old === undefined || place === undefined) return []
    const path = pathOf(place.now, seat.attribute)
    const now = after.get(`attribute ${path}`)
    const relations = namesOf(named, [heir.legacy.name, place.now.name])
    const both = [name, seat.attribute]
    return propertyChanges(old, now, { relation: heir.path, attribute: name, name: path }, (property) => {
      if (property === 'comment') return both.some((each) => named.objects.has(`comment ${each}`))
      // Another type is stored otherwise.
      if (property === 'storage' && now?.properties.type !== type) return true
      // In another table than the one that takes the place of the old, rows of other kinds may have none.
      if (property === 'notNull' && (place.now !== heir.now || isImplied(place.now, heir, name, seat.attribute))) return true
      if (property === 'notNull' && isInBlock(named, seat.attribute) && /drop\s+not\s+null/i.test(named.blocks)) return true
      return relations.some((relation) => both.some((each) => named.aspects.has(`${relation}.${each} ${property}`)))
    })
  })
}

/** NOT NULL of a key that is gone goes with it; a check can say the same. */
function isImplied(now: Relation, heir: Heir, name: string, attribute: string): boolean {
  const wasKey = heir.legacy.indexes.some((each) => each.primary && each.attributes.includes(name))
  const isNotNullCheck = ({ kind, enforced, attributes: [only, ...others], expression = '' }: Constraint) =>
    kind === 'check' && enforced && others.length === 0 && only === attribute && /^\(?\S+ IS NOT NULL\)?$/.test(expression)
  return (wasKey && !now.indexes.some((each) => each.primary)) || now.constraints.some(isNotNullCheck)
}

/** Triggers and rules: what runs at each write. */
export function triggerChanges(scene: Scene, heir: Heir, before: Objects, after: Objects): readonly Change[] {
  const path = pathOf(heir.now)
  return (['trigger', 'rule'] as const).flatMap((kind) =>
    before.of(kind, heir.path).flatMap((old): readonly Change[] => {
      const name = nameIn(old)
      if (isNamed(scene, kind, name)) return []
      const { definition = '', enabled } = old.properties
      const base = {
        kind: 'trigger' as const,
        relation: heir.path,
        object: name,
        before: definition,
        remedy: `${scene.translation.translate(definition, heir).replace(/;$/, '')};`,
      }
      const wanted = scene.translation.meaning(definition, heir)
      const found = after
        .of(kind, path)
        .find((each) => isItself(scene, heir, nameIn(each), name) || meaningOf(each.properties.definition ?? '') === wanted)
      if (found === undefined) {
        // What it named is gone by a statement of its own: a function, an attribute.
        if (enabled === 'disabled' || goesWith(scene, heir, definition)) return []
        return [
          {
            ...base,
            severity: 'error',
            message: `Writes to ${shownName(path)} no longer run the ${kind} "${name}"${calledBy(definition)}: it is gone`,
            unstated: 'drops it',
            after: undefined,
          },
        ]
      }
      const is = found.properties.enabled
      if (is === enabled)
        return propertyChanges(old, found, { relation: heir.path, object: name, name: `The ${kind} "${name}"` }, () => false)
      const how =
        enabled === 'disabled'
          ? `Writes to ${shownName(path)} run the ${kind} "${name}"${calledBy(definition)} now: it was disabled before`
          : is === 'disabled'
            ? `Writes to ${shownName(path)} no longer run the ${kind} "${name}"${calledBy(definition)}: it is disabled`
            : `The ${kind} "${name}" of ${shownName(path)} fires in the mode "${is}" instead of "${enabled}"`
      const remedy = `ALTER TABLE ${path} ${enabled === 'disabled' ? 'DISABLE' : 'ENABLE'} ${kind.toUpperCase()} ${name};`
      return [{ ...base, severity: 'error', message: how, unstated: 'names it', before: enabled, after: is, remedy }]
    }),
  )
}

/** ` (orders_counted())`. */
function calledBy(definition: string): string {
  const [, called] = /EXECUTE (?:FUNCTION|PROCEDURE) (.+)$/.exec(definition) ?? []
  return called === undefined ? '' : ` (${shownName(called)})`
}

function goesWith({ named, after }: Scene, heir: Heir, definition: string): boolean {
  const [, called = ''] = /EXECUTE (?:FUNCTION|PROCEDURE) ([^(]+)\(/.exec(definition) ?? []
  const dropped = named.objects.has(`function ${called.slice(called.lastIndexOf('.') + 1).replaceAll('"', '')}`)
  if (dropped && !after.has(`function ${called}()`)) return true
  return namesWhatIsGone(heir, definition)
}

/** Policies of a table whose row security is still on; where it is off, that is told. */
export function policyChanges(scene: Scene, heir: Heir, before: Objects, after: Objects): readonly Change[] {
  const path = pathOf(heir.now)
  const kept = after.of('policy', path)
  return before.of('policy', heir.path).flatMap((old): readonly Change[] => {
    const name = nameIn(old)
    const wanted = scene.translation.meaning(policyText(old), heir)
    if (isNamed(scene, 'policy', name) || namesWhatIsGone(heir, policyText(old))) return []
    if (kept.some((each) => isItself(scene, heir, nameIn(each), name) || meaningOf(policyText(each)) === wanted)) return []
    if (heir.legacy.rowSecurity.enabled && !heir.now.rowSecurity.enabled) return []
    return [
      {
        kind: 'policy',
        severity: heir.legacy.rowSecurity.enabled ? 'error' : 'info',
        relation: heir.path,
        object: name,
        message: `${shownName(path)} loses the policy "${name}"`,
        unstated: 'drops it',
        before: policyText(old),
        after: undefined,
        remedy: `CREATE POLICY ${name} ON ${path} ${scene.translation.translate(policyText(old), heir)};`,
      },
    ]
  })
}

function policyText({ properties: { permissive, command = 'all', roles, using, check } }: CatalogObject): string {
  return [
    permissive === 'false' ? 'AS RESTRICTIVE' : '',
    `FOR ${command.toUpperCase()} TO ${roles}`,
    using === undefined ? '' : `USING (${using})`,
    check === undefined ? '' : `WITH CHECK (${check})`,
  ]
    .filter((each) => each !== '')
    .join(' ')
}

/** Indexes that are no keys, and statistics. */
export function speedChanges(scene: Scene, heir: Heir, before: Objects, after: Objects): readonly Change[] {
  const path = pathOf(heir.now)
  const unique = new Set(heir.legacy.indexes.filter((each) => each.unique || each.exclusion).map((each) => each.name))
  const indexes = before.of('index', heir.path).flatMap((old): readonly Change[] => {
    const name = nameIn(old)
    const structured = heir.legacy.indexes.find((each) => each.name === name)
    if (unique.has(name) || structured?.valid !== true || isNamed(scene, 'index', name)) return []
    if (placeOf(scene, heir, columnsOf(heir.legacy, structured))?.now !== heir.now) return []
    const text = ({ properties: { definition = '', predicate } }: CatalogObject) =>
      `${definition}${predicate === undefined ? '' : ` WHERE ${predicate}`}`
    const wanted = scene.translation.meaning(text(old), heir)
    const found = after
      .of('index', path)
      .filter((each) => isItself(scene, heir, nameIn(each), name) || covers(meaningOf(text(each)), wanted))
    const valid = found.find((each) => each.properties.valid === 'true')
    if (valid !== undefined)
      return propertyChanges(
        old,
        valid,
        { relation: heir.path, object: name, name: `The index "${name}" of ${shownName(path)}` },
        () => false,
      )
    return [
      {
        kind: 'index',
        severity: 'warning',
        relation: heir.path,
        object: name,
        message: `Queries on ${shownName(path)} can no longer use the index "${name}": it is ${found.length === 0 ? 'gone' : 'not valid'}`,
        unstated: 'drops it',
        before: text(old),
        after: undefined,
        remedy: `${scene.translation.translate(text(old), heir).replace(' INDEX ON ', ` INDEX ${name} ON `)};`,
      },
    ]
  })
  const statistics = before.of('statistics', heir.path).flatMap((old): readonly Change[] => {
    const name = nameIn(old)
    if (isNamed(scene, 'statistics', name)) return []
    const wanted = scene.translation.meaning(old.properties.definition ?? '', heir)
    const found = after
      .of('statistics', path)
      .find((each) => isItself(scene, heir, nameIn(each), name) || meaningOf(each.properties.definition ?? '') === wanted)
    if (found !== undefined && found.properties.target === old.properties.target) return []
    const message = `${shownName(path)} loses ${found === undefined ? `the statistics "${name}"` : `the target of the statistics "${name}"`}`
    return [
      {
        kind: 'detail',
        severity: 'info',
        relation: heir.path,
        object: name,
        message,
        unstated: 'names it',
        before: old.properties.definition,
        after: found?.properties.target,
      },
    ]
  })
  return [...indexes, ...statistics]
}

/** Whether an index serves every query that another one does: the same key columns first, under no condition that the other has not. */
function covers(now: string, wanted: string): boolean {
  const same = (text: string) => text.replace(/^CREATE UNIQUE INDEX/, 'CREATE INDEX')
  return same(now) === same(wanted) || (same(now).startsWith(`${same(wanted)},`) && !/ WHERE /.test(wanted))
}

/** `watch` of `public.items (watch)`; the last part of a path else. */
export function nameIn({ path }: CatalogObject): string {
  const own = / \((.+)\)$/.exec(path)?.[1] ?? path.slice(path.lastIndexOf('.') + 1)
  return own.replaceAll('"', '')
}
