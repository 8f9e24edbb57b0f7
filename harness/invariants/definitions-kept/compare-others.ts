import type { CatalogObject } from '../../catalog/index.ts'
import { pathOf, shownName } from '../../postgres/index.ts'
import { isNamed } from './compare-constraints.ts'
import { nameIn, type Objects, propertyChanges } from './compare-objects.ts'
import type { Heir } from './heirs.ts'
import { meaningOf } from './meaning.ts'
import type { Change, Scene } from './model.ts'
import { isInBlock } from './named.ts'

/** The sequences that fill the attributes of a relation. */
export function sequenceChanges(scene: Scene, heir: Heir, before: Objects, after: Objects): readonly Change[] {
  return before.of('sequence', heir.path).flatMap((old): readonly Change[] => {
    const { attribute } = old
    const seat = attribute === undefined ? undefined : heir.attributes.get(attribute)
    if (attribute === undefined || seat === undefined || isNamed(scene, 'sequence', nameIn(old))) return []
    const others = before.of('sequence', heir.path).filter((each) => each !== old && each.attribute === attribute)
    const owned = after.of('sequence', seat.relation).filter((each) => each.attribute === seat.attribute)
    // One column may own several.
    const own = owned.find(({ path }) => path === old.path) ?? owned.find(({ path }) => !others.some((other) => other.path === path))
    const now = own ?? scene.after.get(`sequence ${old.path}`)
    if (now === undefined || isNamed(scene, 'sequence', nameIn(now))) return []
    return propertyChanges(
      old,
      now,
      { relation: heir.path, attribute, name: `The sequence ${shownName(now.path)} of ${shownName(seat.relation)}.${seat.attribute}` },
      () => false,
    )
  })
}

/** Options of CREATE FUNCTION and ALTER FUNCTION, by the property that they decide. */
const options: Readonly<Record<string, string>> = {
  securityDefiner: 'security',
  strict: 'strict',
  volatility: 'volatility',
  parallel: 'parallel',
  leakproof: 'leakproof',
  cost: 'cost',
  rows: 'rows',
}

/** Attributes of functions and procedures that were replaced. */
export function routineChanges(scene: Scene): readonly Change[] {
  const { before, after, named } = scene
  return [...before.values()].flatMap((old): readonly Change[] => {
    if (!['function', 'procedure', 'aggregate'].includes(old.kind)) return []
    const now = after.get(`${old.kind} ${old.path}`)
    const name = routineName(old)
    if (now === undefined || isInBlock(named, name)) return []
    const given = named.options.get(name)
    const definer = [old, now].every((each) => each.properties.securityDefiner === 'true')
    return propertyChanges(old, now, { relation: undefined, object: old.path, name: old.path }, (property) => {
      if (property === 'owner') return !definer || named.objects.has(`owner ${name}`)
      if (property === 'comment') return named.objects.has(`comment ${name}`)
      if (property === 'settings') return lostSettings(old, now).every((each) => given?.has(`set ${each}`))
      return given?.has(options[property] ?? '') === true
    })
  })
}

function routineName({ path }: CatalogObject): string {
  const named = path.slice(0, path.indexOf('('))
  return named.slice(named.lastIndexOf('.') + 1).replaceAll('"', '')
}

/** Names of settings that are not there any more, or have another value. */
function lostSettings(old: CatalogObject, now: CatalogObject): readonly string[] {
  const kept = new Set((now.properties.settings ?? '').split(', '))
  return (old.properties.settings ?? '').split(', ').flatMap((each) => (kept.has(each) ? [] : [each.slice(0, each.indexOf('='))]))
}

/** Domains that were made anew, and their checks. */
export function domainChanges(scene: Scene): readonly Change[] {
  const { before, after, named } = scene
  const checks = (objects: Scene['after'], path: string) =>
    [...objects.values()].filter((each) => each.kind === 'domain-constraint' && each.path.startsWith(`${path} (`))
  return [...before.values()].flatMap((old): readonly Change[] => {
    const now = old.kind === 'domain' ? after.get(`domain ${old.path}`) : undefined
    if (now === undefined || named.objects.has(`type ${nameIn(old)}`) || isInBlock(named, nameIn(old))) return []
    const about = { relation: undefined, object: old.path }
    const kept = checks(after, old.path).map((each) => meaningOf(each.properties.expression ?? ''))
    const gone = checks(before, old.path).filter((each) => !kept.includes(meaningOf(each.properties.expression ?? '')))
    return [
      ...propertyChanges(
        old,
        now,
        { ...about, name: old.path },
        (property) => property === 'comment' && named.objects.has(`comment ${nameIn(old)}`),
      ),
      ...gone.map(
        (each): Change => ({
          ...about,
          kind: 'check',
          severity: 'error',
          message: `Values that the check "${nameIn(each)}" of the domain ${shownName(old.path)} refused are accepted: the check is gone`,
          unstated: 'drops it',
          before: each.properties.expression,
          after: undefined,
          remedy: `ALTER DOMAIN ${old.path} ADD CONSTRAINT ${nameIn(each)} CHECK (${each.properties.expression});`,
        }),
      ),
    ]
  })
}

/** What hangs on other objects and falls with them: members of publications, event triggers. */
export function dependentChanges(scene: Scene): readonly Change[] {
  const { before, after, named } = scene
  return [...before.values()].flatMap((old): readonly Change[] => {
    if (old.kind === 'publication') return memberChanges(scene, old)
    if (old.kind !== 'event-trigger' || after.has(`event-trigger ${old.path}`) || isNamed(scene, 'event-trigger', nameIn(old))) return []
    const { function: called = '' } = old.properties
    // A function that is dropped for good takes its trigger with it.
    if (named.objects.has(`function ${called.slice(called.lastIndexOf('.') + 1)}`) && !after.has(`function ${called}()`)) return []
    return [
      {
        kind: 'trigger',
        severity: 'error',
        relation: undefined,
        object: old.path,
        message: `The event trigger "${old.path}" (${shownName(called)}()) no longer runs: it is gone`,
        unstated: 'drops it',
        before: called,
        after: undefined,
      },
    ]
  })
}

function memberChanges(scene: Scene, old: CatalogObject): readonly Change[] {
  const now = scene.after.get(`publication ${old.path}`)
  if (now === undefined || isNamed(scene, 'publication', old.path)) return []
  const members = now.properties.members ?? ''
  return [...scene.heirs.values()].flatMap((heir): readonly Change[] => {
    const was = isMember(old.properties.members ?? '', heir.path)
    if (!was || isMember(members, pathOf(heir.now))) return []
    return [
      {
        kind: 'replication',
        severity: 'warning',
        relation: heir.path,
        object: old.path,
        message: `Changes to ${shownName(pathOf(heir.now))} are no longer published: the table is not in the publication "${old.path}"`,
        unstated: 'names it',
        before: old.properties.members,
        after: now.properties.members,
        remedy: `ALTER PUBLICATION ${old.path} ADD TABLE ${pathOf(heir.now)};`,
      },
    ]
  })
}

function isMember(members: string, path: string): boolean {
  return members.split(', ').some((each) => each === `TABLE ${path}` || each.startsWith(`TABLE ${path} `))
}
