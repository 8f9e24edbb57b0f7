import { isNumeric } from '../lineage/index.ts'

/** Of a legacy and of a migrated column, as `format_type` writes them. */
export interface ColumnTypes {
  readonly legacy: string
  readonly migrated: string
}

/**
 * The SQL for "one value in two notations": another scale, another spelling of a boolean, JSON with other blanks, an instant with its offset.
 *
 * @param legacy    SQL for the legacy cell as a text.
 * @param migrated  SQL for the migrated one.
 * @returns A condition; NULL where one of the two is NULL.
 */
export function sameValueSql(legacy: string, migrated: string, types: ColumnTypes): string {
  const other = otherNotation(legacy, migrated, types)
  // CASE: the texts are cast only where they differ, and only where they can be.
  return other === undefined ? `${legacy} = ${migrated}` : `CASE WHEN ${legacy} = ${migrated} THEN true ELSE ${other} END`
}

function otherNotation(legacy: string, migrated: string, types: ColumnTypes): string | undefined {
  if (isText(types.legacy) && !isText(types.migrated)) return `to_json(${legacy})::text = ${migrated}`
  if (types.legacy === 'real' && types.migrated === 'double precision') return `${legacy}::real = ${migrated}::double precision::real`
  if (isNumeric(types.legacy) || isNumeric(types.migrated))
    return `${numberSql(legacy, types.legacy)} = ${numberSql(migrated, types.migrated)}`
  if (types.legacy === 'boolean' || types.migrated === 'boolean') return `${booleanSql(legacy)} = ${booleanSql(migrated)}`
  if (isInstant(types.legacy) || isInstant(types.migrated))
    return `${instantSql(legacy, types.legacy)} = ${instantSql(migrated, types.migrated)}`
  if (isPadded(types.legacy) || isPadded(types.migrated)) return `rtrim(${legacy}, ' ') = rtrim(${migrated}, ' ')`
  if (isJson(types.legacy) && isJson(types.migrated)) return `${legacy}::jsonb = ${migrated}::jsonb`
  if (types.legacy === 'bytea') return `substr(${legacy}, 3) = lower(${migrated})`
  if (types.legacy === 'uuid') return `replace(${legacy}, '-', '') = lower(replace(${migrated}, '-', ''))`
  return undefined
}

/** The SQL for the exact number that a text writes; NULL for a text that is none. */
export function numberSql(text: string, type: string): string {
  if (type.startsWith('money')) return `translate(${text}, '$,', '')::numeric`
  if (isNumeric(type)) return `${text}::numeric`
  return `CASE WHEN ${text} ~ '^\\s*[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?\\s*$' THEN ${text}::numeric END`
}

/** The SQL for the instant that a text writes, in the zone of the session (UTC in our files); NULL for a text that is none. */
export function instantSql(text: string, type: string): string {
  if (isInstant(type)) return `${text}::timestamptz`
  return `CASE WHEN ${text} ~ '^\\d{4}-\\d\\d-\\d\\d([ T]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([-+]\\d\\d(:?\\d\\d)?|Z)?)?$' THEN ${text}::timestamptz END`
}

function booleanSql(text: string): string {
  return `CASE WHEN ${text} IN ('t', 'true') THEN true WHEN ${text} IN ('f', 'false') THEN false END`
}

export function isInstant(type: string): boolean {
  return /^(date|timestamp)/.test(type)
}

function isText(type: string): boolean {
  return /^(text|character varying|citext|name)/.test(type)
}

function isPadded(type: string): boolean {
  return type.startsWith('character(')
}

function isJson(type: string): boolean {
  return type === 'json' || type === 'jsonb'
}
