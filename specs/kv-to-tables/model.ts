import { isLosslessNumber, parse } from 'lossless-json'
import { type FieldFixture, fieldsOf, type KindName, kindNames, prefixes } from '../../fixtures/kv/kinds.ts'
import { readField } from './model-fields.ts'

/** The store: key to the text of its value; null for an SQL NULL. */
export type Store = ReadonlyMap<string, string | null>

export interface ModelRow {
  readonly sourceKey: string
  /** Column to text, as the server writes it under UTC; JSON as sorted text. */
  readonly columns: Readonly<Record<string, string | null>>
  /** The value as it was when it was migrated. */
  readonly value: string
}

export interface ModelAside {
  readonly kind: string
  readonly position: number
  readonly value: string | null
  /** `path code`, sorted. */
  readonly reasons: readonly string[]
}

/** The tables, as plain maps. */
export interface ModelState {
  readonly tables: Map<KindName, Map<string, ModelRow>>
  readonly aside: Map<string, ModelAside>
}

export function emptyState(): ModelState {
  return { tables: new Map(kindNames.map((kind) => [kind, new Map()])), aside: new Map() }
}

const identities: Readonly<Record<KindName, readonly string[]>> = {
  clients: ['email'],
  catalogs: ['client_id', 'slug'],
  sites: ['slug'],
  products: ['catalog_id', 'sku'],
  employees: ['site_id', 'email'],
  orders: ['number'],
}

/**
 * The rules once more: slow, one record after the other, nothing but maps.
 *
 * @returns What happened, for each kind.
 */
export function migrate(
  state: ModelState,
  store: Store,
  { only, retry = false }: { readonly only?: readonly KindName[]; readonly retry?: boolean } = {},
): Map<string, Record<string, number>> {
  const happened = new Map<string, Record<string, number>>()
  const count = (kind: string, what: string) => {
    const counts = happened.get(kind) ?? {}
    counts[what] = (counts[what] ?? 0) + 1
    happened.set(kind, counts)
  }
  const before = new Map(state.aside)
  const wanted = [...store.keys()].filter((key) => !retry || before.has(key))
  const keys = wanted.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  for (const kind of only ?? kindNames) {
    let position = 0
    for (const key of keys.filter((each) => each.startsWith(prefixes[kind]))) {
      position += 1
      count(kind, migrateRecord(state, kind, key, store.get(key) ?? null, retry ? (before.get(key)?.position ?? 0) : position))
    }
  }
  if (only !== undefined) return happened
  let position = 0
  for (const key of keys.filter((each) => !kindNames.some((kind) => each.startsWith(prefixes[kind])))) {
    position += 1
    const at = retry ? (before.get(key)?.position ?? 0) : position
    state.aside.set(key, { kind: 'unknown', position: at, value: store.get(key) ?? null, reasons: [' kind'] })
    count('unknown', 'set-aside')
  }
  return happened
}

function migrateRecord(state: ModelState, kind: KindName, key: string, value: string | null, position: number): string {
  const judged = judge(kind, key, value)
  const reasons = [...judged.faults]
  for (const [field, { refersTo }] of Object.entries(fieldsOf(kind))) {
    const id = judged.columns[columnOf(field)]
    if (refersTo !== undefined && typeof id === 'string' && state.tables.get(refersTo)?.has(id) !== true) reasons.push(`${field} reference`)
  }
  const table = state.tables.get(kind) ?? new Map<string, ModelRow>()
  const aside = (): string => {
    state.aside.set(key, { kind, position, value, reasons: reasons.sort() })
    return 'set-aside'
  }
  if (reasons.length > 0 || value === null) return aside()

  const present = table.get(judged.id)
  if (present !== undefined && present.sourceKey !== key) {
    reasons.push('id duplicate')
    return aside()
  }
  const identity = identityOf(kind, judged.columns)
  for (const [id, row] of table) {
    if (id === judged.id || identity === undefined || identityOf(kind, row.columns) !== identity) continue
    reasons.push(`${identities[kind].map(fieldOf).join(', ')} duplicate`)
    return aside()
  }
  state.aside.delete(key)
  if (present?.value === value) return 'unchanged'
  const newer = present?.columns.updated_at
  const own = judged.columns.updated_at
  if (newer !== null && newer !== undefined && (own === null || own === undefined || newer > own)) return 'kept'
  table.set(judged.id, { sourceKey: key, columns: judged.columns, value })
  return present === undefined ? 'inserted' : 'updated'
}

interface Judged {
  readonly id: string
  readonly columns: Readonly<Record<string, string | null>>
  readonly faults: readonly string[]
}

/** One record by itself. */
export function judge(kind: KindName, key: string, value: string | null): Judged {
  const whole = (code: string): Judged => ({ id: '', columns: {}, faults: [` ${code}`] })
  if (value === null) return whole('no-value')
  let object: unknown
  try {
    JSON.parse(value)
    object = parse(value)
  } catch (error) {
    return whole(error instanceof Error && error.message.startsWith('Duplicate key') ? 'duplicate-field' : 'json')
  }
  if (depthOf(object) > 200) return whole('depth')
  if (typeof object !== 'object' || object === null || Array.isArray(object) || isLosslessNumber(object)) return whole('object')

  const faults: string[] = []
  const id = key.slice(prefixes[kind].length).toLowerCase()
  if (!isUuid(id)) faults.push(' key')
  const fields = new Map<string, unknown>(Object.entries(object))
  const inside = fields.get('id')
  if (isUuid(id) && inside !== undefined && inside !== null && !(typeof inside === 'string' && clean(inside).toLowerCase() === id))
    faults.push('id id')
  const bad = firstUnwritable(object, '')
  if (bad !== undefined) faults.push(`${bad} encoding`)
  const columns: Record<string, string | null> = {}
  const known = fieldsOf(kind)
  for (const [name, field] of Object.entries(known)) {
    const read = readOne(kind, name, field, fields.get(name))
    if ('fault' in read) faults.push(`${name} ${read.fault}`)
    else columns[columnOf(name)] = read.column
  }
  const extra = [...fields].filter(([name, each]) => name !== 'id' && (!Object.hasOwn(known, name) || each === null))
  columns.extra = canonicalJson(new Map(extra))
  return { id, columns, faults: faults.sort() }
}

function readOne(
  kind: KindName,
  name: string,
  field: FieldFixture,
  value: unknown,
): { readonly column: string | null } | { readonly fault: string } {
  if (value === undefined || value === null) return field.required ? { fault: 'required' } : { column: null }
  if (field.refersTo === undefined) return readField(kind, name, value)
  if (typeof value !== 'string') return { fault: 'type' }
  const text = clean(value)
  if (text === '') return { fault: 'required' }
  const id = text.startsWith(prefixes[field.refersTo]) ? text.slice(prefixes[field.refersTo].length) : text
  return isUuid(id) ? { column: id.toLowerCase() } : { fault: 'pattern' }
}

function identityOf(kind: KindName, columns: Readonly<Record<string, string | null>>): string | undefined {
  const parts = identities[kind].map((column) => {
    const value = columns[column] ?? ''
    return column === 'email' ? [...value].map((each) => (each >= 'A' && each <= 'Z' ? each.toLowerCase() : each)).join('') : value
  })
  return JSON.stringify(parts)
}

/** Null bytes out, blanks around it off. */
export function clean(text: string): string {
  const letters = text.split('\0').join('').split('')
  while (blanks.has(letters[0] ?? '')) letters.shift()
  while (blanks.has(letters.at(-1) ?? '')) letters.pop()
  return letters.join('')
}

/** What Unicode calls white space. */
const blanks = new Set(
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
)

function isUuid(text: string): boolean {
  const parts = text.split('-')
  return (
    parts.map((part) => part.length).join() === '8,4,4,4,12' &&
    [...parts.join('')].every((digit) => '0123456789abcdefABCDEF'.includes(digit))
  )
}

function columnOf(field: string): string {
  return [...field].map((letter) => (letter >= 'A' && letter <= 'Z' ? `_${letter.toLowerCase()}` : letter)).join('')
}

function fieldOf(column: string): string {
  return column
    .split('_')
    .map((part, at) => (at === 0 ? part : part.slice(0, 1).toUpperCase() + part.slice(1)))
    .join('')
}

function depthOf(value: unknown): number {
  let depth = 0
  let level: unknown[] = [value]
  while (level.length > 0) {
    level = level.filter((each) => typeof each === 'object' && each !== null && !isLosslessNumber(each))
    if (level.length > 0) depth += 1
    level = level.flatMap((each) => Object.values(each as object))
  }
  return depth
}

/** What UTF-8 cannot carry comes back as another character. */
function hasLone(text: string): boolean {
  return Buffer.from(text).toString() !== text
}

function firstUnwritable(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return hasLone(value) ? path : undefined
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return undefined
  for (const [name, each] of Object.entries(value)) {
    if (hasLone(name) || name.includes('\0')) return path
    const found = firstUnwritable(each, path === '' ? name : `${path}.${name}`)
    if (found !== undefined) return found
  }
  return undefined
}

/** JSON with sorted fields and without null bytes; numbers as `numeric` writes them. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.split('\0').join(''))
  if (isLosslessNumber(value)) return canonicalNumber(value.value)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries: [string, unknown][] = value instanceof Map ? [...value] : Object.entries(value)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => `${JSON.stringify(name)}:${canonicalJson(each)}`)
    .join(',')}}`
}

/** A decimal number without exponent, plus sign and leading zeros, its last zeros kept. */
export function canonicalNumber(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e')
  const negative = mantissa.startsWith('-')
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.')
  const shift = Number(exponent)
  const digits = shift < 0 ? '0'.repeat(-shift) + whole + fraction : whole + fraction + '0'.repeat(Math.max(0, shift - fraction.length))
  const scale = Math.max(0, fraction.length - shift)
  const padded = digits.padStart(scale + 1, '0')
  const before = padded.slice(0, padded.length - scale).replace(/^0+(?=\d)/, '')
  const written = scale === 0 ? before : `${before}.${padded.slice(padded.length - scale)}`
  return negative && /[1-9]/.test(written) ? `-${written}` : written
}
