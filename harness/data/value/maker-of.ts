import type { Randomness } from '../random.ts'
import { arrayMaker, compositeMaker, multirangeMaker, rangeMaker } from './containers.ts'
import { jsonMaker } from './json.ts'
import type { Maker } from './maker.ts'
import { floatMaker, integerMaker, moneyMaker, numericMaker } from './numbers.ts'
import { bitMaker, booleanMaker, enumMaker, simpleMakers, uuidMaker } from './others.ts'
import { singleByteMaker, textMaker } from './texts.ts'
import { dateMaker, intervalMaker, timeMaker, timestampMaker } from './times.ts'
import type { ValueType } from './value-type.ts'

/** What is known of the database beyond the type itself. */
export interface MakerOptions {
  /** The database's encoding holds all of Unicode. */
  readonly unicode: boolean
  /** A collation under which case or accents do not count. */
  readonly folded: boolean
  /** Makers that the server has already chosen: by domain path, or by `schema.name` of an unknown base type. */
  readonly known: ReadonlyMap<string, Maker>
  /** Domains whose checks (and NOT NULL) are being found out are made as their bare base. */
  readonly bare?: boolean
}

/** The maker for a type; undefined where the harness knows no value of it (an enum without labels, an unknown base type). */
export function makerOf(type: ValueType, options: MakerOptions): Maker | undefined {
  switch (type.kind) {
    case 'scalar':
      return options.known.get(`${type.schema}.${type.name}`) ?? scalarMaker(type.name, type.modifier, options)
    case 'enum':
      return enumMaker(type.labels)
    case 'domain':
      return options.known.get(type.path) ?? makerOf(type.base, options)
    case 'array': {
      const element = makerOf(type.element, options)
      return element && arrayMaker(element, type.element.kind === 'scalar' && type.element.name === 'box' ? ';' : ',')
    }
    case 'range':
    case 'multirange': {
      const bound = makerOf(type.subtype, options)
      if (bound === undefined) return undefined
      const discrete = type.subtype.kind === 'scalar' && ['int4', 'int8', 'date'].includes(type.subtype.name)
      const numeric = type.subtype.kind === 'scalar' && /^(int|numeric|float|money|oid)/.test(type.subtype.name)
      const compare = numeric
        ? (left: string, right: string) => Number(left) - Number(right)
        : (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0)
      const range = rangeMaker(bound, compare, discrete)
      return type.kind === 'range' ? range : multirangeMaker(range)
    }
    case 'composite': {
      const parts = type.attributes.map((attribute) => makerOf(attribute.type, options))
      const known = parts.filter((part) => part !== undefined)
      return known.length === parts.length && parts.length > 0 ? compositeMaker(known) : undefined
    }
  }
}

/** The least and the greatest value of each type of whole numbers. */
const wholeNumbers: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int2: [-32768n, 32767n],
  int4: [-2147483648n, 2147483647n],
  int8: [-9223372036854775808n, 9223372036854775807n],
  oid: [0n, 4294967295n],
  xid8: [0n, 18446744073709551615n],
}

function scalarMaker(name: string, modifier: number, options: MakerOptions): Maker | undefined {
  const { unicode, folded } = options
  const precision = modifier < 0 ? 6 : modifier
  const whole = Object.hasOwn(wholeNumbers, name) ? wholeNumbers[name] : undefined
  if (whole !== undefined) return integerMaker(...whole)
  switch (name) {
    case 'bool':
      return booleanMaker()
    case 'numeric':
      return numericMaker(modifier, false)
    case 'float4':
      return floatMaker(true)
    case 'float8':
      return floatMaker(false)
    case 'money':
      return moneyMaker()
    case 'text':
      return textMaker({ limit: undefined, unicode, folded })
    case 'citext':
      return textMaker({ limit: undefined, unicode, folded: true })
    case 'varchar':
      return textMaker({ limit: modifier < 0 ? undefined : modifier - 4, unicode, folded })
    case 'bpchar':
      return textMaker({ limit: modifier < 0 ? undefined : modifier - 4, padded: true, unicode, folded })
    case 'name':
      // 63 bytes, and a character takes up to four.
      return textMaker({ limit: 63, unicode: false, folded: false })
    case 'char':
      return singleByteMaker()
    case 'date':
      return dateMaker()
    case 'timestamp':
      return timestampMaker(false, precision)
    case 'timestamptz':
      return timestampMaker(true, precision)
    case 'time':
      return timeMaker(false, precision)
    case 'timetz':
      return timeMaker(true, precision)
    case 'interval':
      return intervalMaker(
        modifier < 0 ? 0x7fff : (modifier >> 16) & 0x7fff,
        modifier < 0 || (modifier & 0xffff) === 0xffff ? 6 : modifier & 0xffff,
      )
    case 'uuid':
      return uuidMaker()
    case 'bit':
      return bitMaker(modifier, false)
    case 'varbit':
      return bitMaker(modifier, true)
    case 'json':
      return jsonMaker(false)
    case 'jsonb':
      return jsonMaker(true)
    case 'vector':
    case 'halfvec':
      return vectorMaker(modifier > 0 ? modifier : 3)
    default:
      return Object.hasOwn(simpleMakers, name) ? simpleMakers[name]?.() : undefined
  }
}

/** pgvector's: a number in the first place tells one from another, the others are 0. */
function vectorMaker(length: number): Maker {
  const list = (first: string) => `[${Array.from({ length }, (_, position) => (position === 0 ? first : '0')).join(',')}]`
  const base = floatMaker(true)
  return {
    ...base,
    plain: list('1'),
    plausible: (random: Randomness) => list(String(random.below(100) / 4)),
    edges: ['1', '0.5', '-1'].map(list),
    extremes: [],
    band: (source, context) => list(base.band(source, context)),
    bandShapes: [],
    key: (text) => text,
    accepts: () => undefined,
  }
}
