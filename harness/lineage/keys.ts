const words = /[\p{L}\p{N}]+/gu
const numbers = /(?<![\p{L}\p{N}.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?/gu
const instants = /(\d{4,6}-\d\d-\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?/g
const clocks = /(?<![\d-])(\d\d):(\d\d):(\d\d)(?:\.(\d+))?/g

/** Characters of a cell that are looked at: patterns run out of stack on millions. */
const longest = 65_536
const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/**
 * By what a banded cell can be recognised, whatever notation it is in now: the whole text, its words, the leading five digits of its
 * numbers, its instants modulo a quarter of an hour (no zone shifts by less), its hexadecimal digits.
 */
export function keysOf(cell: string): readonly string[] {
  if (cell.length > longest) return [`=${cell}`, ...keysOf(cell.slice(0, longest)).slice(1)]
  const keys = new Set<string>([`=${cell}`])
  // Whole or not at all: the groups of two random uuids meet by chance.
  for (const [uuid] of cell.matchAll(uuids)) keys.add(`h${uuid.replaceAll('-', '').toLowerCase()}`)
  const rest = cell.replaceAll(uuids, ' ')
  for (const [word] of rest.matchAll(words)) if (word.length >= 4 && !/^\d{1,6}$/.test(word)) keys.add(`w${word.toLowerCase()}`)
  const hex = cell.startsWith('\\x') ? cell.slice(2) : cell.replaceAll('-', '')
  if (/^[0-9a-f]{8,}$/i.test(hex)) keys.add(`h${hex.toLowerCase()}`)
  if (/^[A-Za-z0-9+/\s]{12,}={0,2}$/.test(cell) && cell.replaceAll(/\s/g, '').length % 4 === 0)
    keys.add(`h${Buffer.from(cell, 'base64').toString('hex')}`)
  for (const match of rest.matchAll(instants)) {
    keys.add(`D${match[1]}`)
    if (match[2] !== undefined) keys.add(quarterKey(match[3], match[4], match[5]))
  }
  for (const match of rest.matchAll(clocks)) keys.add(quarterKey(match[2], match[3], match[4]))
  for (const [number] of rest.matchAll(numbers)) {
    const digits = significantDigits(number)
    if (digits.length >= 5) keys.add(`n${digits.slice(0, 5)}`)
  }
  return [...keys]
}

/** The digits of a number without sign, point, exponent and the zeros at either end: `-0012.50` is `125`. */
export function significantDigits(number: string): string {
  return number
    .replace(/[eE].*$/, '')
    .replaceAll(/[-+.,]/g, '')
    .replace(/^0+/, '')
    .replace(/0+$/, '')
}

function quarterKey(minutes = '0', seconds = '0', fraction = ''): string {
  return `q${Number(minutes) % 15}:${Number(seconds)}.${fraction.replace(/0+$/, '').slice(0, 3)}`
}
