import type { FieldRead } from './model-fields.ts'

const months = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december']

interface Read {
  readonly day: readonly [year: number, month: number, day: number]
  /** Microseconds of the day, and minutes that the zone is ahead of UTC. */
  readonly time?: { readonly micros: bigint; readonly ahead: number } | undefined
}

/** Read an instant; the column's text is that of `to_char(…, 'YYYY-MM-DD HH24:MI:SS.US')` in UTC. */
export function readInstant(text: string | undefined): FieldRead {
  if (text === undefined) return { fault: 'type' }
  if (text === '') return { fault: 'required' }
  if (/^\d{9,10}$/.test(text)) return shown(BigInt(text) * 1_000_000n)
  if (/^\d{12,13}$/.test(text)) return shown(BigInt(text) * 1000n)
  const read = parts(text)
  if (typeof read === 'string') return { fault: read }
  const [year, month, day] = read.day
  const midnight = midnightOf(year, month, day)
  return shown(midnight + (read.time?.micros ?? 0n) - BigInt(read.time?.ahead ?? 0) * 60_000_000n)
}

/** Read a day of the calendar. */
export function readDay(text: string | undefined): FieldRead {
  if (text === undefined) return { fault: 'type' }
  if (text === '') return { fault: 'required' }
  const read = parts(text)
  if (typeof read === 'string') return { fault: read }
  if (read.time !== undefined) return { fault: 'date' }
  const instant = shown(midnightOf(...read.day))
  return 'column' in instant ? { column: instant.column.slice(0, 10) } : instant
}

function isDay(year: number, month: number, day: number): boolean {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return month >= 1 && month <= 12 && day >= 1 && day <= ([31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0)
}

/** Microseconds since 1970. */
function midnightOf(year: number, month: number, day: number): bigint {
  const [y, m, d] = [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')]
  return BigInt(Date.parse(`${y}-${m}-${d}T00:00:00Z`)) * 1000n
}

function shown(micros: bigint): FieldRead {
  if (micros < BigInt(Date.UTC(1900, 0, 1)) * 1000n || micros >= BigInt(Date.UTC(2200, 0, 1)) * 1000n) return { fault: 'range' }
  const rest = ((micros % 1000n) + 1000n) % 1000n
  const millis = new Date(Number((micros - rest) / 1000n)).toISOString()
  return { column: `${millis.slice(0, 10)} ${millis.slice(11, 23)}${String(rest).padStart(3, '0')}` }
}

function parts(text: string): Read | string {
  for (const [pattern, read] of forms) {
    const match = pattern.exec(text)
    if (match?.groups === undefined) continue
    const found = read(match.groups)
    if (typeof found === 'string') return found
    const [year, month, day] = found.day
    if (!isDay(year, month, day)) return 'date'
    return found
  }
  return /^\d{1,2}\/\d{1,2}\/\d{2,4}\b/.test(text) ? 'ambiguous' : 'date'
}

type Groups = Readonly<Record<string, string>>

const clock = ({ h, i, s = '0', f = '', zone }: Groups): Read['time'] | string => {
  if (h === undefined) return undefined
  if (Number(h) > 23 || Number(i) > 59 || Number(s) > 59) return 'date'
  if (/[1-9]/.test(f.slice(6))) return 'precision'
  const ahead = minutesAhead(zone)
  if (ahead === undefined) return 'date'
  const seconds = BigInt(Number(h) * 3600 + Number(i) * 60 + Number(s))
  return { micros: seconds * 1_000_000n + BigInt(f.slice(0, 6).padEnd(6, '0')), ahead }
}

function minutesAhead(zone: string | undefined): number | undefined {
  if (zone === undefined || zone === 'Z' || zone === 'GMT') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(':', '') || 0)]
  if (minutes > 59 || hours > 15) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

const monthOf = (name: string | undefined): number => {
  const found = months.findIndex((month) => month === name?.toLowerCase() || month.slice(0, 3) === name?.toLowerCase())
  return found + 1
}

const numeric = (groups: Groups): Read | string => {
  const time = clock(groups)
  return typeof time === 'string' ? time : { day: [Number(groups.y), Number(groups.m), Number(groups.d)], time }
}

const named = (groups: Groups): Read | string => {
  const month = monthOf(groups.month)
  const time = clock(groups)
  if (month === 0) return 'date'
  return typeof time === 'string' ? time : { day: [Number(groups.y), month, Number(groups.d)], time }
}

const forms: readonly (readonly [RegExp, (groups: Groups) => Read | string])[] = [
  [
    /^(?<y>\d{4})-(?<m>\d\d)-(?<d>\d\d)(?:[T ](?<h>\d\d):(?<i>\d\d)(?::(?<s>\d\d)(?:\.(?<f>\d{1,9}))?)?\s?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?)?$/,
    numeric,
  ],
  [/^(?<d>\d{1,2})\.(?<m>\d{1,2})\.(?<y>\d{4})(?: (?<h>\d{1,2}):(?<i>\d\d)(?::(?<s>\d\d))?)?$/, numeric],
  [/^(?<y>\d{4})\/(?<m>\d{1,2})\/(?<d>\d{1,2})(?: (?<h>\d{1,2}):(?<i>\d\d):(?<s>\d\d))?$/, numeric],
  [/^(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)$/, numeric],
  [/^(?<d>\d{1,2}) (?<month>[A-Za-z]+) (?<y>\d{4})(?: (?<h>\d{1,2}):(?<i>\d\d))?$/, named],
  [/^(?<month>[A-Za-z]+) (?<d>\d{1,2}), (?<y>\d{4})(?: (?<h>\d{1,2}):(?<i>\d\d))?$/, named],
  [/^[A-Z][a-z]{2}, (?<d>\d\d) (?<month>[A-Z][a-z]{2}) (?<y>\d{4}) (?<h>\d\d):(?<i>\d\d):(?<s>\d\d) (?<zone>GMT|[+-]\d{4})$/, named],
  [
    /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<d>\d\d) (?<y>\d{4}) (?<h>\d\d):(?<i>\d\d):(?<s>\d\d) GMT(?<zone>[+-]\d{4})(?: \(.*\))?$/,
    named,
  ],
]
