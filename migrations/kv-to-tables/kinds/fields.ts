import { isLosslessNumber } from 'lossless-json'
import { z } from 'zod'
import { readDate, readTimestamp } from './dates.ts'
import { jsonText } from './json.ts'
import { Refusal } from './refusal.ts'
import { sanitize } from './sanitize.ts'

/** What becomes of one field of a record: a schema whose output is the text of the column, NULL where there is nothing. */
export interface Field {
  /** SQL type of the column. */
  readonly type: string
  readonly schema: z.ZodType<string | null>
  /** The kind that it refers to. */
  readonly reference?: string
  readonly optional?: true
}

/** Characters are counted as JavaScript does, in UTF-16 units. */
export function text({ max = 200 }: { readonly max?: number } = {}): Field {
  return { type: 'text', schema: z.preprocess(sanitize, z.string().min(1).max(max)) }
}

/** Any text, the empty one too. */
export function freeText(): Field {
  return { type: 'text', schema: z.preprocess(sanitize, z.string()) }
}

// Letters of any script on both sides: addresses with Unicode are as valid as others.
const emailPattern = /^[^\s\p{C}@<>()[\],;:\\"]{1,64}@(?:[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?\.)+[\p{L}\p{M}]{2,}$/u

/** In any case, and kept in it. */
export function email(): Field {
  const short = z.string().min(1, { abort: true }).max(254, { abort: true })
  return { type: 'text', schema: z.preprocess(sanitize, short.regex(emailPattern, 'is no e-mail address')) }
}

export function slug(): Field {
  const pattern = /^[A-Za-z0-9-]+$/
  const schema = z.string().min(1, { abort: true }).max(100).regex(pattern, 'may hold letters, digits and hyphens')
  return { type: 'text', schema: z.preprocess(sanitize, schema) }
}

export function oneOf(values: readonly [string, ...string[]]): Field {
  return { type: 'text', schema: z.preprocess(sanitize, z.enum(values)) }
}

/** A reference to a record of another kind, by its UUID or by its key in the store. */
export function reference(kind: string, prefix: string): Field {
  const schema = convert((value) => {
    if (typeof value !== 'string') return wrongType(value, 'a UUID')
    const clean = String(sanitize(value))
    if (clean === '') return new Refusal('required', 'is empty')
    const id = clean.startsWith(prefix) ? clean.slice(prefix.length) : clean
    return isUuid(id) ? id.toLowerCase() : new Refusal('pattern', 'is no UUID')
  })
  return { type: 'uuid', schema, reference: kind }
}

export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)
}

const decimalPattern = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** A number, or a text that is one, digit by digit; at most `integerDigits` before the point and `fractionDigits` after it. */
export function decimal({ integerDigits = 24, fractionDigits = 24, negative = true } = {}): Field {
  const schema = convert((value) => {
    const text = numberText(value)
    if (typeof text !== 'string') return text
    const [, sign, whole = '', fraction = '', exponent = '0'] = decimalPattern.exec(text) ?? []
    if (sign === undefined) return new Refusal('type', 'is no number')
    const digits = (whole + fraction).replace(/^0+/, '')
    const before = digits.length - fraction.length + Number(exponent)
    if (digits !== '' && sign === '-' && !negative && /[1-9]/.test(digits)) return new Refusal('range', 'is below 0')
    if (/[1-9]/.test(digits) && (before > integerDigits || fraction.length - Number(exponent) > fractionDigits))
      return new Refusal('range', `has more than ${integerDigits} digits before or ${fractionDigits} after the point`)
    return text
  })
  return { type: 'numeric', schema }
}

/** A whole number in the range, or a text that is one. */
export function integer({ min = -2147483648, max = 2147483647 } = {}): Field {
  const schema = convert((value) => {
    const text = numberText(value)
    if (typeof text !== 'string') return text
    if (!/^[+-]?\d+$/.test(text)) return new Refusal('type', 'is no whole number')
    const number = Number(text)
    return number < min || number > max ? new Refusal('range', `is not between ${min} and ${max}`) : text
  })
  return { type: 'integer', schema }
}

function numberText(value: unknown): string | Refusal {
  if (typeof value === 'number') return String(value)
  if (isLosslessNumber(value)) return value.value
  if (typeof value !== 'string') return wrongType(value, 'a number')
  const clean = String(sanitize(value))
  return clean === '' ? new Refusal('required', 'is empty') : clean
}

/** `true`, `false`, or a text that says so. */
export function boolean(): Field {
  const schema = convert((value) => {
    const clean = sanitize(value)
    if (clean === true || clean === 'true') return 'true'
    if (clean === false || clean === 'false') return 'false'
    return clean === '' ? new Refusal('required', 'is empty') : wrongType(value, 'true or false')
  })
  return { type: 'boolean', schema }
}

/** An instant, in any of the formats of `dates.ts`. */
export function timestamp(): Field {
  return { type: 'timestamptz', schema: convert((value) => readTimestamp(isLosslessNumber(value) ? value.value : sanitize(value))) }
}

/** A day of the calendar, in any of the formats of `dates.ts` that have no time. */
export function date(): Field {
  return { type: 'date', schema: convert((value) => readDate(sanitize(value))) }
}

/** An object or a list, kept as it is (numbers digit by digit), null bytes aside. */
export function json(shape: 'object' | 'array'): Field {
  const schema = convert((value) => {
    const list = Array.isArray(value)
    const fits = shape === 'array' ? list : typeof value === 'object' && value !== null && !list && !isLosslessNumber(value)
    return fits ? jsonText(value) : wrongType(value, shape === 'array' ? 'a list' : 'an object')
  })
  return { type: 'jsonb', schema }
}

/** The field may be missing or null: NULL in the column. */
export function optional(field: Field): Field {
  return { ...field, optional: true, schema: field.schema.nullish().transform((value) => value ?? null) }
}

function wrongType(value: unknown, wanted: string): Refusal {
  return value === undefined || value === null ? new Refusal('required', 'is missing') : new Refusal('type', `is not ${wanted}`)
}

function convert(read: (value: unknown) => string | Refusal): z.ZodType<string> {
  return z.unknown().transform((value, context) => {
    const result = read(value)
    if (typeof result === 'string') return result
    context.addIssue({ code: 'custom', message: result.message, params: { code: result.code }, input: value })
    return z.NEVER
  })
}
