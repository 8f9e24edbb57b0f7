import type { Attribute } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/index.ts'

const bounds: Readonly<Record<string, readonly [string, string]>> = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
}

const patterns: Readonly<Record<string, string>> = {
  numeric: '^\\s*([-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?|NaN|[-+]?Infinity)\\s*$',
  'double precision': '^\\s*([-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?|NaN|[-+]?Infinity)\\s*$',
  uuid: '^\\{?([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\\}?$',
}

/** The condition under which a value of a column cannot become one of a type; undefined where that is not known. */
export function castCondition(
  attribute: Pick<Attribute, 'name' | 'type'>,
  { type, labels }: { readonly type: string; readonly labels?: readonly string[] | undefined },
  major: number,
): string | undefined {
  const cell = quoteIdentifier(attribute.name)
  const isText = /^(text|character|citext)/.test(attribute.type)
  const length = /^character(?: varying)?\((\d+)\)$/.exec(type)?.[1]
  // Blanks behind the last character that fits are cut without an error.
  if (length !== undefined) return `length(rtrim(${cell}::text, ' ')) > ${length}`
  const numeric = /^numeric\((\d+),(-?\d+)\)$/.exec(type)
  if (isText) return textCondition(cell, type, labels, major)
  if (!/^(smallint|integer|bigint|numeric|real|double precision)/.test(attribute.type)) return undefined
  const range = bounds[type]
  if (range !== undefined) return `round(${cell}::numeric) NOT BETWEEN ${range[0]} AND ${range[1]}`
  if (numeric === null) return undefined
  const [, precision, scale] = numeric
  return `abs(round(${cell}::numeric, ${scale})) >= 1e${Number(precision) - Number(scale)}::numeric`
}

function textCondition(cell: string, type: string, labels: readonly string[] | undefined, major: number): string | undefined {
  if (labels !== undefined) return `${cell}::text NOT IN (${labels.map((each) => quoteLiteral(each).trim()).join(', ')})`
  // The server's own answer, where it has one (16 and later).
  if (major >= 16) return `NOT pg_input_is_valid(${cell}::text, ${quoteLiteral(type).trim()})`
  const range = bounds[type]
  if (range !== undefined)
    return `CASE WHEN ${cell} ~ '^\\s*[-+]?\\d+\\s*$' THEN ${cell}::numeric NOT BETWEEN ${range[0]} AND ${range[1]} ELSE ${cell} IS NOT NULL END`
  const pattern = patterns[type]
  return pattern === undefined ? undefined : `${cell} !~* '${pattern}'`
}
