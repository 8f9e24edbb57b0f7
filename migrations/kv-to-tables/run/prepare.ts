import { isLosslessNumber } from 'lossless-json'
import type { z } from 'zod'
import { isUuid } from '../kinds/fields.ts'
import { deepest, jsonObject, jsonText, parseValue, tooDeep, unwritableAt } from '../kinds/json.ts'
import type { Kind } from '../kinds/kind.ts'
import { sanitize } from '../kinds/sanitize.ts'
import { identityOf } from './identity.ts'
import type { Prepared, Reason, SourceRecord } from './model.ts'

export interface PrepareOptions {
  /** The store's values are jsonb. */
  readonly canonical: boolean
  /** What the rules refuse goes to the database as it is, which judges alone. */
  readonly skipValidation: boolean
}

/** Judge one record by the rules of its kind, and make the texts of its columns. */
export function prepare(kind: Kind, source: SourceRecord, options: PrepareOptions): Prepared {
  const parsed = readObject(source, options)
  if ('reason' in parsed) return prepared(source, { references: noReferences, reasons: [parsed.reason] })
  const { object } = parsed
  const reasons: Reason[] = []
  const id = readId(kind, source.key, object, reasons)
  // Half a surrogate pair or a null byte can only have been written as an escape.
  const unwritable = source.value?.includes('\\u') === true ? unwritableAt(object) : undefined
  if (unwritable !== undefined)
    reasons.push({ path: unwritable, code: 'encoding', message: 'holds half of a surrogate pair, or a field named with a null byte' })
  const columns = readFields(kind, object, options, reasons)
  if (reasons.length > 0 || id === undefined) return prepared(source, { id, references: columns, reasons })
  const row: (string | null)[] = []
  for (const field of kind.fieldNames) row.push(columns[field] ?? null)
  row.push(extraOf(kind, object))
  return prepared(source, { row, id, references: columns, identity: identityOf(kind, columns), reasons })
}

/** Field by field, so that all of them have one shape: spreading the source takes as long as reading its JSON. */
function prepared(
  { key, value, digest, position }: SourceRecord,
  { row, id, references, identity, reasons }: Pick<Prepared, 'references' | 'reasons'> & Partial<Prepared>,
): Prepared {
  return { key, value, digest, position, row, id, references, identity, reasons }
}

const noReferences = {}

type Fields = Readonly<Record<string, unknown>>

function readObject({ value }: SourceRecord, { canonical }: PrepareOptions): { readonly object: Fields } | { readonly reason: Reason } {
  if (value === null) return whole('no-value', 'has no value')
  const parsed = parseValue(value, canonical)
  if ('code' in parsed) return whole(parsed.code, parsed.message)
  // Each level takes two brackets.
  if (value.length >= 2 * deepest && tooDeep(parsed.value)) return whole('depth', 'is nested too deeply')
  return isObject(parsed.value) ? { object: parsed.value } : whole('object', 'is not an object')
}

function whole(code: string, message: string): { readonly reason: Reason } {
  return { reason: { path: '', code, message } }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value)
}

/** The key says who the record is; it is never trimmed. An `id` inside must agree with it. */
function readId(kind: Kind, key: string, object: Fields, reasons: Reason[]): string | undefined {
  const id = key.slice(kind.prefix.length)
  if (!isUuid(id)) {
    reasons.push({ path: '', code: 'key', message: `has no UUID after "${kind.prefix}" in its key` })
    return undefined
  }
  const inside = Object.hasOwn(object, 'id') ? sanitize(object.id) : undefined
  if (inside !== undefined && inside !== null && (typeof inside !== 'string' || inside.toLowerCase() !== id.toLowerCase()))
    reasons.push({ path: 'id', code: 'id', message: 'is another than in the key' })
  return id.toLowerCase()
}

function readFields(kind: Kind, object: Fields, options: PrepareOptions, reasons: Reason[]): Readonly<Record<string, string | null>> {
  const result = kind.schema.safeParse(object)
  if (result.success) return result.data
  const refused = new Set<string>()
  for (const issue of result.error.issues) {
    const field = String(issue.path[0])
    // The first thing that is wrong with a field says it: zod measures the length of a list where a text should be, too.
    if (refused.has(field)) continue
    refused.add(field)
    if (!options.skipValidation) reasons.push({ path: field, ...codeOf(issue, object[field]) })
  }
  // The other fields are read all the same: references are resolved even of a record that is set aside.
  const columns: Record<string, string | null> = {}
  for (const [field, { schema }] of Object.entries(kind.fields)) {
    const value = Object.hasOwn(object, field) ? object[field] : undefined
    if (!refused.has(field)) columns[field] = schema.parse(value)
    else if (options.skipValidation) columns[field] = rawText(value)
  }
  return columns
}

function codeOf(issue: z.core.$ZodIssue, value: unknown): { readonly code: string; readonly message: string } {
  if (issue.code === 'custom') return { code: String(issue.params?.code ?? 'custom'), message: issue.message }
  if (value === undefined || value === null) return { code: 'required', message: 'is missing' }
  if (issue.code === 'too_small') return { code: 'required', message: 'is empty' }
  if (issue.code === 'too_big') return { code: 'length', message: `is longer than ${issue.maximum} characters` }
  if (issue.code === 'invalid_type') return { code: 'type', message: `is not a ${issue.expected}` }
  if (issue.code === 'invalid_value' && typeof value !== 'string') return { code: 'type', message: 'is not a string' }
  if (issue.code === 'invalid_value') return { code: 'value', message: `is none of ${issue.values.join(', ')}` }
  return { code: 'pattern', message: issue.message }
}

function rawText(value: unknown): string | null {
  if (value === undefined || value === null) return null
  const clean = sanitize(value)
  return typeof clean === 'string' ? clean : jsonText(clean)
}

/** What has no column, so that nothing is lost: unknown fields, and a null that a field had. */
function extraOf(kind: Kind, object: Fields): string {
  let fields: [string, unknown][] | undefined
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (name === 'id' || (value !== null && Object.hasOwn(kind.fields, name))) continue
    fields ??= []
    fields.push([name, value])
  }
  return fields === undefined ? '{}' : jsonObject(fields)
}
