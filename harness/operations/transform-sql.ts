import type { Destination, Transform } from '../lineage/index.ts'
import { quoteLiteral } from '../postgres/index.ts'
import { type ColumnTypes, instantSql, isInstant, numberSql, sameValueSql } from './same-value-sql.ts'

/** A transform in SQL. */
export interface TransformSql {
  /** The legacy value as a text, computed from the migrated one; undefined where one migrated value does not give it. */
  readonly back: string | undefined
  /** Whether the legacy value arrived; true, false, or NULL for "cannot be told". */
  readonly same: string
  /** What `same` does not compare, as the end of a sentence. */
  readonly partly?: string | undefined
}

/**
 * Compile one transform.
 *
 * @param legacy    SQL for the legacy cell as a text.
 * @param migrated  SQL for the migrated cells as texts, in the order of the destination's columns.
 * @returns A text that says why where the transform has no SQL form.
 */
export function transformSql(
  { transform, composed, split }: Pick<Destination, 'transform' | 'composed' | 'split'>,
  legacy: string,
  migrated: readonly string[],
  types: ColumnTypes,
  members: (attribute: string) => string,
): TransformSql | string {
  const [cell] = migrated
  if (cell === undefined) return 'it has no column'
  if (split !== undefined) return splitSql(split, legacy, migrated)
  if (composed !== undefined) return composedSql(composed, legacy, cell, types, members)
  const isList = types.migrated.endsWith('[]') && !types.legacy.endsWith('[]')
  if (isList) return 'it became a list'
  if (migrated.length > 1) return 'its parts are in several columns, and generated rows did not show how they are put together'
  if (isAltering(transform)) return { back: undefined, same: nullSafe(legacy, cell, sameValueSql(legacy, cell, types)) }
  return reversibleSql(transform, legacy, cell, types)
}

/** Not reversible: the rows that it does not alter arrive as they were. */
function isAltering(transform: Transform): boolean {
  const { kind } = transform
  return (
    ['case-folded', 'trimmed', 'truncated', 'rounded', 'merged', 'unknown'].includes(kind) ||
    (kind === 'shifted' && transform.seconds === undefined)
  )
}

function reversibleSql(transform: Transform, legacy: string, cell: string, types: ColumnTypes): TransformSql | string {
  const safe = (same: string, back?: string): TransformSql => ({ back, same: nullSafe(legacy, cell, same) })
  const number = numberSql(cell, types.migrated)
  switch (transform.kind) {
    case 'identical':
    case 'same-value':
      return safe(sameValueSql(legacy, cell, types), cell)
    case 'wrapped':
      return wrappedSql(transform, legacy, cell)
    case 'offset':
      return safe(
        `${numberSql(legacy, types.legacy)} + ${quoteLiteral(transform.amount)}::numeric = ${number}`,
        `(${number} - ${quoteLiteral(transform.amount)}::numeric)::text`,
      )
    case 'scaled':
      return safe(
        `${numberSql(legacy, types.legacy)} * '1e${transform.exponent}'::numeric = ${number}`,
        `(${number} * '1e${-transform.exponent}'::numeric)::text`,
      )
    case 'affine': {
      const { x0, y0, dx, dy } = transform
      const [x, y] = [magnitudeSql(legacy, types.legacy), magnitudeSql(cell, types.migrated)]
      return safe(`(${y} - ${y0}) * ${dx} = (${x} - ${x0}) * ${dy}`, `(((${y} - ${y0}) * ${dx} / ${dy} + ${x0}) / 1000000000)::text`)
    }
    case 'shifted':
      return shiftedSql(transform.seconds ?? 0, legacy, cell, types)
    case 'recoded':
      if (types.legacy.startsWith('json')) return 'its documents are rewritten, and generated rows showed only some of them'
      return recodedSql(transform, legacy, cell)
    case 're-keyed':
      // Which key a row gets is not foreseen: only that it has one. That each stands for one legacy key is another query.
      return { back: undefined, same: `(${legacy} IS NULL) = (${cell} IS NULL)`, partly: 'only that each new key stands for one old key' }
    case 'encoded':
      return encodedSql(legacy, cell, types)
    case 'concatenated':
      if (!/^(text|character varying|citext)/.test(types.migrated)) return `it is put together with other values in a ${types.migrated}`
      return {
        back: undefined,
        same: `(${legacy} IS NULL OR coalesce(${holdsSql(cell, legacy)}, false))`,
        partly: 'only that it stands in the longer text',
      }
    case 'part':
      return 'generated rows did not show how it is put together from its parts'
    case 'elements':
      return 'each of its elements is a row of its own'
    default:
      return `its transform "${transform.kind}" has no SQL form`
  }
}

/** Two NULLs are the same; NULL and a value are not. */
function nullSafe(legacy: string, cell: string, same: string): string {
  return `CASE WHEN ${legacy} IS NULL OR ${cell} IS NULL THEN ${legacy} IS NULL AND ${cell} IS NULL ELSE coalesce(${same}, false) END`
}

function wrappedSql({ before, after }: Extract<Transform, { kind: 'wrapped' }>, legacy: string, cell: string): TransformSql {
  const [start, end] = [quoteLiteral(before), quoteLiteral(after)]
  const bare = `substr(left(${cell}, length(${cell}) - ${[...after].length}), ${[...before].length + 1})`
  const isWrapped = `length(${cell}) >= ${[...before, ...after].length} AND starts_with(${cell}, ${start}) AND right(${cell}, ${[...after].length}) = ${end}`
  const back = `CASE WHEN ${isWrapped} THEN ${bare} ELSE ${cell} END`
  return { back, same: `${legacy} IS NOT DISTINCT FROM (${back})` }
}

function shiftedSql(seconds: number, legacy: string, cell: string, types: ColumnTypes): TransformSql | string {
  if (!isInstant(types.legacy) || !isInstant(types.migrated)) return 'its instants are shifted, and written as texts'
  const by = `interval '${seconds} seconds'`
  const same = `${instantSql(legacy, types.legacy)} + ${by} = ${instantSql(cell, types.migrated)}`
  return { back: `(${instantSql(cell, types.migrated)} - ${by})::text`, same: nullSafe(legacy, cell, `${legacy} = ${cell} OR ${same}`) }
}

function recodedSql({ forward, inverse }: Extract<Transform, { kind: 'recoded' }>, legacy: string, cell: string): TransformSql {
  const is = (text: string, value: string | null) => (value === null ? `${text} IS NULL` : `${text} = ${quoteLiteral(value)}`)
  const onwards = [...forward].map(([from, to]) => `WHEN ${is(legacy, from)} THEN ${is(cell, to)}`)
  const backwards = [...inverse].map(([to, from]) => `WHEN ${is(cell, to)} THEN ${is(legacy, from)}`)
  const values = [...inverse].map(([to, from]) => `WHEN ${is(cell, to)} THEN ${quoteLiteral(from)}`)
  // A value that no generated row had is judged by another query: it must not share its migrated value with a second one.
  const unseen = `WHEN ${legacy} IS NOT NULL AND ${cell} IS NULL THEN false ELSE true`
  return {
    back: values.length === 0 ? undefined : `CASE ${values.join(' ')} END`,
    same: `coalesce(CASE ${[...backwards, ...onwards].join(' ')} ${unseen} END, false)`,
  }
}

function encodedSql(legacy: string, cell: string, types: ColumnTypes): TransformSql | string {
  const safe = (same: string, back: string): TransformSql => ({ back, same: nullSafe(legacy, cell, same) })
  if (types.legacy === 'bytea') {
    const base64 = `replace(encode(${legacy}::bytea, 'base64'), chr(10), '')`
    return safe(
      `lower(${cell}) IN (substr(${legacy}, 3), ${legacy}) OR replace(${cell}, chr(10), '') = ${base64}`,
      `CASE WHEN ${cell} ~* '^([0-9a-f]{2})*$' THEN '\\x' || lower(${cell}) ELSE ${cell} END`,
    )
  }
  if (types.migrated !== 'bytea') return 'it is encoded as a text that is no bytea'
  const base64 = `replace(encode(${cell}::bytea, 'base64'), chr(10), '')`
  return safe(
    `lower(${legacy}) IN (substr(${cell}, 3), ${cell}) OR regexp_replace(${legacy}, '\\s', '', 'g') = ${base64}`,
    `substr(${cell}, 3)`,
  )
}

function splitSql(split: NonNullable<Destination['split']>, legacy: string, parts: readonly string[]): TransformSql | string {
  if (split.templates.size === 0) return 'generated rows did not show how it is put together from its parts'
  const form = (text: string) => (split.loose ? `regexp_replace(${text}, '\\s', '', 'g')` : text)
  const cases = [...split.templates].map(
    ([mask, template]) => `WHEN ${maskSql(parts, mask)} THEN ${assembleSql(template, parts.map(form))}`,
  )
  const back = `CASE ${cases.join(' ')} END`
  // Where a part is NULL as no generated row had it, it cannot be told how the cell is put together.
  const known = `(${[...split.templates.keys()].map((mask) => maskSql(parts, mask)).join(' OR ')})`
  const absent = parts.map((part) => `${part} IS NULL`).join(' AND ')
  const same = `CASE WHEN ${legacy} IS NULL OR (${absent}) THEN ${legacy} IS NULL AND ${absent} WHEN ${known} THEN ${form(legacy)} IS NOT DISTINCT FROM (${back}) ELSE true END`
  const masks = 2 ** parts.length - 1
  const isWhole = !split.loose && [...split.templates.keys()].filter((mask) => mask.includes('1')).length === masks
  return {
    back: split.loose ? undefined : back,
    same,
    partly: isWhole ? undefined : 'without blanks, and only where parts are NULL as in generated rows',
  }
}

function composedSql(
  { members, templates }: NonNullable<Destination['composed']>,
  legacy: string,
  cell: string,
  types: ColumnTypes,
  memberOf: (attribute: string) => string,
): TransformSql | string {
  if (/^jsonb?$|\[\]$/.test(types.migrated)) return `it is put together with other columns in a ${types.migrated}`
  const parts = members.map(memberOf)
  const cases = [...templates].map(([mask, template]) => `WHEN ${maskSql(parts, mask)} THEN ${cell} = ${assembleSql(template, parts)}`)
  const holds = `(${legacy} IS NULL OR ${holdsSql(cell, legacy)})`
  const partly =
    templates.size === 2 ** members.length
      ? undefined
      : 'where values are NULL as in no generated row, only that it stands in the longer text'
  if (cases.length === 0) return { back: undefined, same: `coalesce(${holds}, false)`, partly }
  return { back: undefined, same: `coalesce(CASE ${cases.join(' ')} ELSE ${holds} END, ${legacy} IS NULL)`, partly }
}

function maskSql(parts: readonly string[], mask: string): string {
  return parts.map((part, at) => `${part} IS ${mask[at] === '1' ? 'NOT ' : ''}NULL`).join(' AND ')
}

function assembleSql(template: { readonly order: readonly number[]; readonly literals: readonly string[] }, parts: readonly string[]) {
  const pieces = template.order.flatMap((part, at) => [parts[part] ?? "''", quoteLiteral(template.literals[at + 1] ?? '')])
  return [quoteLiteral(template.literals[0] ?? ''), ...pieces].filter((each) => each !== "''").join(' || ') || "''"
}

/** Whether a text stands in another, as it is or as JSON writes it. */
function holdsSql(whole: string, part: string): string {
  return `(strpos(${whole}, ${part}) > 0 OR ${part} = '' OR strpos(${whole}, trim(both '"' from to_json(${part})::text)) > 0)`
}

/** In billionths of one, or of a second. */
function magnitudeSql(text: string, type: string): string {
  if (isInstant(type)) return `(extract(epoch from ${instantSql(text, type)})::numeric * 1000000000)`
  if (type.startsWith('interval')) return `(extract(epoch from ${text}::interval)::numeric * 1000000000)`
  return `(${numberSql(text, type)} * 1000000000)`
}
