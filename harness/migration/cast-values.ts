import { type CastType, digitsOf, isFloat, isInteger, isNumber, isText, lengthOf, mostOf } from './cast-type.ts'

/**
 * Values near what the target type accepts, keeps and refuses, the most telling first; none where every value of the source arrives
 * whole. They are written as the source type reads them.
 */
export function castValues(source: CastType, target: CastType): readonly string[] {
  if (source.array && target.array) return castValues(bare(source), bare(target)).map(inArray)
  if (target.array) return isText(source) ? ['{a,b}', 'a,b', '{a', '', '{}'] : []
  if (source.array) return []
  if (target.labels !== undefined) return enumValues(source, target.labels)
  if (isText(source)) return fromText(source, target)
  if (isNumber(source)) return fromNumber(source, target)
  if (/^(date|time|timestamp)(tz)?$/.test(source.name)) return fromTime(source, target)
  if (source.name === 'json' && target.name === 'jsonb') return ['{"a":1,"a":2}', '{"b": 1, "a": 1.50}', '" \\u0000"', '[]']
  if (/^jsonb?$/.test(source.name) && isNumber(target)) return ['1', '"x"', '1.5', 'null', '{}']
  if (/^jsonb?$/.test(source.name) && target.name === 'bool') return ['true', '"true"', '1', 'null']
  if (source.name === 'inet' && target.name === 'cidr') return ['10.0.0.1/8', '10.0.0.0/8', '10.0.0.1']
  return []
}

/** Texts of a length and of one more that begin alike, so that they differ by what is cut off; and with blanks at the end. */
export function lengthValues(length: number): readonly string[] {
  if (length < 1 || length > 4096) return []
  const text = letters(length + 1)
  return [text, text.slice(0, -1), `${text.slice(0, -1)}  `, `${text.slice(0, length - 1)} `]
}

/** Whole numbers of one digit more than so many, which differ in the last, and one below zero that is as long. */
export function digitValues(digits: number): readonly string[] {
  if (digits < 1 || digits > 18) return []
  const most = 10n ** BigInt(digits)
  return [`${most + most / 4n}`, `${most + most / 4n + 1n}`, `-${most / 10n}`, `${most - 1n}`]
}

/** Numbers between the steps of a scale, which round up, down, and away from zero. */
export function scaleValues(scale: number): readonly string[] {
  if (scale < 0 || scale > 30) return []
  const kept = '67'.repeat(scale).slice(0, scale)
  return [`2.${kept}5`, `0.${'0'.repeat(scale)}5`, `-1.${'0'.repeat(scale)}5`, `2.${kept}49`, `1.${'9'.repeat(scale)}51`]
}

const decimals = ['0.1', '0.30000000000000004', '123456789.12345679', '52.520006599999998', '1e-7', '123456789.123456789']

const ofText: Readonly<Record<string, readonly string[]>> = {
  bool: ['t', 'maybe', 'true', '0', 'yes', 'off', '1', 'f', 'on', 'TRUE', ''],
  uuid: [
    '7f3c2a10-9b4e-4d6a-8c15-2e0f6b9d4a71',
    '7F3C2A10-9B4E-4D6A-8C15-2E0F6B9D4A71',
    '{7f3c2a10-9b4e-4d6a-8c15-2e0f6b9d4a71}',
    '7f3c2a109b4e4d6a8c152e0f6b9d4a71',
    '7f3c2a10-9b4e-4d6a-8c15',
  ],
  date: ['2020-01-15', '2020-02-30', '03/04/2021', '15/01/2020', '2020-01-15 10:20:30', '', '2020-01-15T10:20:30Z'],
  timestamp: ['2020-01-15 10:20:30', '2020-02-30', '03/04/2021', '15/01/2020', '2020-01-15T10:20:30Z', '', '2020-01-15'],
  timestamptz: ['2020-01-15T10:20:30Z', '2020-02-30', '03/04/2021', '15/01/2020', '2020-01-15 10:20:30', '', '2020-01-15'],
  time: ['10:20', '25:00', '24:00:00', '10:20:30.5', '', '10:20 PM'],
  timetz: ['10:20+02', '25:00', '10:20', ''],
  interval: ['1 day', 'soon', '90 min', '1:30', '', 'P1M'],
  json: ['{"a": 1}', '{bad', '', '{"a":1,"a":2}', '[]', 'null', '"x"'],
  // An escape that is JSON, and no jsonb.
  jsonb: ['{"a": 1}', '{bad', '', '{"a":1,"a":2}', '[]', 'null', '"x"', '"\\u0000"'],
  inet: ['10.0.0.1', '10.0.0.1/8', '010.0.0.1', '::1', '10.1', ''],
  cidr: ['10.0.0.0/8', '10.0.0.1/8', '10.0.0.1', '::1/128', ''],
  macaddr: ['08:00:2b:01:02:03', '08-00-2B-01-02-03', '08002b010203', '08:00:2b', ''],
  bytea: ['\\x41', 'a\\b', '\\x4', 'A', '\\101'],
  money: ['$1.00', '1.005', '1,000', '', 'x1'],
  xml: ['<a/>', '<a>', 'a & b', ''],
  citext: ['Abc', 'ABC', 'abc', 'abc '],
}

function fromText(source: CastType, target: CastType): readonly string[] {
  const length = lengthOf(target)
  if (isText(target))
    return length !== undefined && length < (lengthOf(source) ?? Number.POSITIVE_INFINITY) ? lengthValues(length) : caseless(source, target)
  if (isInteger(target)) {
    const most = mostOf(target)
    return ['42', 'x1', '', '3.5', '007', ' 7 ', '+5', `${most + 1n}`, `${most}`, `${-most - 2n}`, '1e3']
  }
  if (target.name === 'numeric')
    return [
      '1e3',
      '1,000',
      '',
      '007.50',
      'x1',
      ...scaled(target, Number.POSITIVE_INFINITY),
      ...ranged(target, Number.POSITIVE_INFINITY),
      'NaN',
    ]
  if (isFloat(target)) return ['1e3', '1,000', '', '007.50', 'x1', ...decimals, 'NaN']
  return ofText[target.name.replace(/^.*\./, '')] ?? []
}

function caseless(source: CastType, target: CastType): readonly string[] {
  return target.name.endsWith('citext') && !source.name.endsWith('citext') ? (ofText.citext ?? []) : []
}

function fromNumber(source: CastType, target: CastType): readonly string[] {
  const fractional = !isInteger(source)
  const digits = digitsOf(source)
  if (isInteger(target)) {
    const most = mostOf(target)
    if (!fractional && mostOf(source) <= most) return []
    const borders = [`${most + 1n}`, `${-most - 2n}`, `${most}`, `${-most - 1n}`]
    return fractional ? [...borders.slice(0, 1), '0.5', '2.5', '-1.5', ...borders.slice(1), 'NaN'] : borders
  }
  if (target.name === 'numeric') {
    const whole = isInteger(source) ? `${mostOf(source)}`.length : (digits?.whole ?? Number.POSITIVE_INFINITY)
    const scale = isInteger(source) ? 0 : (digits?.scale ?? Number.POSITIVE_INFINITY)
    const bounded = [...ranged(target, whole).slice(0, 1), ...scaled(target, scale), ...ranged(target, whole).slice(1)]
    return isFloat(source) ? [...bounded, ...decimals, 'Infinity'] : bounded
  }
  if (isFloat(target)) {
    if (isInteger(source)) return target.name === 'float4' ? ['16777217', '-16777217'] : source.name === 'int8' ? ['9007199254740993'] : []
    return source.name === target.name || source.name === 'float4' ? [] : [...decimals, '12345678901234567890.5']
  }
  if (target.name === 'bool') return ['2', '0', '1', '-1']
  if (target.name === 'money') return ['1.005', '2.675', '0.005', '-1.005']
  const length = lengthOf(target)
  return length === undefined || length > 30 ? [] : [figures(length + 1), figures(length)]
}

function fromTime(source: CastType, target: CastType): readonly string[] {
  const zone = source.name.endsWith('tz') ? '+00' : ''
  const [, kind] = /^(date|timestamp|time)(?:tz)?$/.exec(target.name) ?? []
  const stamped = source.name.startsWith('timestamp')
  const zoned = (values: readonly string[]) => values.map((value) => `${value}${zone}`)
  if (kind === 'date' && stamped) return zoned(['2020-01-15 10:20:30', '2020-01-15 23:59:59', '2020-01-15 00:00:00'])
  if (kind === 'time' && stamped) return zoned(['2020-01-15 10:20:30', '2021-02-16 10:20:30'])
  const [from = 6, to = 6] = [source.modifiers[0], target.modifiers[0]]
  if (kind === undefined || kind === 'date' || source.name === 'date' || to >= from) return []
  const times = ['10:20:30.123456', '23:59:59.999999', '10:20:30'].map((time) =>
    time.replace(/\.(\d+)/, (_, figures) => `.${figures.slice(0, from)}`),
  )
  return zoned(stamped ? times.map((time) => `2020-12-31 ${time}`) : times)
}

/** From an enum only what the new one lacks; from a text also each label in another case and a word that is none. */
function enumValues(source: CastType, labels: readonly string[]): readonly string[] {
  if (source.labels !== undefined) return source.labels.filter((label) => !labels.includes(label))
  if (!isText(source)) return []
  const swapped = labels.map((label) => (label === label.toLowerCase() ? label.toUpperCase() : label.toLowerCase()))
  const others = swapped.filter((label) => !labels.includes(label))
  return [...labels.slice(0, 4), 'unknown word', ...others.slice(0, 2), ...labels.slice(4), '', ...others.slice(2)]
}

/** The smallest number that does not fit, the one that only rounding makes too large, the largest that fits. */
function ranged(target: CastType, wholeOfSource: number): readonly string[] {
  const digits = digitsOf(target)
  if (digits === undefined || digits.whole < 0 || digits.scale < 0 || digits.whole >= wholeOfSource || digits.whole > 40) return []
  const nines = `${'9'.repeat(digits.whole) || '0'}.${'9'.repeat(digits.scale)}`
  return [`1${'0'.repeat(digits.whole)}`, nines.replace(/\.$/, ''), `${nines}5`]
}

function scaled(target: CastType, scaleOfSource: number): readonly string[] {
  const digits = digitsOf(target)
  return digits === undefined || digits.scale >= scaleOfSource ? [] : scaleValues(digits.scale)
}

function letters(length: number): string {
  return 'quartz jigs vex nymph-fowl, bk dock '
    .replaceAll(' ', '')
    .repeat(Math.ceil(length / 30))
    .slice(0, length)
}

function figures(length: number): string {
  return '1234567890'.repeat(4).slice(0, length)
}

function bare(type: CastType): CastType {
  return { ...type, array: false }
}

function inArray(value: string): string {
  return `{"${value.replace(/["\\]/g, '\\$&')}"}`
}
