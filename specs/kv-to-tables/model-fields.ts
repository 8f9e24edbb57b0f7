import { isLosslessNumber } from 'lossless-json'
import type { KindName } from '../../fixtures/kv/kinds.ts'
import { canonicalJson, canonicalNumber, clean } from './model.ts'
import { readDay, readInstant } from './model-dates.ts'

export type FieldRead = { readonly column: string } | { readonly fault: string }

const statuses: Readonly<Record<string, readonly string[]>> = {
  clients: ['active', 'inactive', 'prospect'],
  orders: ['pending', 'paid', 'shipped', 'delivered', 'cancelled'],
}

/** What becomes of a value that is there, by the name of its field: no table of rules, so that it cannot have the program's mistakes. */
export function readField(kind: KindName, name: string, value: unknown): FieldRead {
  const string = typeof value === 'string' ? clean(value) : undefined
  switch (name) {
    case 'name':
    case 'firstName':
    case 'lastName':
      return filled(string, 200)
    case 'sku':
    case 'number':
      return filled(string, 64)
    case 'phone':
    case 'description':
      return string === undefined ? { fault: 'type' } : { column: string }
    case 'email':
      return email(string)
    case 'slug': {
      const read = filled(string, 100)
      if ('fault' in read) return read
      return [...read.column].every((each) => /[A-Za-z0-9-]/.test(each)) ? read : { fault: 'pattern' }
    }
    case 'status':
      return among(string, statuses[kind] ?? [])
    case 'currency':
      return among(string, ['CHF', 'EUR', 'GBP', 'JPY', 'USD'])
    case 'theme':
    case 'shipping':
      return typeof value === 'object' && !Array.isArray(value) && !isLosslessNumber(value)
        ? { column: canonicalJson(value) }
        : { fault: 'type' }
    case 'tags':
      return Array.isArray(value) ? { column: canonicalJson(value) } : { fault: 'type' }
    case 'published':
      if (value === true || string === 'true') return { column: 'true' }
      if (value === false || string === 'false') return { column: 'false' }
      return { fault: string === '' ? 'required' : 'type' }
    case 'price':
    case 'total':
      return amount(value, string, true)
    case 'points':
      return amount(value, string, false)
    case 'stock':
      return whole(value, string, 0)
    case 'quantity':
      return whole(value, string, 1)
    case 'celebrationDate':
    case 'startedOn':
      return readDay(string)
    case 'orderedAt':
    case 'createdAt':
    case 'updatedAt':
      return readInstant(isLosslessNumber(value) ? value.value : string)
    default:
      throw new Error(`the model does not know "${name}"`)
  }
}

function filled(string: string | undefined, max: number): FieldRead {
  if (string === undefined) return { fault: 'type' }
  if (string === '') return { fault: 'required' }
  return string.length > max ? { fault: 'length' } : { column: string }
}

function among(string: string | undefined, values: readonly string[]): FieldRead {
  if (string === undefined) return { fault: 'type' }
  return values.includes(string) ? { column: string } : { fault: 'value' }
}

function email(string: string | undefined): FieldRead {
  const read = filled(string, 254)
  if ('fault' in read) return read
  const wrong: FieldRead = { fault: 'pattern' }
  const [local = '', domain = '', ...more] = read.column.split('@')
  if (more.length > 0 || local === '' || local.length > 64 || /[\s<>()[\],;:\\"]|\p{C}/u.test(local)) return wrong
  const labels = domain.split('.')
  const sound = (label: string) => label !== '' && !label.startsWith('-') && !label.endsWith('-') && /^[\p{L}\p{M}\p{N}-]+$/u.test(label)
  const last = labels.at(-1) ?? ''
  return labels.length > 1 && labels.every(sound) && [...last].length > 1 && /^[\p{L}\p{M}]+$/u.test(last) ? read : wrong
}

function digitsOf(value: unknown, string: string | undefined): string | undefined {
  return isLosslessNumber(value) ? value.value : string
}

function amount(value: unknown, string: string | undefined, unsigned: boolean): FieldRead {
  const text = digitsOf(value, string)
  if (text === undefined) return { fault: 'type' }
  if (text === '') return { fault: 'required' }
  if (!/^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]{1,3})?$/.test(text)) return { fault: 'type' }
  const written = canonicalNumber(text)
  const [before = '', after = ''] = written.replace('-', '').split('.')
  if (unsigned && written.startsWith('-')) return { fault: 'range' }
  if (/[1-9]/.test(written) && (before.replace(/^0+/, '').length > 24 || after.length > 24)) return { fault: 'range' }
  return { column: written }
}

function whole(value: unknown, string: string | undefined, min: number): FieldRead {
  const text = digitsOf(value, string)
  if (text === undefined) return { fault: 'type' }
  if (text === '') return { fault: 'required' }
  if (!/^[+-]?[0-9]+$/.test(text)) return { fault: 'type' }
  const number = BigInt(text.replace('+', ''))
  return number < BigInt(min) || number > 2147483647n ? { fault: 'range' } : { column: String(number) }
}
