import { isLosslessNumber, parse as parseLossless } from 'lossless-json'
import { withoutNull } from './sanitize.ts'

/** What a value's text holds, or why it cannot be read. */
export type ParsedValue = { readonly value: unknown } | { readonly code: 'json' | 'duplicate-field' | 'depth'; readonly message: string }

// jsonb writes numbers without exponents, after a blank or a bracket: what a double may not give back has 16 digits or more, or a zero at its end.
const maybeLossy = /(?:^|[ [])-?(?:[\d.]{16}|\d+\.\d*0(?:[,}\]]|$))/

/**
 * Read JSON without losing a digit: numbers that a double would change come as `LosslessNumber`.
 *
 * @param canonical  Written by jsonb, which has no duplicate fields and no exponents: the quick way will do where no number is long.
 */
export function parseValue(text: string, canonical: boolean): ParsedValue {
  try {
    const value: unknown = JSON.parse(text)
    if (canonical && !maybeLossy.test(text)) return { value }
  } catch {
    return { code: 'json', message: 'is not JSON' }
  }
  try {
    const duplicates: string[] = []
    const value = parseLossless(text, undefined, {
      onDuplicateKey: ({ key, newValue }) => {
        duplicates.push(key)
        return newValue
      },
    })
    return duplicates.length === 0 ? { value } : { code: 'duplicate-field', message: `has two fields ${JSON.stringify(duplicates[0])}` }
  } catch (error) {
    if (error instanceof RangeError) return { code: 'depth', message: 'is nested too deeply' }
    throw error
  }
}

/** Deeper values are set aside: neither we nor the server read them by recursion without end. */
export const deepest = 200

/** Whether lists and objects are nested in one another more than 200 times. */
export function tooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return false
  return depth >= deepest || Object.values(value).some((each) => tooDeep(each, depth + 1))
}

/** Write a value that `parseValue` read, null bytes left out of its texts. */
export function jsonText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(withoutNull(value))
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '-0' : JSON.stringify(value)
  if (isLosslessNumber(value)) return value.value
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`
  return jsonObject(Object.entries(value))
}

/** The text of an object with these fields. */
export function jsonObject(fields: readonly (readonly [string, unknown])[]): string {
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`).join(',')}}`
}

/** Where a text holds half of a surrogate pair, or a field's name a null byte: neither has a place in a PostgreSQL text. */
export function unwritableAt(value: unknown, path = ''): string | undefined {
  if (typeof value === 'string') return loneSurrogate.test(value) ? path : undefined
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return undefined
  for (const [name, each] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`
    if (loneSurrogate.test(name) || name.includes('\0')) return path
    const found = unwritableAt(each, at)
    if (found !== undefined) return found
  }
  return undefined
}

const loneSurrogate = /\p{Surrogate}/u
