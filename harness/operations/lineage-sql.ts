import type { Attribute, Catalog, Relation } from '../catalog/index.ts'
import {
  type Column,
  type Destination,
  isDiscarded,
  type Knowledge,
  keyAttributes,
  type Place,
  type RelationLineage,
} from '../lineage/index.ts'
import { quoteIdentifier, quoteLiteral } from '../postgres/index.ts'
import { columnSql, ownRowsSql } from './column-sql.ts'
import { numberSql } from './same-value-sql.ts'
import { transformSql } from './transform-sql.ts'

/** What is needed to compile the lineage of a migration. */
export interface LineageSource {
  readonly legacy: Catalog
  readonly migrated: Catalog
  readonly knowledge: Knowledge
  /** Legacy relations that are compared although no generated row showed that the migration writes them: it may write others. */
  readonly reached?: ReadonlySet<string> | undefined
}

/**
 * The lineage of one legacy relation in SQL. All of it is over two aliases: `b` is a saved legacy row, with each value as the text that its
 * type writes, in a column of the attribute's name; `m` is a migrated row.
 */
export interface RelationSql {
  /** Path of the legacy relation. */
  readonly relation: string
  readonly catalog: Relation
  readonly lineage: RelationLineage
  /** Names a legacy row for people: `id=7`; over `b`. */
  readonly item: string
  /** Where its rows are found again by their key; none where only the content of rows tells. */
  readonly places: readonly PlaceSql[]
  /** Whether every place of its rows has a key, so that a row without a partner is lost. */
  readonly complete: boolean
  readonly attributes: readonly AttributeSql[]
  /** What has no SQL form, as sentences. */
  readonly notChecked: readonly string[]
}

export interface PlaceSql {
  readonly place: Place
  readonly catalog: Relation
  /** What follows FROM: the migrated relation as `m`. */
  readonly from: string
  /** The row `m` is a row `b`'s. */
  readonly on: string
  /** The key as one list of expressions over `b` and one over `m`, equal for rows that belong together. */
  readonly keys: readonly { readonly legacy: string; readonly migrated: string }[]
  /** Which rows of the relation are this legacy relation's; over `m`. */
  readonly where: string | undefined
}

export interface AttributeSql {
  readonly attribute: Attribute
  /** In order of preference; the value arrived where any of them has it. */
  readonly arrivals: readonly ArrivalSql[]
}

/** One legacy attribute at one of its destinations. */
export interface ArrivalSql {
  readonly destination: Destination
  readonly place: PlaceSql
  /** The legacy value as a text, computed from `m`; undefined where one migrated row does not give it. */
  readonly back: string | undefined
  /** Whether the value of `b` is that of `m`; true or false. */
  readonly same: string
  /** What is in `m` now, as a text. */
  readonly now: string
  /** What `same` does not compare, as the end of a sentence; undefined where it compares the whole value. */
  readonly partly?: string | undefined
  /** Which of the row's partners hold this attribute; over `m`. */
  readonly where: string | undefined
}

/** Compile the lineage of every relation that the migration writes, moves or copies. */
export function compileLineage(source: LineageSource): readonly RelationSql[] {
  const { knowledge, legacy } = source
  return [...(knowledge.lineage?.relations.values() ?? [])].flatMap((lineage) => {
    const catalog = legacy.relations.get(lineage.relation)
    const isStored = catalog?.kind === 'table' || catalog?.kind === 'partitioned-table'
    if (catalog === undefined || !isStored || isDiscarded(knowledge, lineage.relation) || !isTouched(source, lineage)) return []
    return [compileRelation(source, catalog, lineage)]
  })
}

/** Written, or found elsewhere too. */
function isTouched({ knowledge, reached }: LineageSource, { relation, places }: RelationLineage): boolean {
  return knowledge.written.has(relation) || reached?.has(relation) === true || places.some((place) => place.relation !== relation)
}

function compileRelation(source: LineageSource, catalog: Relation, lineage: RelationLineage): RelationSql {
  const places = lineage.places.flatMap((place) => compilePlace(source, catalog, lineage, place) ?? [])
  const notChecked: string[] = []
  const attributes = catalog.attributes.flatMap((attribute): readonly AttributeSql[] => {
    const path = `${lineage.relation}.${attribute.name}`
    if (isDiscarded(source.knowledge, lineage.relation, attribute.name)) {
      notChecked.push(`${path}: the contract discards it.`)
      return []
    }
    if (attribute.generated !== undefined) {
      notChecked.push(`${path}: it is a generated column.`)
      return []
    }
    const { arrivals, reasons } = compileAttribute(source, attribute, lineage, places)
    // Where one of its destinations cannot be compared, a difference at another one is no loss.
    for (const reason of reasons) notChecked.push(`${path}: ${reason}.`)
    for (const { partly } of arrivals)
      if (partly !== undefined && reasons.length === 0) notChecked.push(`${path}, in part: it is compared ${partly}.`)
    return reasons.length > 0 ? [] : [{ attribute, arrivals }]
  })
  const key = keyAttributes(catalog) ?? []
  const named = key.length > 0 ? key : catalog.attributes.map((each) => each.name)
  return {
    relation: lineage.relation,
    catalog,
    lineage,
    item: `concat_ws(', ', ${named.map((name) => `${quoteLiteral(`${name}=`)} || coalesce(b.${quoteIdentifier(name)}, 'NULL')`).join(', ')})`,
    places,
    complete: places.length > 0 && places.length === lineage.places.length,
    attributes,
    notChecked,
  }
}

function compilePlace({ migrated }: LineageSource, legacy: Relation, lineage: RelationLineage, place: Place): PlaceSql | undefined {
  const catalog = migrated.relations.get(place.relation)
  if (catalog === undefined || place.identity.length === 0) return undefined
  const keys = place.identity.map(({ legacy: name, migrated: column }) => {
    const attribute = legacy.attributes.find((each) => each.name === name)
    const plain = columnSql(migrated, catalog, column, 'm')
    if (attribute === undefined || plain === undefined) return undefined
    const cell = recodedKey(lineage, place, name, column, plain)
    return keySql({ name, type: attribute.type }, cell, column.json.length === 0 ? column.type : 'text')
  })
  const found = keys.filter((each) => each !== undefined)
  const where = place.where === undefined ? undefined : whereSql(migrated, catalog, place.where.column, place.where.value)
  if (found.length < keys.length || (place.where !== undefined && where === undefined)) return undefined
  const on = found.map((key) => `${key.legacy} = ${key.migrated}`).join(' AND ')
  return {
    place,
    catalog,
    from: `${ownRowsSql(catalog)} AS m`,
    on: where === undefined ? on : `${on} AND ${where}`,
    keys: found,
    where,
  }
}

/** A key may be renamed itself, as a label of an enum is: the legacy value is compared. */
function recodedKey(lineage: RelationLineage, place: Place, name: string, column: Column, cell: string): string {
  const found = lineage.attributes
    .get(name)
    ?.destinations.find(
      ({ relation, columns, transform }) =>
        relation === place.relation && columns[0]?.attribute === column.attribute && columns.length === 1 && transform.kind === 'recoded',
    )
  if (found?.transform.kind !== 'recoded') return cell
  const cases = [...found.transform.inverse].flatMap(([now, was]) =>
    now === null || now === was ? [] : [`WHEN ${quoteLiteral(now)} THEN ${quoteLiteral(was)}`],
  )
  return cases.length === 0 ? cell : `CASE ${cell} ${cases.join(' ')} ELSE ${cell} END`
}

/** Both sides of a key as expressions that a hash join can compare; a NULL in a key equals a NULL. */
function keySql(legacy: { readonly name: string; readonly type: string }, cell: string, type: string) {
  const name = `b.${quoteIdentifier(legacy.name)}`
  const isNumber = (each: string) => /^(smallint|integer|bigint|numeric|real|double precision)/.test(each)
  const isPadded = (each: string) => each.startsWith('character(')
  const form = (text: string, own: string) => {
    if (isNumber(legacy.type) && isNumber(type) && legacy.type !== type)
      return `coalesce(trim_scale(${numberSql(text, own)})::text, chr(1))`
    if (legacy.type === 'uuid' && type !== 'uuid') return `coalesce(lower(replace(${text}, '-', '')), chr(1))`
    return `coalesce(${isPadded(legacy.type) || isPadded(type) ? `rtrim(${text}, ' ')` : text}, chr(1))`
  }
  return { legacy: form(name, legacy.type), migrated: form(cell, type) }
}

function whereSql(catalog: Catalog, relation: Relation, column: Column, value: string | null): string | undefined {
  const cell = columnSql(catalog, relation, column, 'm')
  if (cell === undefined) return undefined
  return value === null ? `${cell} IS NULL` : `${cell} = ${quoteLiteral(value)}`
}

function compileAttribute(
  source: LineageSource,
  attribute: Attribute,
  lineage: RelationLineage,
  places: readonly PlaceSql[],
): { readonly arrivals: readonly ArrivalSql[]; readonly reasons: readonly string[] } {
  const arrivals: ArrivalSql[] = []
  const reasons: string[] = []
  for (const destination of lineage.attributes.get(attribute.name)?.destinations ?? []) {
    const place = places.find((each) => each.place.relation === destination.relation)
    const arrival =
      place === undefined
        ? `its rows in ${destination.relation} have no key by which they are found`
        : compileArrival(source, attribute, destination, place)
    if (typeof arrival === 'string') reasons.push(arrival)
    else arrivals.push(arrival)
  }
  if (arrivals.length === 0 && reasons.length === 0) reasons.push('its values are in no column after the migration')
  // Beside a destination that has the value itself, one that only stands for it says nothing.
  const exact = arrivals.filter(({ destination }) => destination.assumed !== true && !isStandIn(destination))
  return { arrivals: exact.length > 0 ? arrivals.filter(({ destination }) => !isStandIn(destination)) : arrivals, reasons }
}

function isStandIn({ transform, composed }: Destination): boolean {
  return composed === undefined && ['recoded', 're-keyed', 'concatenated'].includes(transform.kind)
}

function compileArrival({ migrated }: LineageSource, attribute: Attribute, destination: Destination, place: PlaceSql): ArrivalSql | string {
  const cells = destination.columns.map((column) => columnSql(migrated, place.catalog, column, 'm'))
  const known = cells.filter((each) => each !== undefined)
  if (known.length < cells.length || known.length === 0) return `its column in ${destination.relation} is not there`
  const where =
    destination.where === undefined ? undefined : whereSql(migrated, place.catalog, destination.where.column, destination.where.value)
  if (destination.where !== undefined && where === undefined) return `its rows in ${destination.relation} cannot be told apart`
  const [column] = destination.columns
  const types = {
    legacy: attribute.type,
    // A leaf of a document is of another type in another row.
    migrated: column === undefined || column.json.length > 0 ? 'a leaf of a document' : column.type,
  }
  const compiled = transformSql(destination, `b.${quoteIdentifier(attribute.name)}`, known, types, (name) => `b.${quoteIdentifier(name)}`)
  if (typeof compiled === 'string') return compiled
  const now = known.length === 1 ? (known[0] ?? 'NULL') : `concat_ws(' | ', ${known.join(', ')})`
  return { destination, place, ...compiled, now, where }
}
