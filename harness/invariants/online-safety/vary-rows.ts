import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../../postgres/index.ts'
import { checkedAttributes, profiledIndex, profiledValue } from './profiled-values.ts'
import type { ColumnProfile } from './row-profile.ts'

/** How many ways of making a value unique there are for a type, at most. */
export const waysOfVarying = 4

/** SELECT of varied rows, in parts. */
export interface VariedRows {
  readonly attributes: readonly Attribute[]
  /** One for each attribute. */
  readonly expressions: readonly string[]
  /** Behind FROM, beside the relation's rows as `t`. */
  readonly joins: string
  /** Attributes of which the profile says nothing, or that it cannot be used for; those of keys are not among them. */
  readonly notProfiled: readonly string[]
}

/** How rows are varied. */
export interface Varying {
  readonly way: number
  readonly spread?: boolean | undefined
  readonly profile?: TableProfile | undefined
}

/** What is known of the real rows of a table. */
export interface TableProfile {
  readonly columns: Readonly<Record<string, ColumnProfile>>
  /** How many rows there will be. */
  readonly rows: number
}

/**
 * SELECT of rows like those that a relation has, each made unique by a number: what a unique key demands is changed, everything else is kept,
 * so that a copy passes the checks that its row passed.
 *
 * A key made of references alone gets another parent for each number.
 *
 * @param numbers  SQL of the number, over `t."godwit row"` (1 …) and `n`.
 * @param from  SQL behind FROM, beside the relation's rows as `t`.
 * @param varying  Which of several ways to vary, from 0, since a check may refuse one and not another; and whether what other indexes have is
 *   varied too, where it can be; and what the values of the other columns are to look like.
 * @returns The attributes and one expression for each, and the FROM clause; undefined where a key cannot be varied.
 */
export function variedRows(
  catalog: Catalog,
  relation: Relation,
  numbers: string,
  { way, spread = false, profile }: Varying,
): VariedRows | undefined {
  const attributes = relation.attributes.filter((each) => each.generated === undefined)
  const own = `(SELECT ${attributes.flatMap((each, at) => (isCounted(catalog, each) ? [extremes(each, at)] : [])).join(', ') || 'count(*)'} FROM ${quoteName(relation)}) AS m`
  const expressions = new Map(attributes.map((each) => [each.name, `t.${quoteIdentifier(each.name)}`]))
  const references = relation.constraints.flatMap(({ references: target, attributes: names }) =>
    target === undefined ? [] : [{ target, names }],
  )
  const referring = new Set(references.flatMap((each) => each.names))
  const varied = new Set<string>()
  const joins: string[] = [own]
  const referTo = ({ target, names }: (typeof references)[number], number: string, how: 'JOIN' | 'LEFT JOIN'): boolean => {
    const parent = catalog.relations.get(target.relation)
    if (parent === undefined) return false
    const alias = `p${joins.length}`
    const columns = target.attributes.map(quoteIdentifier).join(', ')
    joins.push(
      // The count stands apart, so that the condition can be hashed.
      `${how} (SELECT ${columns}, row_number() OVER () AS "godwit row" FROM ${quoteName(parent)}) AS ${alias}
        ON ${alias}."godwit row" = 1 + (${number}) % (SELECT nullif(count(*), 0) FROM ${quoteName(parent)})`,
    )
    for (const [at, name] of names.entries()) {
      varied.add(name)
      expressions.set(name, `${alias}.${quoteIdentifier(target.attributes[at] ?? '')}`)
    }
    return true
  }
  /** Whether rows that differ in their number differ in the index. */
  const vary = (index: Relation['indexes'][number]): boolean => {
    const computed = index.expressions.filter((_, at) => index.attributes[at] === undefined)
    const mentioned = attributes.filter(
      ({ name }) => index.attributes.includes(name) || computed.some((text) => text.split(/[^\p{L}\p{N}_$]+/u).includes(name)),
    )
    if (mentioned.some((each) => varied.has(each.name))) return true
    const found = mentioned
      .filter((each) => !referring.has(each.name))
      .map((each) => ({ each, sql: variation(catalog, each, attributes.indexOf(each), numbers, way) }))
      .find((other) => other.sql !== undefined)
    if (found?.sql !== undefined) {
      varied.add(found.each.name)
      expressions.set(found.each.name, found.sql)
      return true
    }
    const reference = references.find((each) => each.names.every((name) => mentioned.some((attribute) => attribute.name === name)))
    return reference !== undefined && referTo(reference, numbers, 'JOIN')
  }
  const strict = relation.indexes.filter((each) => each.unique || each.exclusion)
  for (const index of strict) if (!vary(index) && !index.exclusion) return undefined
  const profiled = profile === undefined ? undefined : profiledIn(catalog, { relation, attributes, references, varied }, numbers, profile)
  if (profiled !== undefined) {
    // Computed once for each row, and not again wherever it is used.
    if (profiled.indexes.length > 0) joins.push(`CROSS JOIN LATERAL (SELECT ${profiled.indexes.join(', ')} OFFSET 0) AS q`)
    for (const [name, sql] of profiled.values) {
      varied.add(name)
      expressions.set(name, sql)
    }
    for (const { reference, number } of profiled.references) referTo(reference, number, 'LEFT JOIN')
  }
  for (const index of spread ? relation.indexes.filter((each) => !strict.includes(each)) : []) vary(index)
  return {
    attributes,
    expressions: attributes.map((each) => expressions.get(each.name) ?? 'NULL'),
    joins: `CROSS JOIN ${joins.join(' ')}`,
    notProfiled: profiled?.left ?? [],
  }
}

interface Reference {
  readonly target: { readonly relation: string; readonly attributes: readonly string[] }
  readonly names: readonly string[]
}

/** Values and references as the profile has them, for what no key has varied. */
function profiledIn(
  catalog: Catalog,
  row: {
    readonly relation: Relation
    readonly attributes: readonly Attribute[]
    readonly references: readonly Reference[]
    readonly varied: ReadonlySet<string>
  },
  numbers: string,
  { columns, rows }: TableProfile,
) {
  const { relation, attributes, varied } = row
  const checked = checkedAttributes(catalog, relation)
  const indexes: string[] = []
  const values = new Map<string, string>()
  const references: { readonly reference: Reference; readonly number: string }[] = []
  const left: string[] = []
  for (const [at, attribute] of attributes.entries()) {
    const { name, notNull } = attribute
    const profile = columns[name]
    if (varied.has(name) || references.some(({ reference }) => reference.names.includes(name))) continue
    const known = notNull && profile !== undefined ? { ...profile, nullFraction: 0 } : profile
    const reference = row.references.find(
      ({ names }) => names.includes(name) && names.every((each) => !varied.has(each) && !checked.has(each)),
    )
    const isReferring = row.references.some(({ names }) => names.includes(name))
    const index = `q."value ${at}"`
    const value = known === undefined || checked.has(name) || isReferring ? undefined : profiledValue(catalog, attribute, known, index)
    if (known === undefined || (reference === undefined && value === undefined)) {
      left.push(name)
      continue
    }
    indexes.push(`${profiledIndex(known, numbers, at, rows)} AS "value ${at}"`)
    if (reference !== undefined) references.push({ reference, number: index })
    else if (value !== undefined) values.set(name, value)
  }
  return { indexes, values, references, left }
}

/** The path of a relation's type with domains taken off. */
function baseOf(catalog: Catalog, { typePath }: Attribute): string {
  const type = catalog.types.get(typePath)
  return type?.kind === 'domain' ? baseOf(catalog, { typePath: type.base } as Attribute) : (type?.name ?? '')
}

function isCounted(catalog: Catalog, attribute: Attribute): boolean {
  return ['int2', 'int4', 'int8', 'numeric', 'float4', 'float8'].includes(baseOf(catalog, attribute))
}

function extremes({ name }: Attribute, at: number): string {
  return `max(${quoteIdentifier(name)}) AS "max ${at}", min(${quoteIdentifier(name)}) AS "min ${at}"`
}

/** An expression that differs for each number, in the type of the attribute. */
function variation(catalog: Catalog, attribute: Attribute, at: number, numbers: string, way: number): string | undefined {
  const column = `t.${quoteIdentifier(attribute.name)}`
  const number = `(${numbers})`
  const type = baseOf(catalog, attribute)
  const as = (sql: string) => `(${sql})::${attribute.type}`
  const pick = (ways: readonly string[]) => as(ways[way % ways.length] ?? 'NULL')
  if (isCounted(catalog, attribute)) return pick([`m."max ${at}" + ${number}`, number, `m."min ${at}" - ${number}`])
  if (['text', 'varchar', 'bpchar', 'citext', 'name'].includes(type)) {
    const limit = attribute.modifier > 4 ? attribute.modifier - 4 : 63
    const digits = `${number}::text`
    return pick([
      `left(${column}::text, greatest(${limit} - length(${digits}), 0)) || ${digits}`,
      `left(md5(${column}::text || ${digits}), ${limit})`,
      `lpad(${digits}, ${Math.min(limit, 10)}, '0')`,
      `${digits} || left(${column}::text, greatest(${limit} - length(${digits}), 0))`,
    ])
  }
  if (type === 'uuid') return as(`md5(${column}::text || ${number}::text)`)
  if (type === 'timestamp' || type === 'timestamptz') return as(`${column} + ${number} * interval '1 second'`)
  if (type === 'date') return as(`${column} + (${number} % 20000)::int`)
  if (type === 'bytea') return as(`pg_catalog.decode(md5(${column}::text || ${number}::text), 'hex')`)
  return undefined
}

/** Relations that foreign keys lead to from these, themselves included. */
export function withParents(catalog: Catalog, paths: Iterable<string>): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [...paths]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const relation = catalog.relations.get(path)
    if (relation === undefined || found.has(path)) continue
    found.add(path)
    for (const { references } of relation.constraints) if (references !== undefined) open.push(rootOf(catalog, references.relation))
  }
  return found
}

/** Of a partition the table that it is a part of, itself else. */
export function rootOf(catalog: Catalog, path: string): string {
  const relation = catalog.relations.get(path)
  return relation?.partitionOf === undefined
    ? relation === undefined
      ? path
      : pathOf(relation)
    : rootOf(catalog, relation.partitionOf.parent)
}
