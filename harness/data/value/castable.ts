import type { Randomness } from '../random.ts'
import { jsonMaker } from './json.ts'
import type { Maker } from './maker.ts'
import { integerMaker, numericMaker } from './numbers.ts'
import { booleanMaker, inetMaker, uuidMaker } from './others.ts'
import { dateMaker, timestampMaker } from './times.ts'

/** Types that a text may have to read as. */
export type CastableType = 'integer' | 'bigint' | 'smallint' | 'numeric' | 'boolean' | 'date' | 'timestamp' | 'uuid' | 'jsonb' | 'inet'

/** How texts of a type look. */
interface Castable {
  /** Makes the canonical texts. */
  readonly maker: Maker
  /** The same value in another notation that the type's input takes. */
  readonly notations: (text: string) => readonly string[]
  /** Whether the type's input takes the text, on every server version; odd notations that only some take are refused. */
  readonly reads: (text: string) => boolean
}

const whole = (min: bigint, max: bigint): Castable => {
  const maker = integerMaker(min, max)
  return {
    maker,
    notations: (text) => [text, text.replace(/^(-?)/, '$100'), ` ${text} `, text.startsWith('-') ? text : `+${text}`],
    reads: (text) =>
      /^\s*[+-]?\d{1,30}\s*$/.test(text) && BigInt(text.trim().replace(/^\+/, '')) >= min && BigInt(text.trim().replace(/^\+/, '')) <= max,
  }
}

const day = /^\s*(\d{4}-\d{2}-\d{2})\s*$/
const moment = /^\s*(\d{4}-\d{2}-\d{2})(?:[ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?\s*$/
const realDay = (text: string | undefined) =>
  text !== undefined &&
  !text.startsWith('0000') &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  new Date(`${text}T00:00:00Z`).toISOString().startsWith(text)
/** A day that each DateStyle reads, in an order of its own. */
const ambiguousDay = /^(0[1-9]|1[0-2])\/(0[1-9]|1[0-2])\/\d{4}$/

/** A day of the same year that DateStyle decides: `03/04/2021` is in March or in April. */
const eitherOrder = (text: string) => [`03/04/${text.slice(0, 4)}`, `11/05/${text.slice(0, 4)}`].filter((each) => ambiguousDay.test(each))

/** @see https://www.postgresql.org/docs/current/datatype.html#DATATYPE-DATETIME-INPUT */
export const castables: Readonly<Record<CastableType, Castable>> = {
  smallint: whole(-32768n, 32767n),
  integer: whole(-2147483648n, 2147483647n),
  bigint: whole(-9223372036854775808n, 9223372036854775807n),
  numeric: {
    maker: numericMaker(-1, false),
    notations: (text) => [
      text,
      `0${text}`.replace(/^0-/, '-0'),
      ` ${text} `,
      text.includes('.') ? `${text}00` : `${text}.0`,
      /^\d{1,6}$/.test(text) ? `${text}e0` : text,
    ],
    reads: (text) => /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?\s*$/i.test(text),
  },
  boolean: {
    maker: booleanMaker(),
    notations: (text) =>
      text === 'true' ? ['true', 't', 'TRUE', 'yes', 'y', 'on', '1', ' true '] : ['false', 'f', 'False', 'no', 'n', 'off', '0', ' false '],
    reads: (text) => /^\s*(t|tr|tru|true|f|fa|fal|fals|false|y|ye|yes|n|no|on|of|off|1|0)\s*$/i.test(text),
  },
  date: {
    maker: dateMaker(),
    notations: (text) => [text, ` ${text} `, `${text} `, ...eitherOrder(text)],
    reads: (text) => realDay(day.exec(text)?.[1]) || ambiguousDay.test(text),
  },
  timestamp: {
    maker: timestampMaker(false, 6),
    notations: (text) => [text, text.replace(' ', 'T'), text.slice(0, 10), ` ${text} `, ...eitherOrder(text)],
    reads: (text) => realDay(moment.exec(text)?.[1]) || ambiguousDay.test(text),
  },
  uuid: {
    maker: uuidMaker(),
    notations: (text) => [text, text.toUpperCase(), `{${text}}`, text.replaceAll('-', ''), `{${text.toUpperCase()}}`],
    reads: (text) =>
      /^(\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|\{[0-9a-f]{32}\})$/i.test(
        text,
      ),
  },
  jsonb: {
    maker: jsonMaker(true),
    notations: (text) => [text, ` ${text} `, text.replaceAll('":', '" : '), text.replaceAll(',"', ', "')],
    reads: isJsonb,
  },
  inet: {
    maker: inetMaker(),
    notations: (text) => [text, text.includes('/') || text.includes(':') ? text : `${text}/32`],
    reads: (text) =>
      /^((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$|\/)|(?=$|\/))){4}(\/([12]?\d|3[0-2]))?$/.test(text) || /^(::1|2001:db8::1)$/i.test(text),
  },
}

/** A text that reads as the type, canonical or not; `fits` says which texts the attribute takes. */
export function castableText(type: CastableType, random: Randomness, fits: (text: string) => boolean): string | undefined {
  const { maker, notations, reads } = castables[type]
  for (let round = 0; round < 12; round++) {
    const canonical = random.chance(0.3)
      ? random.pick(maker.edges)
      : maker.plausible(random, { label: '', realistic: [], jsonKeys: [], oddTimes: [] })
    const text = random.pick(notations(canonical))
    if (reads(text) && fits(text)) return text
  }
  return [maker.plain, ...maker.vector, ...maker.edges].find((text) => reads(text) && fits(text))
}

function isJsonb(text: string): boolean {
  try {
    JSON.parse(text)
    return !/\\u0000|\\ud[89a-f]/i.test(text)
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}
