import type { BandSource } from '../band/band-source.ts'
import type { Randomness } from '../random.ts'
import type { Maker, MakerContext } from './maker.ts'

const dayMs = 86_400_000
const epoch1950 = Date.UTC(1950, 0, 1)
const quarterMs = 900_000
const fourDigitYear = /^(?!0000)\d{4}-/

export function dateMaker(): Maker {
  const band = (source: BandSource) => dateText(epoch1950 + source.instant().day * dayMs)
  return {
    room: true,
    plain: '2000-01-01',
    plausible: (random) => (random.chance(0.15) ? monthEnd(random) : dateText(plausibleMs(random))),
    kinds: (random) => [monthEnd(random)],
    near: (text) =>
      /^\d{4}-\d{2}-\d{2}$/.test(text)
        ? [-1, 1].map((days) => dateText(Date.parse(`${text}T00:00:00Z`) + days * dayMs)).filter((near) => fourDigitYear.test(near))
        : [],
    edges: ['1990-01-01', '2040-12-31', '2024-02-29', '1999-12-31', '2000-01-01', '2024-12-31', '2024-01-31', '2023-02-28', '2023-03-31'],
    extremes: ['infinity', '-infinity', '0044-03-15 BC', '0001-01-01', '9999-12-31', '1582-10-10', '4713-01-01 BC', '5874897-12-31'],
    band,
    bandShapes: [(source) => dateText(Date.UTC(2030, 0, 1) + (source.instant().day % 3_650) * dayMs)],
    vector: [],
    key: (text) => text,
    accepts: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`)),
    neighbours: (text) => [-1, 0, 1].map((days) => dateText(Date.parse(`${text}T00:00:00Z`) + days * dayMs)),
  }
}

/** timestamp and timestamptz (written in UTC); `precision` is the number of decimals of a second that are kept. */
export function timestampMaker(withZone: boolean, precision: number): Maker {
  const zone = withZone ? '+00' : ''
  const text = (ms: number, micros = 0) => `${stamp(ms, precision, micros)}${zone}`
  const odd = (local: string) => `${local}${zone}`
  const parse = (value: string) =>
    Date.parse(`${value.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')}${/[zZ]|[+-]\d\d(:?\d\d)?$/.test(value) ? '' : 'Z'}`)
  return {
    room: true,
    plain: odd('2000-01-01 00:00:00'),
    plausible: (random, context) =>
      context.oddTimes.length > 0 && random.chance(0.25)
        ? odd(random.pick(context.oddTimes))
        : random.chance(0.35)
          ? text(plausibleMs(random), random.below(1000))
          : text(random.chance(0.3) ? Math.floor(plausibleMs(random) / 1000) * 1000 : plausibleMs(random)),
    kinds: (random) => [text(plausibleMs(random), random.between(1, 999)), text(Math.floor(plausibleMs(random) / dayMs) * dayMs)],
    clock: withZone ? 'instant' : 'local',
    near: (value) => nearStamps(value, precision).map((near) => `${near}${zone}`),
    edges: [
      '1990-01-01 00:00:00',
      '2040-12-31 23:59:59',
      '2024-02-29 12:00:00',
      '1999-12-31 23:59:59',
      '2024-03-31 02:30:00',
      '2024-10-27 02:30:00',
      ...(precision >= 6 ? ['2024-01-01 00:00:00.000001', '2023-12-31 23:59:59.999999', '2024-05-31 12:00:00.123456'] : []),
      ...(precision >= 3 ? ['2024-05-31 12:00:00.123'] : []),
    ].map(odd),
    extremes: [
      'infinity',
      '-infinity',
      ...[`0044-03-15 12:00:00${zone} BC`, odd('0001-01-01 00:00:00'), odd('9999-12-31 23:59:59'), odd('294276-01-01 00:00:00')],
    ],
    band: (source, context) => text(bandMs(source, context)),
    bandShapes: [(source) => text(Date.UTC(2030, 0, 1) + (source.instant().day % 3_650) * dayMs + source.instant().quarterMs)],
    vector: [],
    key: (value) => value.replace(/\.?0+(?=$|[+-])/, ''),
    accepts: (value) =>
      /^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$/.test(value) && !Number.isNaN(parse(value)),
    neighbours: (value) => [-1000, 0, 1000].map((ms) => text(parse(value) + ms)),
  }
}

export function timeMaker(withZone: boolean, precision: number): Maker {
  // 24:00 is the end of a day, and another value than 00:00.
  const zone = withZone ? '+00' : ''
  const text = (ms: number) => `${stamp(ms, precision).slice(11)}${zone}`
  const edges = [
    '24:00:00',
    ...['00:00:00', '12:00:00', '23:59:59', '00:00:01', '09:30:00'],
    ...(precision >= 6 ? ['23:59:59.999999', '12:34:56.123456'] : precision >= 3 ? ['23:59:59.999'] : []),
  ].map((time) => `${time}${zone}`)
  return {
    room: true,
    plain: `00:00:00${zone}`,
    plausible: (random) => text(random.below(86_400) * 1000),
    edges,
    extremes: [...(withZone ? ['12:00:00+05:45', '12:00:00-11'] : [])],
    band: (source) => text(source.random.below(96) * quarterMs + source.instant().quarterMs),
    bandShapes: [(source) => text(9 * 3_600_000 + source.random.below(28) * quarterMs + source.instant().quarterMs)],
    vector: [],
    key: (value) => value,
    accepts: (value) => /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?([+-]\d{2})?$/.test(value),
    neighbours: (value) => [value],
  }
}

/** `fields` is the mask of INTERVAL_MASK bits in the modifier, or 0x7fff for all of them. */
export function intervalMaker(fields: number, precision: number): Maker {
  const bit = (position: number) => (fields & (1 << position)) !== 0
  const seconds = bit(12)
  // A restriction drops what is finer than its last field, so values are made from whole units of that field.
  const unit =
    fields === 0x7fff
      ? undefined
      : seconds
        ? undefined
        : bit(11)
          ? 'minutes'
          : bit(10)
            ? 'hours'
            : bit(3)
              ? 'days'
              : bit(1)
                ? 'mons'
                : bit(2)
                  ? 'years'
                  : undefined
  const exact = (ms: number) => `${Math.floor(ms / dayMs)} days ${stamp(ms % dayMs, Math.min(precision, 3)).slice(11)}`
  return {
    room: true,
    plain: unit === undefined ? '00:00:00' : `0 ${unit}`,
    plausible: (random) =>
      unit === undefined ? exact(random.below(60) * dayMs + random.below(86_400) * 1000) : `${random.below(30)} ${unit}`,
    edges:
      unit === undefined
        ? ['00:00:00', '1 day', '24:00:00', '1 mon', '30 days', '-1 days', '00:00:01']
        : [`0 ${unit}`, `1 ${unit}`, `-1 ${unit}`],
    extremes: unit === undefined ? ['178000000 years', '-178000000 years', '1 mon -1 days +00:00:01'] : [`100000 ${unit}`],
    band: (source) => {
      const { day, quarterMs: inside } = source.instant()
      return unit === undefined ? exact((day % 3_000) * dayMs + source.random.below(96) * quarterMs + inside) : `${source.lead()} ${unit}`
    },
    bandShapes: [
      (source) =>
        unit === undefined
          ? exact(source.random.below(16) * quarterMs + source.instant().quarterMs)
          : `${source.random.below(500)} ${unit}`,
    ],
    vector: [],
    key: (value) => value,
    accepts: (value) => (/^\d{1,4} (second|minute|hour|day|week|month|year)s?$/.test(value) ? true : /\d/.test(value) ? undefined : false),
    neighbours: (value) => [value],
  }
}

/**
 * Unique modulo a quarter of an hour, so that no zone's offset hides it; among the first rows some at the odd local times of the zones
 * that the migration names.
 */
function bandMs(source: BandSource, context: MakerContext): number {
  const { day, quarterMs: inside } = source.instant()
  if (context.oddTimes.length > 0 && source.random.chance(0.15)) {
    const local = Date.parse(`${source.random.pick(context.oddTimes).replace(' ', 'T')}Z`)
    return Math.floor(local / quarterMs) * quarterMs + inside
  }
  return epoch1950 + day * dayMs + source.random.below(96) * quarterMs + inside
}

function plausibleMs(random: Randomness): number {
  return Date.UTC(1990, 0, 1) + random.below(51 * 365) * dayMs + random.below(86_400_000)
}

function monthEnd(random: Randomness): string {
  return dateText(Date.UTC(1990 + random.below(51), random.below(12) + 1, 1) - dayMs)
}

/** The same microsecond but one, the same second, the same day, and an hour later: what a coarser type or a zone makes equal. */
function nearStamps(value: string, precision: number): readonly string[] {
  const parts = /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:\+00)?$/.exec(value)
  const second = parts?.[1]
  if (second === undefined) return []
  const ms = Date.parse(`${second.replace(' ', 'T')}Z`)
  const micros = Number((parts?.[2] ?? '').padEnd(6, '0'))
  const at = (other: number, fraction: number) => stamp(other + Math.floor(fraction / 1000), precision, fraction % 1000)
  const hour = 3_600_000
  const texts = [
    at(ms, (micros + 1) % 1_000_000),
    at(ms, (micros + 250_000) % 1_000_000),
    at(ms, 0),
    at(Math.floor(ms / dayMs) * dayMs + ((ms + 5 * hour) % dayMs), micros),
    at(ms + hour, micros),
  ]
  return [...new Set(texts)].filter((text) => `${text}+00` !== value && text !== value && fourDigitYear.test(text))
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** `2024-03-31 02:30:00.123`, as many decimals as the precision keeps, none where they are zero. */
function stamp(ms: number, precision: number, micros = 0): string {
  const iso = new Date(ms).toISOString()
  const fraction = `${iso.slice(20, 23)}${String(micros).padStart(3, '0')}`.slice(0, precision).replace(/0+$/, '')
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}`
}
