import type { Constraint, Index, Relation } from '../../catalog/index.ts'
import { mentionsName, pathOf, shownName } from '../../postgres/index.ts'
import type { Heir, Seat } from './heirs.ts'
import { identifier, meaningOf, sqlName } from './meaning.ts'
import type { Change, Scene } from './model.ts'
import { isInBlock, namesOf } from './named.ts'

/** Keys, foreign keys, checks and exclusions of a legacy relation that nothing after `up` stands in for. */
export function constraintChanges(scene: Scene, heir: Heir): readonly Change[] {
  return heir.legacy.constraints.flatMap((constraint) => {
    if (constraint.inherited || !constraint.enforced || isNamed(scene, 'constraint', constraint.name)) return []
    const place = placeOf(scene, heir, constraint.attributes)
    if (place === undefined) return []
    if (constraint.kind === 'foreign-key') return referenceChange(scene, heir, place, constraint)
    if (constraint.kind === 'check' || constraint.kind === 'exclusion') return ruleChange(scene, heir, place, constraint)
    return []
  })
}

/** Unique keys, those of constraints among them: gone, or wider than they were. */
export function keyChanges(scene: Scene, heir: Heir): readonly Change[] {
  return heir.legacy.indexes.flatMap((index): readonly Change[] => {
    if (!index.unique || !index.valid || index.exclusion) return []
    const constraint = heir.legacy.constraints.find((each) => each.name === index.name)
    if (constraint?.inherited === true) return []
    if (isNamed(scene, 'constraint', index.name) || isNamed(scene, 'index', index.name)) return []
    const place = placeOf(scene, heir, columnsOf(heir.legacy, index))
    const columns = columnsOf(heir.legacy, { ...index, predicate: undefined })
    if (place === undefined) return []
    const { now, seats } = place
    if (
      now.indexes.some(
        (each) =>
          each.unique &&
          each.valid &&
          (isItself(scene, heir, each.name, index.name) || impliesKey(scene, heir, place, { old: index, now: each })),
      )
    )
      return []
    const wanted = columns.map((each) => seats.get(each) ?? each)
    const wider = widerByPartition(now, wanted)
    // PostgreSQL has no such key over all partitions.
    const cannot = now.partitionKey !== undefined && !wanted.some((each) => mentionsName(now.partitionKey ?? '', each))
    const what = `the ${index.primary ? 'primary key' : constraint === undefined ? 'unique index' : 'unique constraint'} "${index.name}"`
    const list = index.expressions.length === 1 ? index.expressions[0] : `(${index.expressions.join(', ')})`
    return [
      {
        kind: 'key',
        severity: wider !== undefined ? 'info' : cannot ? 'warning' : 'error',
        relation: heir.path,
        attribute: columns.length === 1 ? columns[0] : undefined,
        object: index.name,
        message: `Duplicate values of ${list} are accepted in ${shownName(pathOf(now))}: ${what} ${wider === undefined ? 'is gone' : `covers (${wider}) now, because a key of a partitioned table must contain the partition columns`}`,
        unstated: 'drops it',
        before: index.definition,
        after: wider,
        remedy: constraint === undefined || wider !== undefined || cannot ? undefined : addConstraint(scene, heir, now, constraint),
        advice:
          wider !== undefined || cannot
            ? `PostgreSQL has no such key over all partitions: check ${list} elsewhere, for example in a trigger.`
            : undefined,
      },
    ]
  })
}

/** Where all attributes of a definition are now, if they are together; undefined where one is gone: what hung on it goes with it. */
export interface Together {
  readonly now: Relation
  /** By legacy name. */
  readonly seats: ReadonlyMap<string, string>
}

export function placeOf(scene: Scene, heir: Heir, attributes: readonly string[]): Together | undefined {
  const seats = attributes.map((each) => [each, heir.attributes.get(each)] as const)
  if (seats.some(([, seat]) => seat === undefined)) return undefined
  const relations = new Set(seats.map(([, seat]) => seat?.relation ?? ''))
  if (relations.size > 1) return undefined
  const [only = pathOf(heir.now)] = relations
  const now = scene.run.migrated?.catalog.relations.get(only)
  const names = new Map(
    seats.flatMap(([name, seat]): readonly (readonly [string, string])[] => (seat === undefined ? [] : [[name, seat.attribute]])),
  )
  return now === undefined || isFromBefore(scene, heir, now) ? undefined : { now, seats: names }
}

/** A relation that was there before, or took the place of another one, has rules of its own. */
function isFromBefore({ run, heirs }: Scene, heir: Heir, now: Relation): boolean {
  if (now === heir.now) return false
  const legacy = [...run.legacy.catalog.relations.values()]
  return legacy.some((each) => each.oid === now.oid) || [...heirs.values()].some((each) => each.now === now)
}

export function isNamed({ named }: Scene, kind: string, name: string): boolean {
  return named.objects.has(`${kind} ${name}`) || isInBlock(named, name)
}

/** Whether an object of a relation that is still there has its name: then it is the same one, though what its text names may be renamed. */
export function isItself({ named }: Scene, { legacy, now }: Heir, name: string, old: string): boolean {
  return legacy.oid === now.oid && namesOf(named, [old]).includes(name)
}

/** The attributes that an index is over, those of its expressions and its condition among them. */
export function columnsOf(relation: Relation, { attributes, expressions, predicate }: Index): readonly string[] {
  const known = new Set(relation.attributes.map((each) => each.name))
  const words = (text: string) => [...text.matchAll(/"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu)].map(([word, quoted]) => quoted ?? word)
  const named = [...expressions.filter((_, at) => attributes[at] === undefined), predicate ?? ''].flatMap(words)
  return [...new Set([...attributes.flatMap((each) => each ?? []), ...named.filter((each) => known.has(each))])]
}

/** Whether a text names an attribute that is gone: what it defined went with it. */
export function namesWhatIsGone({ legacy, attributes }: Heir, text: string): boolean {
  return legacy.attributes.some(({ name }) => !attributes.has(name) && mentionsName(text, name))
}

/** Whether a unique index refuses everything that a legacy one refused: it is over no other columns, and leaves out no other rows. */
function impliesKey(
  scene: Scene,
  heir: Heir,
  { now: relation, seats }: Together,
  { old, now }: { readonly old: Index; readonly now: Index },
): boolean {
  const plain = new Set(old.attributes.flatMap((each) => (each === undefined ? [] : [seats.get(each) ?? each])))
  const texts = new Set(old.expressions.map((each) => scene.translation.meaning(each, heir)))
  const covered = now.expressions.every((text, at) => {
    const attribute = now.attributes[at]
    if (attribute !== undefined) return plain.has(attribute)
    return (
      texts.has(meaningOf(text)) ||
      columnsOf(relation, { ...now, expressions: [text], attributes: [undefined], predicate: undefined }).every((each) => plain.has(each))
    )
  })
  const required = [...plain].every((name) => relation.attributes.some((each) => each.name === name && each.notNull))
  const predicate = old.predicate === undefined ? undefined : scene.translation.meaning(old.predicate, heir)
  return (
    covered &&
    (now.predicate === undefined || (predicate !== undefined && meaningOf(now.predicate) === predicate)) &&
    (!old.nullsNotDistinct || now.nullsNotDistinct || required)
  )
}

/** A key of a partitioned table holds the columns that partition it: PostgreSQL takes no other. */
function widerByPartition(now: Relation, columns: readonly string[]): string | undefined {
  const key = now.partitionKey
  if (key === undefined) return undefined
  const wider = now.indexes.find(
    (each) =>
      each.unique &&
      columns.every((column) => each.attributes.includes(column)) &&
      each.attributes.every((column) => column !== undefined && (columns.includes(column) || key.includes(column))),
  )
  return wider?.attributes.join(', ')
}

function referenceChange(scene: Scene, heir: Heir, { now, seats }: Together, constraint: Constraint): readonly Change[] {
  const { references } = constraint
  const parent = scene.heirs.get(references?.relation ?? '')
  if (references === undefined || parent === undefined) return []
  const targets = references.attributes.map((each) => parent.attributes.get(each))
  if (targets.some((each) => each === undefined || each.relation !== pathOf(parent.now))) return []
  const columns = constraint.attributes.map((each) => seats.get(each) ?? each)
  const found = now.constraints.find((each) => each.kind === 'foreign-key' && each.enforced && sameColumns(each, columns, parent, targets))
  const base = {
    kind: 'foreign-key' as const,
    relation: heir.path,
    attribute: constraint.attributes.length === 1 ? constraint.attributes[0] : undefined,
    object: constraint.name,
    before: constraint.definition,
    remedy: addConstraint(scene, heir, now, constraint),
  }
  const [column] = columns
  const what = `${shownName(pathOf(now))}${columns.length === 1 ? `.${column}` : ` (${columns.join(', ')})`}`
  const target = shownName(pathOf(parent.now))
  if (found === undefined)
    return [
      {
        ...base,
        severity: 'error',
        message: `${what} can refer to rows of ${target} that do not exist${effectOf(constraint, target, shownName(pathOf(now)))}: the foreign key "${constraint.name}" is gone`,
        unstated: 'drops it',
        after: undefined,
      },
    ]
  const [was, is] = [actionsOf(constraint), actionsOf(found)]
  if (was !== is)
    return [
      {
        ...base,
        severity: 'error',
        message: `The foreign key from ${what} to ${target} ${is === '' ? `loses${was}` : `has${is} instead of${was === '' ? ' no action' : was}`}`,
        unstated: 'names it',
        after: found.definition,
      },
    ]
  return weaker(base, constraint, found, `the foreign key "${constraint.name}" of ${what}`)
}

function sameColumns(found: Constraint, columns: readonly string[], parent: Heir, targets: readonly (Seat | undefined)[]): boolean {
  if (found.references?.relation !== pathOf(parent.now) || found.attributes.length !== columns.length) return false
  return columns.every((column, at) => {
    const position = found.attributes.indexOf(column)
    return position >= 0 && found.references?.attributes[position] === targets[at]?.attribute
  })
}

function effectOf({ onDelete }: Constraint, parent: string, child: string): string {
  if (onDelete === 'cascade') return `, and a DELETE from ${parent} no longer deletes its rows in ${child}`
  if (onDelete === 'set-null' || onDelete === 'set-default')
    return `, and a DELETE from ${parent} no longer clears the reference in ${child}`
  return ''
}

/** ` MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL`, or nothing. */
function actionsOf({ definition }: Constraint): string {
  return (
    /\)((?: MATCH FULL| ON (?:UPDATE|DELETE) (?:CASCADE|RESTRICT|SET NULL(?: \([^)]*\))?|SET DEFAULT(?: \([^)]*\))?))*)(?: (?:NOT )?DEFERRABLE| INITIALLY| NOT VALID| NOT ENFORCED|$)/.exec(
      definition,
    )?.[1] ?? ''
  )
}

function ruleChange(scene: Scene, heir: Heir, { now }: Together, constraint: Constraint): readonly Change[] {
  const text = (each: Constraint) => each.expression ?? bare(each.definition)
  const wanted = scene.translation.meaning(text(constraint), heir)
  const found = now.constraints.find(
    (each) =>
      each.kind === constraint.kind &&
      each.enforced &&
      (isItself(scene, heir, each.name, constraint.name) || meaningOf(text(each)) === wanted),
  )
  const what = constraint.kind === 'check' ? `check "${constraint.name}"` : `exclusion constraint "${constraint.name}"`
  const base = {
    kind: constraint.kind === 'check' ? ('check' as const) : ('exclusion' as const),
    relation: heir.path,
    attribute: constraint.attributes.length === 1 ? constraint.attributes[0] : undefined,
    object: constraint.name,
    before: constraint.definition,
    remedy: addConstraint(scene, heir, now, constraint),
  }
  if (found !== undefined) return weaker(base, constraint, found, `the ${what} of ${shownName(pathOf(now))}`)
  if (impliedByNotNull(constraint, heir, now) || isOfAnotherType(constraint, heir, now)) return []
  return [
    {
      ...base,
      severity: 'error',
      message: `Rows that the ${what} refused are accepted in ${shownName(pathOf(now))}: the constraint is gone`,
      unstated: 'drops it',
      after: undefined,
    },
  ]
}

/** `x IS NOT NULL` where x is NOT NULL now. */
function impliedByNotNull({ kind, attributes: [name = ''], expression = '' }: Constraint, heir: Heir, now: Relation): boolean {
  const seat = heir.attributes.get(name)?.attribute
  return kind === 'check' && /^\(?\S+ IS NOT NULL\)?$/.test(expression) && now.attributes.some((each) => each.name === seat && each.notNull)
}

/** Whether a check is about a value that is written in another form now: it cannot be held against any check there is. */
function isOfAnotherType({ attributes }: Constraint, { legacy, attributes: seats }: Heir, now: Relation): boolean {
  const family = (type: string | undefined) =>
    (type ?? '')
      .replace(/\(.*\)/, '')
      .replace(/^(character varying|character)$/, 'text')
      .replace(/^(smallint|bigint|numeric)$/, 'integer')
  return attributes.some((name) => {
    const [before, after] = [legacy, now].map((each, at) =>
      each.attributes.find((attribute) => attribute.name === (at === 0 ? name : seats.get(name)?.attribute)),
    )
    return family(before?.type) !== family(after?.type)
  })
}

/** Rows that were there before are not looked at, or not before the end of the transaction. */
function weaker(base: Omit<Change, 'severity' | 'message' | 'after'>, old: Constraint, now: Constraint, what: string): readonly Change[] {
  const after = now.definition
  if (old.validated && !now.validated)
    return [
      {
        ...base,
        after,
        severity: 'info',
        message: `${what.charAt(0).toUpperCase()}${what.slice(1)} is NOT VALID now: it does not hold for rows that are already there`,
        unstated: 'names it',
      },
    ]
  const [was, is] = [old, now].map(({ deferrable, initiallyDeferred }) =>
    initiallyDeferred ? 'INITIALLY DEFERRED' : deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE',
  )
  if (was === is) return []
  return [
    {
      ...base,
      after,
      severity: 'warning',
      message: `${what.charAt(0).toUpperCase()}${what.slice(1)} is ${is} now instead of ${was}`,
      unstated: 'names it',
    },
  ]
}

function bare(definition: string): string {
  return definition.replace(/( DEFERRABLE)?( INITIALLY DEFERRED)?( NOT VALID| NOT ENFORCED)*$/, '')
}

function addConstraint({ translation }: Scene, heir: Heir, now: Relation, constraint: Constraint): string {
  return `ALTER TABLE ${sqlName(now)} ADD CONSTRAINT ${identifier(constraint.name)} ${translation.translate(constraint.definition, heir)};`
}
