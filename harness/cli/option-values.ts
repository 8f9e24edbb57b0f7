import { InvalidArgumentError } from 'commander'

/** A whole number from 1 on. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('It is not a whole number from 1 on.')
  return count
}

/** A whole number from 1 to 100. */
export function parsePercent(text: string): number {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1 || Number(text) > 100)
    throw new InvalidArgumentError('It is not a whole number from 1 to 100.')
  return Number(text)
}

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const

/** A duration such as `90s`, `5m`, `1h30m` or `500ms`, in milliseconds. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new InvalidArgumentError('It is not a duration such as "90s", "5m" or "1h30m".')
  }
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * unitsMs[unit as keyof typeof unitsMs], 0)
  if (ms < 1) throw new InvalidArgumentError('It is no time at all.')
  return Math.round(ms)
}

/** A number of days. */
export function parseDays(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('It is not a number of days such as 7.')
  return Number(text)
}

/** A duration as it was written, if it is one. */
export function parseTime(text: string): string {
  parseDuration(text)
  return text
}

/** Any text but none. */
export function parseName(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.')
  return text
}

/** For options that may be given several times. */
export function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), parseName(text)]
}

/** One of several machines, such as `2/3`. */
export function parseShard(text: string): { readonly index: number; readonly count: number } {
  const [, index = 0, count = 0] = (/^([1-9]\d{0,3})\/([1-9]\d{0,3})$/.exec(text) ?? []).map(Number)
  if (index < 1 || index > count) throw new InvalidArgumentError('It is not a shard such as "2/3", the second of three.')
  return { index, count }
}
