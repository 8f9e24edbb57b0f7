import { DateTime } from 'luxon'
import { Refusal } from './refusal.ts'

// What has no zone is taken as UTC. Days and months with slashes are ambiguous (03/04 is March here and April there) and refused.
const timestampFormats = [
  'd.M.yyyy H:mm',
  'd.M.yyyy H:mm:ss',
  'yyyy/M/d H:mm:ss',
  'd LLLL yyyy H:mm',
  'd LLL yyyy H:mm',
  'LLLL d, yyyy H:mm',
  'LLL d, yyyy H:mm',
  "EEE LLL dd yyyy HH:mm:ss 'GMT'ZZZ",
]
const dateFormats = ['d.M.yyyy', 'yyyy/M/d', 'yyyyMMdd', 'd LLLL yyyy', 'd LLL yyyy', 'LLLL d, yyyy', 'LLL d, yyyy']

const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?$/
const ambiguous = /^\d{1,2}\/\d{1,2}\/\d{2,4}\b/

/** Times outside are taken for mistakes. */
const earliest = Date.UTC(1900, 0, 1)
const latest = Date.UTC(2200, 0, 1)

/**
 * Read an instant: ISO 8601 (with a blank for the T, without a zone, without a time), seconds or milliseconds since 1970, RFC 2822, what
 * JavaScript's `Date` writes, and the usual written forms with the day first and dots, or the month's English name.
 *
 * @returns A text that PostgreSQL reads as `timestamptz`.
 */
export function readTimestamp(value: unknown): string | Refusal {
  const text = dateText(value, true)
  if (typeof text !== 'string') return text
  const match = iso.exec(text)
  if (match !== null) return readIso(match)
  if (/^\d{9,10}$/.test(text)) return inRange(Number(text) * 1000)
  if (/^\d{12,13}$/.test(text)) return inRange(Number(text))
  if (ambiguous.test(text)) return new Refusal('ambiguous', 'may have the day or the month first')
  const rfc = DateTime.fromRFC2822(text, { setZone: true })
  if (rfc.isValid) return inRange(rfc.toMillis())
  // JavaScript adds the zone's name in parentheses.
  return inRange(firstOf([...timestampFormats, ...dateFormats], text.replace(/ \([^)]*\)$/, '')))
}

/** Read a day: the formats of `readTimestamp` that have no time of day. */
export function readDate(value: unknown): string | Refusal {
  const text = dateText(value, false)
  if (typeof text !== 'string') return text
  const match = iso.exec(text)
  if (match !== null) {
    if (match[4] !== undefined) return new Refusal('date', 'has a time of day')
    const day = readIso(match)
    return typeof day === 'string' ? text : day
  }
  if (ambiguous.test(text)) return new Refusal('ambiguous', 'may have the day or the month first')
  const found = inRange(firstOf(dateFormats, text))
  return typeof found === 'string' ? found.slice(0, 10) : found
}

function dateText(value: unknown, numbers: boolean): string | Refusal {
  if (numbers && typeof value === 'number') return String(value)
  if (typeof value === 'string') return value === '' ? new Refusal('required', 'is empty') : value
  return value === undefined || value === null ? new Refusal('required', 'is missing') : new Refusal('type', 'is no date')
}

function readIso([text, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z']: RegExpExecArray):
  | string
  | Refusal {
  const [y, m, d, h, min, s] = [Number(year), Number(month), Number(day), Number(hour), Number(minute), Number(second)]
  if (m < 1 || m > 12 || d < 1 || d > daysIn(y, m) || h > 23 || min > 59 || s > 59) return new Refusal('date', 'is no date of the calendar')
  const offset = offsetMinutes(zone)
  if (Math.abs(offset) > 15 * 60 + 59) return new Refusal('date', 'has no such zone')
  if (fraction.length > 6 && /[1-9]/.test(fraction.slice(6))) return new Refusal('precision', 'is finer than a microsecond')
  // Date.UTC takes the years below 100 for those of the twentieth century; the calendar repeats itself after 400 years.
  const instant = Date.UTC(y + 400, m - 1, d, h, min - offset, s) - fourHundredYears
  if (instant < earliest || instant >= latest) return outside
  // As it is, so that no digit is touched; a time without a zone is UTC.
  return `${text.slice(0, 10)} ${hour}:${minute}:${second}${fraction === '' ? '' : `.${fraction.slice(0, 6)}`}${zone === 'Z' ? '+00' : zone}`
}

const fourHundredYears = 146_097 * 86_400_000

function daysIn(year: number, month: number): number {
  return month === 2 ? (year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
}

function offsetMinutes(zone: string): number {
  if (zone === 'Z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || '0')]
  if (minutes > 59) return Number.POSITIVE_INFINITY
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

const outside = new Refusal('range', 'is not between 1900 and 2200')

function inRange(instant: number | undefined): string | Refusal {
  if (instant === undefined) return new Refusal('date', 'is in no format that is known')
  return instant < earliest || instant >= latest ? outside : `${new Date(instant).toISOString().replace('T', ' ').slice(0, -1)}+00`
}

function firstOf(formats: readonly string[], text: string): number | undefined {
  for (const format of formats) {
    const read = DateTime.fromFormat(text, format, { zone: 'utc', locale: 'en' })
    if (read.isValid) return read.toMillis()
  }
  return undefined
}
