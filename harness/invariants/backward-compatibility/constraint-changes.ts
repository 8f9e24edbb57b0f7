import type { Constraint, Index } from '../../catalog/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Facade } from './facade.ts'
import type { InterfaceChange } from './model.ts'

/**
 * Rules for writers that the legacy relation did not have. A rule that others imply, or that only new attributes fall under, no client can
 * notice.
 */
export function constraintChanges(facade: Facade): readonly InterfaceChange[] {
  if (facade.migrated.kind === 'view' || facade.legacy.kind === 'view') return []
  const known = new Set(facade.attributes.keys())
  const touchesLegacy = (attributes: readonly (string | undefined)[]) => attributes.some((each) => each === undefined || known.has(each))
  const onlyLegacy = (attributes: readonly (string | undefined)[]) => attributes.every((each) => each === undefined || known.has(each))
  const constraints = facade.migrated.constraints
    .filter(({ enforced, attributes }) => enforced && touchesLegacy(attributes))
    .flatMap((each) => newRule(facade, each))
  const keys = facade.migrated.indexes
    .filter((each) => each.unique && each.valid && !each.exclusion && onlyLegacy(each.attributes) && !isKnownKey(facade, each))
    .map((each) => uniqueRule(facade, each))
  return [...constraints, ...keys, ...actionChanges(facade)]
}

function newRule(facade: Facade, constraint: Constraint): readonly InterfaceChange[] {
  const what = ({ check: 'check', 'foreign-key': 'reference', exclusion: 'exclusion' } as const)[constraint.kind as string]
  if (what === undefined || facade.legacy.constraints.some((each) => each.enforced && sameRule(facade, each, constraint))) return []
  if (constraint.kind === 'check' && isImplied(facade, constraint)) return []
  // One attribute is the one to blame, of several none.
  const attribute = constraint.attributes.length === 1 ? constraint.attributes[0] : undefined
  const name = attribute === undefined ? facade.path : `${facade.path}.${attribute}`
  return [
    {
      what,
      kind: 'fails',
      severity: 'warning',
      relation: facade.path,
      attribute,
      object: constraint.name,
      operations: ['insert', 'update'],
      message: `Writes to ${shownName(name)} fail where the new ${what === 'check' ? 'check' : what === 'reference' ? 'foreign key' : 'exclusion constraint'} "${constraint.name}" does not allow them`,
      hint: `Release clients that no longer write such rows first, then add "${constraint.name}".`,
    },
  ]
}

/** What a delete of the row that is referred to does to this relation's rows. */
function actionChanges(facade: Facade): readonly InterfaceChange[] {
  const keys = facade.migrated.constraints.filter((each) => each.kind === 'foreign-key' && each.enforced)
  return keys.flatMap((now): readonly InterfaceChange[] => {
    const old = facade.legacy.constraints.find((each) => each.enforced && sameRule(facade, each, now))
    const [was, is] = [effectOf(old?.onDelete), effectOf(now.onDelete)]
    if (old?.references === undefined || now.references === undefined || was === is) return []
    return [
      {
        what: 'action',
        kind: is === 'is refused' ? 'fails' : 'rows',
        severity: 'warning',
        relation: facade.path,
        attribute: now.attributes.length === 1 ? now.attributes[0] : undefined,
        object: now.name,
        operations: ['delete'],
        message: `A DELETE from ${shownName(old.references.relation)} ${is} where ${shownName(facade.path)} refers to the row; before, it ${was}`,
        hint: `Check clients that delete from ${shownName(old.references.relation)}: before, the DELETE ${was}.`,
      },
    ]
  })
}

function effectOf(action: Constraint['onDelete']): string {
  if (action === 'cascade') return 'deletes the rows that refer to it'
  if (action === 'set-null') return 'sets the reference NULL'
  return action === 'set-default' ? 'sets the reference to its default' : 'is refused'
}

function uniqueRule(facade: Facade, index: Index): InterfaceChange {
  const attributes = index.attributes.flatMap((each) => each ?? [])
  const attribute = index.attributes.length === 1 ? attributes[0] : undefined
  return {
    what: 'unique',
    kind: 'fails',
    severity: 'warning',
    relation: facade.path,
    attribute,
    object: index.name,
    operations: ['insert', 'update'],
    message: `Writes of equal ${index.expressions.join(', ')} to ${shownName(facade.path)} fail: the index "${index.name}" is unique now`,
    hint: `Release clients that no longer write duplicates first, then add "${index.name}".`,
  }
}

/** Every legacy row fulfils it already, by a key on some of its columns. */
function isKnownKey({ legacy, renamed }: Facade, index: Index): boolean {
  const columns = new Set(index.expressions)
  return legacy.indexes.some(
    (old) =>
      old.unique &&
      old.valid &&
      !old.exclusion &&
      (old.predicate === undefined || old.predicate === index.predicate) &&
      (old.nullsNotDistinct || !index.nullsNotDistinct) &&
      old.expressions.every((each) => columns.has(renamed.get(each) ?? each)),
  )
}

function sameRule(facade: Facade, old: Constraint, now: Constraint): boolean {
  if (old.kind !== now.kind) return false
  const attributes = old.attributes.map((each) => facade.renamed.get(each) ?? each)
  // What it refers to may have another name by now.
  if (now.kind === 'foreign-key') return attributes.join('\n') === now.attributes.join('\n')
  const renamed = (text: string) =>
    [...facade.renamed].reduce((sum, [from, to]) => sum.replaceAll(new RegExp(`\\b${escaped(from)}\\b`, 'g'), to), text)
  const definition = ({ expression, definition: text }: Constraint) => expression ?? text.replace(/ NOT VALID$/, '')
  return withoutCasts(renamed(definition(old))) === withoutCasts(definition(now))
}

/** An expression as it reads whatever types its columns have: the server writes casts between them. */
export function withoutCasts(expression: string): string {
  return expression
    .replaceAll(
      /::(?:(?:"[^"]*"|\w+)\.)*(?:"[^"]*"|\w+)(?: varying| precision| with(?:out)? time zone)?(?:\(\d+(?:,\d+)?\))?(?:\[\])*/g,
      '',
    )
    .replaceAll(/[()\s]+/g, ' ')
    .replaceAll(/ ?([[\],]) ?/g, '$1')
    .trim()
}

/** `x IS NOT NULL` on a NOT NULL attribute: the step on the way to SET NOT NULL, or what is left of it. */
function isImplied({ legacy }: Facade, { attributes, expression = '' }: Constraint): boolean {
  const [attribute] = attributes
  return (
    attributes.length === 1 &&
    /^\(?\S+ IS NOT NULL\)?$/.test(expression) &&
    legacy.attributes.some((each) => each.name === attribute && each.notNull)
  )
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
