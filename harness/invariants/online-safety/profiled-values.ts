import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import { quoteLiteral } from '../../postgres/index.ts'
import type { ColumnProfile } from './row-profile.ts'

/** A prime: multiplied by it, numbers reach every remainder, and not in their order. */
const PRIME = 2_654_435_761

/** Longer texts are put together by a query of their own. */
const MOST_PARTS = 8

/**
 * The SQL for which of a column's values a row gets, 0 for the most common one; NULL for NULL.
 *
 * @param numbers  SQL of the row's number, an int8 from 1 on.
 * @param at  Tells columns apart, so that they do not go together.
 * @param rows  How many rows there will be.
 */
export function profiledIndex({ nullFraction, distinct, frequencies }: ColumnProfile, numbers: string, at: number, rows: number): string {
  const values = Math.max(1, Math.round(distinct > 0 ? distinct : distinct < 0 ? -distinct * rows : rows))
  const present = Math.max(1e-9, 1 - nullFraction)
  let sum = 0
  const sums = frequencies.map((each) => {
    sum += each / present
    return Math.min(1, sum)
  })
  const drawn = drawnSql(numbers, 2 * at)
  const bucket = `width_bucket(${drawn}, ARRAY[${sums.join(', ')}]::float8[])`
  const others = (count: number) => `((${numbers}) * ${PRIME} + ${at}) % ${count}`
  const common = sums.length
  const index =
    common === 0
      ? others(values)
      : values <= common
        ? `least(${bucket}, ${values - 1})`
        : `CASE WHEN ${drawn} < ${sums.at(-1)} THEN ${bucket} ELSE ${common} + ${others(values - common)} END`
  return nullFraction === 0 ? `(${index})::int8` : `CASE WHEN ${drawnSql(numbers, 2 * at + 1)} >= ${nullFraction} THEN ${index} END::int8`
}

/** A number from 0 to 1 that follows from a row's number. */
function drawnSql(numbers: string, seed: number): string {
  return `((hashint8extended((${numbers})::int8, ${seed}) & 1073741823)::float8 / 1073741824)`
}

/**
 * The SQL for a value of an attribute's type: another one for each index, as wide as those of the real column.
 *
 * @param index  SQL of an int8.
 * @returns Undefined for a type of which no values are made.
 */
export function profiledValue(catalog: Catalog, attribute: Attribute, { width }: ColumnProfile, index: string): string | undefined {
  const type = catalog.types.get(attribute.typePath)
  if (type?.kind === 'enum') {
    const labels = `ARRAY[${type.labels.map(quoteLiteral).join(', ')}]`
    return `((${labels})[1 + ${index} % ${type.labels.length}])::${attribute.type}`
  }
  if (type?.kind !== 'base' || type.schema !== 'pg_catalog') return undefined
  const as = (sql: string) => `(${sql})::${attribute.type}`
  switch (type.name) {
    case 'int2':
      return as(`${index} % 32767`)
    case 'int4':
    case 'int8':
    case 'float4':
    case 'float8':
      return as(index)
    case 'numeric':
      return as(attribute.modifier < 4 ? index : `${index} % ${10 ** Math.min(15, integerDigits(attribute.modifier))}`)
    case 'bool':
      return `(${index} % 2 = 0)`
    case 'text':
    case 'varchar':
    case 'bpchar':
      return as(textSql(index, Math.min(bytesOf(width), attribute.modifier > 4 ? attribute.modifier - 4 : Number.POSITIVE_INFINITY)))
    case 'bytea':
      return `decode(${textSql(index, 2 * Math.max(4, bytesOf(width)))}, 'hex')`
    case 'uuid':
      return as(`md5((${index})::text)`)
    case 'date':
      return `(date '2000-01-01' + (${index} % 36500)::int)`
    case 'timestamp':
    case 'timestamptz':
      return as(`timestamp '2000-01-01' + ${index} * interval '1 second'`)
    default:
      return undefined
  }
}

/** Digits before the point that numeric(p, s) has room for. */
function integerDigits(modifier: number): number {
  const packed = modifier - 4
  return Math.max(0, ((packed >> 16) & 0xffff) - (packed & 0x7ff))
}

/** Without the header of a value of variable width. */
function bytesOf(width: number): number {
  return Math.max(1, Math.round(width) - (width <= 127 ? 1 : 4))
}

/** Hexadecimal digits that do not compress. */
function textSql(index: string, length: number): string {
  if (length < 8) return `left(lpad(to_hex(${index}), ${length}, '0'), ${length})`
  const parts = Math.ceil(length / 32)
  const part = (at: string) => `md5((${index})::text || ${at})`
  const whole =
    parts <= MOST_PARTS
      ? Array.from({ length: parts }, (_, at) => part(`' ${at}'`)).join(' || ')
      : `(SELECT string_agg(${part(`' ' || g`)}, '') FROM generate_series(1, ${parts}) AS g)`
  return `left(${whole}, ${length})`
}

/** Attributes that a check looks at, or a type's own check: other values may be refused. */
export function checkedAttributes(catalog: Catalog, { attributes, constraints }: Relation): ReadonlySet<string> {
  const checked = constraints.flatMap((each) => (each.kind === 'check' ? each.attributes : []))
  const domains = attributes.filter(({ typePath }) => catalog.types.get(typePath)?.kind === 'domain')
  return new Set([...checked, ...domains.map(({ name }) => name)])
}
