/** From one step on up to before another, in the smallest steps of a type: days, microseconds, integers, millionths. */
export interface Interval {
  readonly from: bigint
  readonly to: bigint
}

/** What a range holds: nothing, or an interval; `illegal` where the server refuses the bounds, `unknown` where the text is not understood. */
export type RangeContents = Interval | 'empty' | 'illegal' | 'unknown'

/** How the values of a type are counted in steps, and a series of values at equal distances. */
export interface Steps {
  /** Undefined for a text that is not understood, infinities among them. */
  read(text: string): bigint | undefined
  write(step: bigint): string
  /** The n-th of a row of points. */
  point(ordinal: number): bigint
}

const endless = 10n ** 40n
const day = 86_400_000_000n
const start = BigInt(Date.UTC(2020, 0, 1)) * 1000n

const whole: Steps = {
  read: (text) => (/^-?\d{1,30}$/.test(text) ? BigInt(text) : undefined),
  write: String,
  point: (ordinal) => 100_000n + 500n * BigInt(ordinal),
}

const decimal: Steps = {
  read(text) {
    const [, sign = '', digits, decimals = ''] = /^(-?)(\d{1,30})(?:\.(\d{1,6}))?$/.exec(text) ?? []
    return digits === undefined ? undefined : BigInt(`${sign}${digits}${decimals.padEnd(6, '0')}`)
  },
  write(step) {
    const digits = String(step < 0n ? -step : step).padStart(7, '0')
    return `${step < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`
  },
  point: (ordinal) => (100_000n + 500n * BigInt(ordinal)) * 1_000_000n,
}

const date: Steps = {
  read(text) {
    const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
    return Number.isNaN(ms) ? undefined : (BigInt(ms) * 1000n) / day
  },
  write: (step) => new Date(Number((step * day) / 1000n)).toISOString().slice(0, 10),
  point: (ordinal) => start / day + 3n * BigInt(ordinal),
}

/** @param zone  What stands behind each time: an offset says the instant; without one it is a time of no zone. */
const time = (zone: string): Steps => ({
  read(text) {
    const [, days, seconds, decimals = '', offset = ''] =
      /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?)?(\+00)?$/.exec(text) ?? []
    if (days === undefined || offset !== zone) return undefined
    const ms = Date.parse(`${days}T${seconds ?? '00:00:00'}Z`)
    return Number.isNaN(ms) ? undefined : BigInt(ms) * 1000n + BigInt(decimals.padEnd(6, '0'))
  },
  write(step) {
    const seconds = new Date(Number(step / 1000n)).toISOString().slice(0, 19).replace('T', ' ')
    const decimals = String(step % 1_000_000n).padStart(6, '0')
    return `${seconds}${decimals === '000000' ? '' : `.${decimals}`}${zone}`
  },
  point: (ordinal) => start + 7_200_000_000n * BigInt(ordinal),
})

const byType: Readonly<Record<string, Steps>> = {
  int2: whole,
  int4: whole,
  int8: whole,
  numeric: decimal,
  date,
  timestamp: time(''),
  timestamptz: time('+00'),
}

/** How the values of a type are counted; undefined where they are not. */
export function stepsOf(scalar: string): Steps | undefined {
  return byType[scalar]
}

/** What lies between two bounds, as the range constructors take them: NULL is no bound. `bounds` is one of `[)`, `[]`, `(]`, `()`. */
export function between(steps: Steps, lower: string | null, upper: string | null, bounds: string): RangeContents {
  const [low, high] = [lower === null ? -endless : steps.read(lower), upper === null ? endless : steps.read(upper)]
  if (low === undefined || high === undefined) return 'unknown'
  if (low > high) return 'illegal'
  const from = low + (bounds.startsWith('(') && lower !== null ? 1n : 0n)
  const to = high + (bounds.endsWith(']') && upper !== null ? 1n : 0n)
  return from >= to ? 'empty' : { from, to }
}

/** What the text of a range holds: `[2020-01-01,2020-01-04)`, `empty`. */
export function contentsOf(steps: Steps, text: string): RangeContents {
  if (text.trim() === 'empty') return 'empty'
  const [, opening, lower, upper, closing] = /^([[(])(?:"?([^",]*)"?),(?:"?([^",]*)"?)([\])])$/.exec(text.trim()) ?? []
  if (lower === undefined || upper === undefined) return 'unknown'
  return between(steps, lower === '' ? null : lower, upper === '' ? null : upper, `${opening}${closing}`)
}

export function overlap(left: Interval, right: Interval): boolean {
  return left.from < right.to && right.from < left.to
}

/** Whether one begins where the other ends. */
export function touch(left: Interval, right: Interval): boolean {
  return left.from === right.to || right.from === left.to
}
