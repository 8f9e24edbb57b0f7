import type { Attribute, Relation } from '../../../catalog/index.ts'
import type { AttributePlan } from '../../../data/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../../postgres/index.ts'
import type { WriteValue } from './model.ts'

/** A legacy attribute that a migrated one came from, or goes back to. */
export interface Origin {
  readonly relation: Relation
  readonly attribute: Attribute
}

const mostPlausible = 12
const mostExtreme = 6
const longestPlausible = 500
const largestPlausible = 1_000_000

/**
 * Values that a migrated attribute may hold and that the legacy one would perhaps not have held: what its length, precision, domain, checks
 * or labels refuse, text that reads as nothing else, borders of the type, NULL. The server judges whether the migrated schema allows them.
 *
 * @returns The ones that real rows have first; at most twelve of those, and six that hardly any row has.
 */
export function writeValues(attribute: Attribute, plan: AttributePlan, origins: readonly Origin[]): readonly WriteValue[] {
  const { maker, pools } = plan
  const type = attribute.type
  const literal = (text: string, extreme: boolean): WriteValue => ({
    sql: `${quoteLiteral(text)}::${type}`,
    json: [],
    extreme: extreme || isLarge(type, text),
  })
  const valid = (texts: readonly string[]) => texts.filter((text) => maker.accepts(text) !== false)
  const usual = { plausible: valid(usualOf(type).plausible), extreme: valid(usualOf(type).extreme) }
  const beyond = origins.flatMap((origin) => beyondLegacy(type, origin))
  const values: WriteValue[] = [
    ...(plan.nullable ? [{ sql: `NULL::${type}`, json: [], extreme: false }] : []),
    ...jsonValues(attribute, plan),
    ...valid(beyond.filter((text) => text.length <= longestPlausible)).map((text) => literal(text, false)),
    ...usual.plausible.slice(0, 4).map((text) => literal(text, false)),
    ...spread(plan.literals, 3).map((text) => literal(text, false)),
    ...spread(maker.room ? pools.edges : maker.vector, 4).map((text) => literal(text, false)),
    ...usual.plausible.slice(4).map((text) => literal(text, false)),
    ...valid(beyond.filter((text) => text.length > longestPlausible)).map((text) => literal(text, true)),
    ...usual.extreme.map((text) => literal(text, true)),
    ...spread(pools.extremes, 3).map((text) => literal(text, true)),
  ]
  const distinct = values.filter((value, at) => values.findIndex((other) => other.sql === value.sql) === at)
  return [
    ...distinct.filter(({ extreme }) => !extreme).slice(0, mostPlausible),
    ...distinct.filter(({ extreme }) => extreme).slice(0, mostExtreme),
  ]
}

/** What the legacy attribute's type and checks draw a line at, just behind that line. */
function beyondLegacy(type: string, { relation, attribute }: Origin): readonly string[] {
  const legacy = attribute.type
  const length = /^character(?: varying)?\((\d+)\)$/.exec(legacy)?.[1]
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(legacy) ?? []
  const constants = relation.constraints
    .filter((each) => each.kind === 'check' && each.attributes.includes(attribute.name))
    .flatMap((each) => [...(each.expression ?? '').matchAll(/-?\d+(?:\.\d+)?/g)].map(([number]) => Number(number)))
    .slice(0, 4)
  return [
    ...(length === undefined ? [] : [longText(type, Number(length) + 1)]),
    ...(precision === undefined ? [] : [`1${'0'.repeat(Math.max(Number(precision) - Number(scale), 0))}`]),
    ...(legacy === 'smallint' ? ['32768'] : legacy === 'integer' ? ['2147483648'] : legacy === 'bigint' ? ['9223372036854775808'] : []),
    ...constants.flatMap((constant) => [String(constant - 1), String(constant + 1)]),
  ]
}

function longText(type: string, length: number): string {
  return type === 'bytea'
    ? `\\x${'61'.repeat(length)}`
    : 'Kobari zumel '
        .repeat(Math.ceil(length / 13))
        .slice(0, length - 1)
        .padEnd(length, 'x')
}

interface Usual {
  readonly plausible: readonly string[]
  readonly extreme: readonly string[]
}

/** By type: what people write, chosen to be unlike what a narrower type holds. */
function usualOf(type: string): Usual {
  if (/^(text|character|citext)/.test(type)) return { plausible: ['', 'none', 'x', '12,5', 'Łódź', '7'], extreme: [] }
  if (/^(smallint|integer|bigint)$/.test(type)) return { plausible: ['-1', '0', '32768', '1000000'], extreme: ['3000000000'] }
  if (/^numeric/.test(type)) return { plausible: ['-1', '0.5', '7', '1234.5678'], extreme: ['NaN', '99999999999999999999'] }
  if (/^(real|double precision)$/.test(type)) return { plausible: ['-1', '0.1', '7', '1234.5678'], extreme: ['NaN', 'Infinity', '1e30'] }
  if (type === 'money') return { plausible: ['-1.00', '1000000.00'], extreme: ['10000000000000.00'] }
  if (type === 'bytea') return { plausible: ['\\x', '\\x00', '\\xff'], extreme: [] }
  if (type === 'date')
    return { plausible: ['1990-01-01', '2040-12-31'], extreme: ['10000-01-01', 'infinity', '-infinity', '0044-03-15 BC'] }
  if (/^timestamp/.test(type))
    return { plausible: ['2024-06-15 13:37:42.123456', '1990-01-01 00:00:00', '2040-12-31 23:59:59'], extreme: ['infinity', '-infinity'] }
  if (/^time/.test(type)) return { plausible: ['13:37:42.123456', '24:00:00'], extreme: [] }
  if (/^interval/.test(type)) return { plausible: ['-1 days', '1 mon 3 days 04:05:06.5', '30 years'], extreme: [] }
  if (/range$/.test(type)) return { plausible: ['empty', '(,)'], extreme: [] }
  if (/multirange$/.test(type)) return { plausible: ['{}'], extreme: [] }
  if (type === 'inet') return { plausible: ['::1', '10.0.0.0/8'], extreme: [] }
  if (type === 'text[]') return { plausible: ['{}', '{NULL}', '{none}', '{a,a}'], extreme: [] }
  if (type.endsWith('[]')) return { plausible: ['{}', '{NULL}'], extreme: [] }
  return { plausible: [], extreme: [] }
}

/** A document in which a key that the migration reads is missing, null, or something of another kind. */
function jsonValues({ name, type }: Attribute, { context }: AttributePlan): readonly WriteValue[] {
  if (!/^jsonb?$/.test(type)) return []
  const column = `${quoteIdentifier(name)}::jsonb`
  return context.jsonKeys.slice(0, 4).flatMap((path): readonly WriteValue[] => {
    const keys = `ARRAY[${path.map((key) => quoteLiteral(key)).join(', ')}]::text[]`
    const set = (value: string) => ({ sql: `jsonb_set(${column}, ${keys}, ${quoteLiteral(value)})::${type}`, json: path, extreme: false })
    return [set('"none"'), set('null'), set('[]'), { sql: `(${column} #- ${keys})::${type}`, json: path, extreme: false }]
  })
}

function isLarge(type: string, text: string): boolean {
  return /^(smallint|integer|bigint|numeric|money|real|double)/.test(type) && !(Math.abs(Number(text)) <= largestPlausible)
}

function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items
  return items.filter((_, at) => Math.floor((at * count) / items.length) !== Math.floor(((at - 1) * count) / items.length))
}
