import type { BandSource } from '../band/band-source.ts'
import type { Randomness } from '../random.ts'
import type { Maker } from './maker.ts'

/** Whole numbers between two limits: int4, int8, oid, xid8. `int2` has room for its column's vector only. */
export function integerMaker(min: bigint, max: bigint): Maker {
  const small = max < 10_000_000n
  const inRange = (value: bigint) => value >= min && value <= max
  const keep = (values: readonly bigint[]) => values.filter(inRange).map(String)
  return {
    room: !small,
    plain: '0',
    plausible: (random) => String(clamp(BigInt(plausibleWhole(random, small ? 10_000 : 1_000_000)), min, max)),
    edges: keep([0n, 1n, -1n, 2n, 10n, 100n, 1000n, 32767n, 999_999n, -1_000_000n]),
    extremes: [...new Set([String(min), String(max), String(max - 1n), ...keep([2_147_483_647n, 2_147_483_648n, -2_147_483_649n])])],
    band: (source) => (small ? '' : wholeBand(source)),
    bandShapes: [
      (source) => String(source.lead()),
      (source) => String(clamp(BigInt(source.random.between(1, 9_999)), min, max)),
      (source) => String(clamp(BigInt(source.random.between(1, 200)), min, max)),
      (source) => String(clamp(BigInt(-source.lead()), min, max)),
    ],
    vector: ['1', '2', '3', '5', '8', '13', '21', '34'],
    key: (text) =>
      text
        .trim()
        .replace(/^\+/, '')
        .replace(/^(-?)0+(?=\d)/, '$1')
        .replace(/^-0$/, '0'),
    accepts: (text) => /^[+-]?\d{1,20}$/.test(text) && inRange(BigInt(text)),
    neighbours: (text) => keep([BigInt(text) - 1n, BigInt(text), BigInt(text) + 1n]),
  }
}

/** Whole numbers of which so many rows are made: small ones, and none that nobody would see the end of. */
export function countMaker(maker: Maker): Maker {
  const { bandShapes: _, ...rest } = maker
  const small = (text: string) => /^[+-]?\d{1,3}$/.test(text)
  return {
    ...rest,
    room: false,
    plausible: (random) => String(random.below(12)),
    edges: ['0', '1', '-1', '2', '10', '100'],
    extremes: [],
    band: () => '',
    accepts: small,
  }
}

/** Whole numbers of a size, each of them large where `about` is: to see whether the time that something takes depends on them. */
export function sizedMaker(maker: Maker, about: number): Maker {
  const { bandShapes: _, ...rest } = maker
  const sized = (text: string) => (maker.accepts(text) === false ? maker.plain : text)
  return {
    ...rest,
    room: false,
    plausible: (random) => sized(String(about + random.below(Math.ceil(about / 10)))),
    edges: [sized(String(about))],
    extremes: [],
    band: () => '',
  }
}

/** `numeric(p,s)`; without a modifier, two or three decimals. */
export function numericMaker(modifier: number, rangeBound: boolean): Maker {
  const bound = modifier >= 4 ? { precision: ((modifier - 4) >> 16) & 0xffff, scale: (((modifier - 4) & 0x7ff) ^ 1024) - 1024 } : undefined
  const scale = bound === undefined ? 2 : Math.max(bound.scale, 0)
  const wholeDigits = bound === undefined ? 20 : bound.precision - bound.scale
  // A negative scale rounds to tens, hundreds, …: its zeros are written out.
  const zeros = bound === undefined ? 0 : Math.max(-bound.scale, 0)
  const digits = bound === undefined ? 8 : bound.precision
  const limit = 10n ** BigInt(digits) - 1n
  const room = digits >= 5
  const units = (value: bigint) => place(value > limit ? limit : value < -limit ? -limit : value, scale, zeros)
  const perUnit = 10 ** scale
  const ceiling = Math.min(1_000_000 * perUnit, Number(limit))
  const scaled = (random: Randomness) =>
    units(BigInt(Math.min(Math.abs(plausibleWhole(random, ceiling)), 9e15)) * (random.chance(0.15) ? -1n : 1n))
  const special = bound === undefined ? ['Infinity', '-Infinity'] : []
  return {
    room,
    plain: units(0n),
    plausible: (random) => (bound === undefined && random.chance(0.4) ? random.pick(unboundKinds)(random) : scaled(random)),
    kinds: (random) => (bound === undefined ? unboundKinds.map((kind) => kind(random)) : []),
    near: (text) => (bound === undefined && /^-?\d+(\.\d{1,6})?$/.test(text) ? [text.includes('.') ? `${text}0` : `${text}.00`] : []),
    edges: distinctTexts([
      ...[0n, 1n, -1n, BigInt(perUnit), -BigInt(perUnit), BigInt(5 * Math.ceil(perUnit / 10)), 99n, BigInt(ceiling)]
        .filter((value) => value <= limit && -value <= limit)
        .map(units),
      // What halves of the last place round to is where money is lost.
      ...halves(scale)
        .filter((text) => toUnits(text, scale) <= limit && -toUnits(text, scale) <= limit && zeros === 0)
        .map((text) => units(toUnits(text, scale))),
      ...(bound === undefined ? ['10.555', '1.50', '100.000', '-0.005', '0.1', '33.3333333333'] : []),
    ]),
    extremes: [
      ...(rangeBound ? [] : ['NaN']),
      ...special,
      units(limit),
      units(-limit),
      ...(bound ? [] : [`0.${'0'.repeat(29)}1`, '9'.repeat(60)]),
    ],
    band: (source) => {
      if (!room) return ''
      const lead = source.lead()
      // As many digits as fit, up to eight: five that are unique, then filler, the last never a zero.
      const extra = Math.min(digits - 5, Math.max(scale + 6 - 5, 2))
      return units(BigInt(extra === 0 ? lead : lead * 10 ** extra + filler(source.random, extra)))
    },
    bandShapes: [
      (source) => units(BigInt(source.lead())),
      (source) => units(BigInt(source.random.between(1, 100 * perUnit))),
      (source) => units(BigInt(source.random.between(1, perUnit))),
      (source) => units(-BigInt(source.lead())),
    ],
    vector: [1n, 2n, 3n, 4n, 5n, 6n].filter((value) => value <= limit).map(units),
    key: decimalKey,
    accepts: (text) => {
      const parts = /^[+-]?(\d+)(?:\.(\d+))?$/.exec(text)
      // A bounded numeric holds NaN too, and no infinity.
      if (parts === null) return text === 'NaN' && !rangeBound
      return (parts[1] ?? '').replace(/^0+/, '').length <= wholeDigits && (bound === undefined || (parts[2] ?? '').length <= scale)
    },
    neighbours: (text) => {
      if (text === 'NaN') return [text]
      const value = toUnits(text, scale)
      return [value - 1n, value, value + 1n].filter((unit) => unit <= limit && -unit <= limit).map(units)
    },
  }
}

/** What a numeric without a scale holds: more places than two, and trailing zeros that it keeps. */
const unboundKinds: readonly ((random: Randomness) => string)[] = [
  (random) => place(BigInt(plausibleWhole(random, 100_000)), random.between(3, 6), 0),
  (random) => `${place(BigInt(plausibleWhole(random, 100_000)), 2, 0)}${'0'.repeat(random.between(1, 3))}`,
  (random) => `${plausibleWhole(random, 10_000)}.00`,
  (random) => String(plausibleWhole(random, 10_000)),
  (random) => `${random.below(1000)}.${String(random.next()).padStart(10, '0')}${random.between(1, 9)}`,
]

/** Amounts whose last digit decides how a coarser scale rounds. */
const halves = (scale: number): readonly string[] =>
  [
    ['1', '-5'],
    ['1.5', '2.5', '-0.5'],
    ['1.05', '19.99', '-2.50', '0.05'],
    ['2.675', '10.555', '-0.005', '1.005'],
    ['0.0005', '1.2345', '-12.0050'],
  ][Math.min(scale, 4)] ?? []

const distinctTexts = (texts: readonly string[]) => [...new Set(texts)]

/**
 * `float4` and `float8`: short decimals, and those that need all digits; always the shortest text that reads as the value, which is how the
 * server writes it.
 */
export function floatMaker(single: boolean): Maker {
  const decimals = single ? 1 : 3
  const most = single ? '3.4028235e+38' : '1.7976931348623157e+308'
  return {
    room: true,
    plain: '0',
    plausible: (random) =>
      random.chance(0.35)
        ? longDecimal(random, single)
        : shortDecimal(plausibleWhole(random, single ? 9_999_999 : 1_000_000_000), decimals),
    kinds: (random) => [longDecimal(random, single), longDecimal(random, single), single ? '0.3' : '0.30000000000000004'],
    edges: [
      ...['0', '1', '-1', '0.5', '0.1', '-0.1', '100', '1000000'],
      ...(single ? ['16777.217', '0.33333334'] : ['0.30000000000000004', '52.52000659999999', '-0.1234567890123456', '1.0000000000000002']),
    ],
    extremes: ['NaN', 'Infinity', '-Infinity', '-0', most, `-${most}`, single ? '1e-45' : '5e-324', '1e-10'],
    band: (source) =>
      shortDecimal(source.lead() * 10 ** (decimals - (single ? 0 : 0)) + filler(source.random, decimals), single ? 2 : decimals),
    bandShapes: [
      (source) => shortDecimal(source.lead(), 5),
      (source) => shortDecimal(source.lead(), 3),
      (source) => shortDecimal(-source.lead(), 2),
    ],
    vector: ['0.25', '0.5', '0.75'],
    key: (text) => {
      const value = Number(text.replace(/^(-?)inf(inity)?$/i, '$1Infinity')) + 0
      return String(single ? Math.fround(value) : value)
    },
    accepts: (text) => /^[+-]?\d{1,15}(\.\d{1,20})?$/.test(text),
    neighbours: (text) => [String(Number(text) - 1), text, String(Number(text) + 1)],
  }
}

/** `money` at `lc_monetary` C: whole cents. */
export function moneyMaker(): Maker {
  const cents = numericMaker(((12 << 16) | 2) + 4, false)
  return { ...cents, extremes: ['92233720368547758.07', '-92233720368547758.08'], key: (text) => decimalKey(text.replace(/[$,]/g, '')) }
}

/** Seven to ten digits: five unique ones, then filler, the last never a zero. */
function wholeBand(source: BandSource): string {
  return String(source.lead() * 100 + filler(source.random, 2))
}

function filler(random: Randomness, digits: number): number {
  const value = random.below(10 ** digits)
  return value % 10 === 0 ? value + random.between(1, 9) : value
}

/** Mostly small, sometimes up to `ceiling`, one in six negative. */
function plausibleWhole(random: Randomness, ceiling: number): number {
  const size = random.pick([10, 100, 1000, 100_000, ceiling])
  const value = random.below(Math.min(size, ceiling) + 1)
  return random.chance(0.15) ? -value : value
}

/** Whole units of the last decimal, as PostgreSQL writes the number. */
function place(unitsOfLast: bigint, scale: number, zeros: number): string {
  const sign = unitsOfLast < 0n ? '-' : ''
  const digits = (unitsOfLast < 0n ? -unitsOfLast : unitsOfLast).toString()
  if (zeros > 0) return unitsOfLast === 0n ? '0' : `${sign}${digits}${'0'.repeat(zeros)}`
  if (scale === 0) return `${sign}${digits}`
  const padded = digits.padStart(scale + 1, '0')
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

function shortDecimal(value: number, decimals: number): string {
  return place(BigInt(Math.trunc(value)), decimals, 0).replace(/\.?0+$/, '') || '0'
}

/** A decimal of 15 to 17 digits (7 to 9 for float4): a sum of tenths, a coordinate, a ratio. */
function longDecimal(random: Randomness, single: boolean): string {
  const sum = random.below(100) / 10 + random.below(100) / 100 + 0.1 + 0.2
  const exact = random.pick([sum, (random.fraction() - 0.5) * 360, random.below(1000) / 7, -random.below(1000) / 3])
  if (!single) return String(Math.abs(exact) < 0.001 ? 0 : exact)
  const value = Math.fround(exact)
  if (Math.abs(value) < 0.001) return '0'
  const digits = [6, 7, 8, 9].find((count) => Math.fround(Number(value.toPrecision(count))) === value) ?? 9
  return String(Number(value.toPrecision(digits)))
}

function toUnits(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.replace(/^[+-]/, '').split('.')
  const value = BigInt(whole + fraction.slice(0, scale).padEnd(scale, '0'))
  return text.startsWith('-') ? -value : value
}

/** `1.0` and `1.00` have one key. */
function decimalKey(text: string): string {
  if (!/^[+-]?\d*\.?\d*$/.test(text)) return /^[+-]?\d/.test(text) ? String(Number(text)) : text.toLowerCase()
  const negative = text.startsWith('-')
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.')
  const key = `${whole.replace(/^0+/, '') || '0'}.${fraction.replace(/0+$/, '')}`
  return negative && key !== '0.' ? `-${key}` : key
}

function clamp(value: bigint, min: bigint, max: bigint): bigint {
  return value < min ? min : value > max ? max : value
}
