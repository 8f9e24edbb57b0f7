import type { Attribute, Catalog, Relation } from '../../../catalog/index.ts'
import type { GenerationPlan } from '../../../data/index.ts'
import type { Knowledge, Subject } from '../../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../../../postgres/index.ts'
import { storedRelations } from '../../../run/index.ts'
import { keyWrites } from './key-writes.ts'
import type { Write } from './model.ts'
import { type Origin, writeValues } from './write-values.ts'

/** So many values of one attribute are written at once, each to its own part of the rows. */
const parts = 3

/**
 * What to write to the migrated database to see whether `down` still runs, in rounds: new keys first, then values of attributes that `up`
 * made, widened or freed of a constraint, those that real rows have before those that hardly any has.
 *
 * An attribute that is in legacy as it is in the migrated schema is left alone: `down` was written for its values.
 */
export function planWrites(subject: Subject, migrated: Catalog, plan: GenerationPlan): readonly (readonly Write[])[] {
  const { legacy, knowledge } = subject
  const changed = storedRelations(migrated).flatMap((path) => {
    const relation = migrated.relations.get(path)
    return relation === undefined ? [] : [{ path, relation, attributes: changedAttributes(subject, path, relation) }]
  })
  const touched = changed.filter(({ path, attributes }) => attributes.length > 0 || isHome(path, knowledge))
  const filled = touched.filter(({ path }) => holdsRows(subject, path)).map(({ path }) => path)
  const rounds: Write[][] = [[], []]
  for (const [at, { path, relation, attributes }] of touched.entries()) {
    rounds[0]?.push(...keyWrites(legacy, migrated, path, relation, filled))
    for (const [index, attribute] of attributes.entries()) {
      const planned = plan.relations.get(path)?.attributes.find(({ name }) => name === attribute.name)
      if (planned === undefined) continue
      const values = writeValues(attribute, planned, originsOf(subject, path, attribute))
      let round = 1
      for (const extreme of [false, true]) {
        const own = values.filter((value) => value.extreme === extreme)
        round = Math.max(round, extreme ? plausibleRounds : 1)
        for (const [nth, value] of own.entries()) {
          const into = round + Math.floor(nth / parts)
          while (rounds.length <= into) rounds.push([])
          rounds[into]?.push({
            statements: [false, true].map((single) => updateRows(relation, attribute.name, value.sql, (nth + index + at) % parts, single)),
            inEveryRow: `UPDATE ${quoteName(relation)} SET ${quoteIdentifier(attribute.name)} = ${value.sql}`,
            relation: path,
            attribute: attribute.name,
            json: value.json,
            extreme,
          })
        }
      }
    }
  }
  return rounds.filter((round) => round.length > 0)
}

/** Extremes begin behind the rounds that twelve values take. */
const plausibleRounds = 5

/** The attributes whose values the migrated schema may judge otherwise than the legacy one did. */
function changedAttributes({ legacy, knowledge }: Subject, path: string, relation: Relation): readonly Attribute[] {
  const before = legacy.relations.get(path)
  const constraints = new Set(relation.constraints.map(({ definition }) => definition))
  return relation.attributes.filter((attribute) => {
    if (attribute.generated !== undefined || isDrawnKey(relation, attribute)) return false
    const was = before?.oid === relation.oid ? before.attributes.find(({ name }) => name === attribute.name) : undefined
    if (before === undefined || was === undefined) return true
    if (!refers(relation, attribute.name) && holdsOthers(knowledge, path, attribute.name)) return true
    const freed = before.constraints.some((each) => each.attributes.includes(attribute.name) && !constraints.has(each.definition))
    return freed || was.type !== attribute.type || (was.notNull && !attribute.notNull)
  })
}

/** A key that the database draws: no application chooses its value, and `keyWrites` draws new ones. */
function isDrawnKey(relation: Relation, { name, identity, default: value }: Attribute): boolean {
  const isKey = relation.indexes.some((index) => index.primary && index.attributes.includes(name))
  return isKey && (identity !== undefined || /\b(nextval|gen_random_uuid|uuid_generate_v\w+|uuidv[47])\(/i.test(value ?? ''))
}

/** Whether cells of other legacy attributes went into it too, as into a document. */
function holdsOthers({ lineage }: Knowledge, path: string, name: string): boolean {
  return [...(lineage?.relations.values() ?? [])].some((each) =>
    [...each.attributes.values()].some(({ attribute, destinations }) =>
      destinations.some(
        (other) =>
          other.relation === path &&
          (each.relation !== path || attribute !== name) &&
          other.columns.some((column) => column.attribute === name),
      ),
    ),
  )
}

/** A reference holds the value of its parent's key, and nothing of its own. */
function refers(relation: Relation, attribute: string): boolean {
  return relation.constraints.some((each) => each.kind === 'foreign-key' && each.attributes.includes(attribute))
}

/** Whether legacy rows may be there: in what `up` makes and fills with none of them no key can be taken already. */
function holdsRows({ legacy, knowledge: { lineage } }: Subject, path: string): boolean {
  const places = [...(lineage?.relations.values() ?? [])].flatMap((each) => each.places)
  return lineage === undefined || legacy.relations.has(path) || places.some((place) => place.relation === path)
}

function isHome(path: string, knowledge: Knowledge): boolean {
  return [...(knowledge.lineage?.relations.values() ?? [])].some(
    ({ relation, places }) => knowledge.written.has(relation) && places.length > 1 && places.some((place) => place.relation === path),
  )
}

/** The legacy attributes that lineage leads to this one, and the one of the same name. */
function originsOf({ legacy, knowledge }: Subject, path: string, { name }: Attribute): readonly Origin[] {
  const found = new Map<string, Origin>()
  const add = (relation: Relation | undefined, attribute: string) => {
    const source = relation?.attributes.find((each) => each.name === attribute)
    if (relation !== undefined && source !== undefined) found.set(pathOf(relation, attribute), { relation, attribute: source })
  }
  for (const lineage of knowledge.lineage?.relations.values() ?? []) {
    for (const { attribute, destinations } of lineage.attributes.values())
      if (destinations.some((each) => each.relation === path && each.columns.some((column) => column.attribute === name)))
        add(legacy.relations.get(lineage.relation), attribute)
    if (lineage.places.some((place) => place.relation === path)) add(legacy.relations.get(lineage.relation), name)
  }
  add(legacy.relations.get(path), name)
  return [...found.values()]
}

/** Set one attribute in about every third row, or in one row. A hash of the key, which is there for any type, tells which rows are in a part. */
function updateRows(relation: Relation, attribute: string, value: string, part: number, single: boolean): string {
  const table = quoteName(relation)
  const keys = relation.indexes
    .find((index) => index.primary)
    ?.attributes.flatMap((name) => (name === undefined ? [] : [quoteIdentifier(name)]))
  const key = keys === undefined || keys.length === 0 ? '"godwit row".*' : keys.map((name) => `"godwit row".${name}`).join(', ')
  const text = `ROW(${key})::text COLLATE "C"`
  const set = `UPDATE ${table} AS "godwit row" SET ${quoteIdentifier(attribute)} = ${value} WHERE`
  if (!single) return `${set} pg_catalog.abs(pg_catalog.hashtext(${text}) % ${parts}) = ${part}`
  const order = [`${text}`, `${text} DESC`, `${text} OFFSET 1`][part] ?? text
  return `${set} ("godwit row".tableoid, "godwit row".ctid) IN (SELECT "godwit row".tableoid, "godwit row".ctid FROM ${table} AS "godwit row" ORDER BY ${order} LIMIT 1)`
}
