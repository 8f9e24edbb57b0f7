/** Exact decimal of a numeric text: digits and exponent, so that `1.50`, `1.5` and `15e-1` meet; undefined for what is no finite number. */
export function decimalOf(text: string): { readonly negative: boolean; readonly digits: string; readonly exponent: number } | undefined {
  const match = /^\s*([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?\s*$/.exec(text.replace(/^(-?)\$/, '$1').replaceAll(',', ''))
  if (match === null) return undefined
  const whole = match[2] ?? ''
  const fraction = match[3] ?? ''
  if (whole === '' && fraction === '') return undefined
  const all = (whole + fraction).replace(/^0+/, '')
  const digits = all.replace(/0+$/, '')
  if (digits === '') return { negative: false, digits: '0', exponent: 0 }
  return { negative: match[1] === '-', digits, exponent: Number(match[4] ?? 0) - fraction.length + (all.length - digits.length) }
}

/** One text for each number, however it was written; undefined for what is no finite number. */
export function numberKey(text: string): string | undefined {
  const decimal = decimalOf(text)
  return decimal === undefined ? undefined : `${decimal.negative ? '-' : ''}${decimal.digits}e${decimal.exponent}`
}

/** Microseconds since 1970 (UTC unless an offset stands there) of a date or timestamp text, also before Christ; undefined for anything else. */
export function instantOf(text: string): bigint | undefined {
  const match =
    /^(\d{4,6})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?\s*(?:([-+])(\d\d)(?::?(\d\d))?(?::?(\d\d))?|Z)?( BC)?$/.exec(
      text,
    )
  if (match === null) return undefined
  const number = (at: number) => BigInt(match[at] ?? 0)
  const days = daysSince1970(match[12] === undefined ? number(1) : 1n - number(1), number(2), number(3))
  const seconds = ((days * 24n + number(4)) * 60n + number(5)) * 60n + number(6)
  const offset = ((number(9) * 60n + number(10)) * 60n + number(11)) * (match[8] === '-' ? -1n : 1n)
  return (seconds - offset) * 1_000_000n + BigInt((match[7] ?? '').padEnd(6, '0'))
}

/** Of a day of the proleptic Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil): `Date` ends in the year 275760. */
function daysSince1970(year: bigint, month: bigint, day: bigint): bigint {
  const shifted = month <= 2n ? year - 1n : year
  const era = (shifted >= 0n ? shifted : shifted - 399n) / 400n
  const yearOfEra = shifted - era * 400n
  const dayOfYear = (153n * (month > 2n ? month - 3n : month + 9n) + 2n) / 5n + day - 1n
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear
  return era * 146_097n + dayOfEra - 719_468n
}

const booleans = new Map([
  ['t', 'true'],
  ['true', 'true'],
  ['f', 'false'],
  ['false', 'false'],
])

/** Whether two cells are one value in two notations: another scale, another spelling of a boolean, JSON respaced, an instant with its offset. */
export function sameValue(left: string, right: string, leftType: string, rightType: string): boolean {
  if (left === right) return true
  // A text says more than the value it is read as: '007' and ' 7 ' are one number and two texts.
  if (isText(leftType) && !isText(rightType)) return JSON.stringify(left) === right
  const numeric = isNumeric(leftType) || isNumeric(rightType)
  const [leftNumber, rightNumber] = numeric ? [numberKey(left), numberKey(right)] : []
  if (leftNumber !== undefined && rightNumber !== undefined) {
    if (leftNumber === rightNumber) return true
    if (leftType === 'real' && rightType === 'double precision')
      return Math.fround(Number(right)) === Number(left) || Math.fround(Number(right)) === Math.fround(Number(left))
    return false
  }
  if (leftType === 'boolean' || rightType === 'boolean') return booleans.has(left) && booleans.get(left) === booleans.get(right)
  if (isTemporal(leftType) || isTemporal(rightType)) {
    const [from, to] = [instantOf(left), instantOf(right)]
    if (from !== undefined && to !== undefined) return from === to
  }
  if (leftType.startsWith('character(') || rightType.startsWith('character(')) return left.replace(/ +$/, '') === right.replace(/ +$/, '')
  if (/^jsonb?$/.test(rightType) || /^jsonb?$/.test(leftType)) return sameJson(left, right)
  if (leftType === 'bytea') return left.replace(/^\\x/, '') === right.toLowerCase()
  return leftType === 'uuid' ? left.replaceAll('-', '') === right.replaceAll('-', '').toLowerCase() : false
}

export function isNumeric(type: string): boolean {
  return /^(smallint|integer|bigint|numeric|real|double precision|money)/.test(type)
}

function isText(type: string): boolean {
  return /^(text|character varying|citext|name)/.test(type)
}

export function isTemporal(type: string): boolean {
  return /^(date|timestamp)/.test(type)
}

function sameJson(left: string, right: string): boolean {
  const [first, second] = [canonicalJson(left), canonicalJson(right)]
  // Of a key that stands twice jsonb keeps the last: parsed, both look the same.
  if (second === undefined || keyCount(left) !== keyCount(right)) return JSON.stringify(left) === right
  // A text that became a JSON string is the same value in a wrapper.
  return first === second || JSON.stringify(left) === second
}

function keyCount(document: string): number {
  return [...document.matchAll(/"(?:[^"\\]|\\.)*"\s*:/g)].length
}

function canonicalJson(text: string): string | undefined {
  try {
    return JSON.stringify(sortKeys(JSON.parse(text)))
  } catch {
    return undefined
  }
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  )
}

/**
 * Which of two number texts is more, exactly, as PostgreSQL orders them: `-Infinity` below and `Infinity`, then `NaN`, above all others.
 *
 * @returns Below, at or above 0; undefined where one is no number.
 */
export function compareNumbers(left: string, right: string): number | undefined {
  const [one, other] = [magnitudeOf(left), magnitudeOf(right)]
  if (one === undefined || other === undefined) return undefined
  if (one.rank !== other.rank) return one.rank - other.rank
  const [small, large] = one.rank < 0 ? [other, one] : [one, other]
  return small.point - large.point || (small.digits < large.digits ? -1 : Number(small.digits > large.digits))
}

const endless = new Map([
  ['-infinity', -2],
  ['infinity', 2],
  ['nan', 3],
])

/** Digits without zeros at either end, and where the decimal point stands before them; equal ranks compare by both. */
function magnitudeOf(text: string): { readonly rank: number; readonly point: number; readonly digits: string } | undefined {
  const rank = endless.get(text.trim().toLowerCase())
  if (rank !== undefined) return { rank, point: 0, digits: '' }
  const decimal = decimalOf(text)
  if (decimal === undefined) return undefined
  const { negative, digits, exponent } = decimal
  return digits === '0' ? { rank: 0, point: 0, digits: '' } : { rank: negative ? -1 : 1, point: digits.length + exponent, digits }
}

/** The exact sum of decimal texts, as a number key (`numberKey`); NULLs count as nothing. */
export function sumKey(cells: readonly (string | null)[]): string {
  const decimals = cells.flatMap((cell) => {
    const decimal = cell === null ? undefined : decimalOf(cell)
    return decimal === undefined ? [] : [decimal]
  })
  const lowest = Math.min(0, ...decimals.map((each) => each.exponent))
  const total = decimals.reduce(
    (sum, each) => sum + BigInt(each.digits) * 10n ** BigInt(each.exponent - lowest) * (each.negative ? -1n : 1n),
    0n,
  )
  return numberKey(`${total}e${lowest}`) ?? '0e0'
}
