import { type CastType, digitsOf, isFloat, isInteger, lengthOf, mostOf } from './cast-type.ts'

const shapes: Readonly<Record<string, RegExp>> = {
  bool: /^(true|false|t|f|yes|no|on|off|1|0)$/i,
  date: /^\d{4}-\d{2}-\d{2}$/,
  timestamp: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$/,
  timestamptz: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?[+-]\d{2}$/,
  time: /^\d{2}:\d{2}:\d{2}(\.\d+)?$/,
  timetz: /^\d{2}:\d{2}:\d{2}(\.\d+)?[+-]\d{2}$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
}

/** Whether a type holds the value as it is written, as far as that is plain; the server has the last word. */
export function holds(type: CastType, value: string): boolean {
  if (type.array) return value.startsWith('{')
  if (type.labels !== undefined) return type.labels.includes(value)
  if (isInteger(type)) return /^-?(0|[1-9]\d*)$/.test(value) && BigInt(value) <= mostOf(type) && BigInt(value) >= -mostOf(type) - 1n
  if (type.name === 'numeric') {
    if (value === 'NaN') return true
    const parts = /^-?(0|[1-9]\d*)(?:\.(\d+))?$/.exec(value)
    const digits = digitsOf(type)
    if (parts === null || digits === undefined) return parts !== null
    return (parts[1] === '0' ? 0 : (parts[1] ?? '').length) <= digits.whole && (parts[2] ?? '').length <= digits.scale
  }
  if (isFloat(type)) return /^(-?(0|[1-9]\d*)(\.\d+)?(e-?\d+)?|NaN|-?Infinity)$/.test(value)
  const length = lengthOf(type)
  if (length !== undefined) return [...value].length <= length
  if (/^jsonb?$/.test(type.name)) return isJson(value)
  return shapes[type.name]?.test(value) ?? true
}

function isJson(value: string): boolean {
  try {
    JSON.parse(value)
    return true
  } catch {
    return false
  }
}
