import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../../postgres/index.ts'

/** How many ways of making a value unique there are for a type, at most. */
export const waysOfVarying = 4

/** How rows are varied. */
export interface Varying {
  readonly way: number
  readonly spread?: boolean | undefined
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
 *   varied too, where it can be.
 * @returns The attributes and one expression for each, and the FROM clause; undefined where a key cannot be varied.
 */
export function variedRows(
  catalog: Catalog,
  relation: Relation,
  numbers: string,
  { way, spread = false }: Varying,
): { readonly attributes: readonly Attribute[]; readonly expressions: readonly string[]; readonly joins: string } | undefined {
  const attributes = relation.attributes.filter((each) => each.generated === undefined)
  const own = `(SELECT ${attributes.flatMap((each, at) => (isCounted(catalog, each) ? [extremes(each, at)] : [])).join(', ') || 'count(*)'} FROM ${quoteName(relation)}) AS m`
  const expressions = new Map(attributes.map((each) => [each.name, `t.${quoteIdentifier(each.name)}`]))
  const references = relation.constraints.flatMap(({ references: target, attributes: names }) =>
    target === undefined ? [] : [{ target, names }],
  )
  const referring = new Set(references.flatMap((each) => each.names))
  const varied = new Set<string>()
  const joins: string[] = [own]
  const strict = relation.indexes.filter((each) => each.unique || each.exclusion)
  const loose = spread ? relation.indexes.filter((each) => !strict.includes(each)) : []
  for (const index of [...strict, ...loose]) {
    const computed = index.expressions.filter((_, at) => index.attributes[at] === undefined)
    const mentioned = attributes.filter(
      ({ name }) => index.attributes.includes(name) || computed.some((text) => text.split(/[^\p{L}\p{N}_$]+/u).includes(name)),
    )
    if (mentioned.some((each) => varied.has(each.name))) continue
    const found = mentioned
      .filter((each) => !referring.has(each.name))
      .map((each) => ({ each, sql: variation(catalog, each, attributes.indexOf(each), numbers, way) }))
      .find((other) => other.sql !== undefined)
    if (found?.sql !== undefined) {
      varied.add(found.each.name)
      expressions.set(found.each.name, found.sql)
      continue
    }
    const reference = references.find((each) => each.names.every((name) => mentioned.some((attribute) => attribute.name === name)))
    const parent = reference === undefined ? undefined : catalog.relations.get(reference.target.relation)
    if (reference === undefined || parent === undefined) {
      if (index.exclusion || !index.unique) continue
      return undefined
    }
    const alias = `p${joins.length}`
    const columns = reference.target.attributes.map(quoteIdentifier).join(', ')
    joins.push(
      // The count stands apart, so that the condition can be hashed.
      `(SELECT ${columns}, row_number() OVER () AS "godwit row" FROM ${quoteName(parent)}) AS ${alias}
        ON ${alias}."godwit row" = 1 + (${numbers}) % (SELECT nullif(count(*), 0) FROM ${quoteName(parent)})`,
    )
    for (const [at, name] of reference.names.entries()) {
      varied.add(name)
      expressions.set(name, `${alias}.${quoteIdentifier(reference.target.attributes[at] ?? '')}`)
    }
  }
  const [first, ...parents] = joins
  return {
    attributes,
    expressions: attributes.map((each) => expressions.get(each.name) ?? 'NULL'),
    joins: `CROSS JOIN ${first}${parents.map((each) => ` JOIN ${each}`).join('')}`,
  }
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
