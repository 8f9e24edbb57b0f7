import type { BandSource } from '../band/band-source.ts'
import type { Maker } from './maker.ts'

/** A type of which a handful of values says enough: `values` are plausible ones, the first the plainest. */
function simple(
  values: readonly [string, ...string[]],
  band: ((source: BandSource) => string) | undefined,
  more: Partial<Maker> = {},
): Maker {
  return {
    room: band !== undefined,
    plain: values[0],
    plausible: (random) => (band === undefined ? random.pick(values) : random.pick(values)),
    edges: values,
    extremes: [],
    band: band ?? (() => ''),
    vector: band === undefined ? values : [],
    key: (text) => text,
    accepts: () => undefined,
    ...more,
  }
}

const decimal = (source: BandSource) => `${source.lead()}.${source.random.between(1, 9)}${source.random.between(1, 9)}`
const point = (source: BandSource) => `(${decimal(source)},${decimal(source)})`
const octets = (host: number) => `${(host >> 16) & 255}.${(host >> 8) & 255}.${host & 255}`
const colons = (hex: string) => (hex.match(/../g) ?? []).join(':')
const uuid = (source: BandSource) => {
  const hex = source.hex(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

export function booleanMaker(): Maker {
  const accepted = /^(true|false|t|f)$/i
  return simple(['false', 'true'], undefined, { accepts: (text) => accepted.test(text), key: (text) => text.slice(0, 1).toLowerCase() })
}

export function enumMaker(labels: readonly string[]): Maker | undefined {
  const [first, ...others] = labels
  return first === undefined ? undefined : simple([first, ...others], undefined, { accepts: (text) => labels.includes(text) })
}

export function uuidMaker(): Maker {
  const nil = '00000000-0000-0000-0000-000000000000'
  return simple([nil, 'ffffffff-ffff-ffff-ffff-ffffffffffff'], uuid, {
    plausible: (random) => {
      const hex = Array.from({ length: 4 }, () => random.next().toString(16).padStart(8, '0')).join('')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
    },
    key: (text) => text.toLowerCase(),
    accepts: (text) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text),
  })
}

/** bit(n) and varbit(n): long ones are banded, short ones are vectors. */
export function bitMaker(modifier: number, varying: boolean): Maker {
  const length = modifier > 0 ? modifier : varying ? 32 : 1
  const zeros = '0'.repeat(length)
  const values: [string, ...string[]] = [
    zeros,
    '1'.repeat(length),
    '1'.padStart(length, '0'),
    '1'.padEnd(length, '0'),
    ...(varying ? ['', '1'] : []),
  ]
  const band = (source: BandSource) => {
    const bits = [...source.hex(Math.ceil(length / 8))].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
    return bits.slice(0, length)
  }
  return simple([...new Set(values)] as [string, ...string[]], length >= 24 ? band : undefined, {
    accepts: (text) => /^[01]*$/.test(text) && (varying ? text.length <= length : text.length === length),
  })
}

type Simple = () => Maker

export const inetMaker: Simple = () => {
  const usual: [string, ...string[]] = ['127.0.0.1', '10.0.0.1', '192.168.1.5/24', '::1', '2001:db8::1', '0.0.0.0']
  return simple(usual, (source) => `10.${octets(source.address())}`, {
    plausible: (random) => (random.chance(0.4) ? random.pick(usual) : `${random.between(1, 223)}.${octets(random.below(16_777_216))}`),
    kinds: () => usual,
  })
}

/** Built-in types (and usual extensions') by `typname`. */
export const simpleMakers: Readonly<Record<string, Simple>> = {
  bytea: () =>
    simple(['\\x', '\\x00', '\\xff', '\\xdeadbeef', '\\x5c27', '\\x0a0d'], (source) => `\\x${source.hex(10)}`, {
      accepts: (text) => /^\\x([0-9a-f]{2})*$/i.test(text),
      extremes: [`\\x${'00ff'.repeat(200)}`],
      key: (text) => text.toLowerCase(),
      sized: (length, source) => `\\x${source.hex(length)}`,
    }),
  inet: inetMaker,
  cidr: () =>
    simple(['10.0.0.0/8', '192.168.1.0/24', '0.0.0.0/0', '2001:db8::/32', '10.1.2.3/32'], (source) => `10.${octets(source.address())}/32`),
  macaddr: () => simple(['00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff', '08:00:2b:01:02:03'], (source) => `02:00:${colons(source.hex(4))}`),
  macaddr8: () => simple(['00:00:00:00:00:00:00:00', '08:00:2b:01:02:03:04:05'], (source) => `02:00:${colons(source.hex(6))}`),
  jsonpath: () => simple(['$', '$."a"', '$."a"[*]', 'strict $."b"'], (source) => `$."${source.word()}"."${source.word()}"`),
  xml: () =>
    simple(
      ['<a/>', '<a>text</a>', '<a b="1">x<c/></a>'],
      (source) => `<${source.word()}>${source.mixedWord()} ${source.mixedWord()}</${source.word()}>`,
      {
        band: (source) => {
          const tag = source.word()
          return `<${tag}>${source.mixedWord()} ${source.mixedWord()}</${tag}>`
        },
      },
    ),
  point: () => simple(['(0,0)', '(1,1)', '(-1.5,2.25)', '(180,-90)'], point, { extremes: ['(NaN,Infinity)', '(-0,0)'] }),
  line: () => simple(['{1,-1,0}', '{0,1,2}'], (source) => `{${decimal(source)},${decimal(source)},${decimal(source)}}`),
  lseg: () => simple(['[(0,0),(1,1)]', '[(0,0),(0,0)]'], (source) => `[${point(source)},${point(source)}]`),
  // The server writes a box upper right corner first.
  box: () =>
    simple(['(1,1),(0,0)', '(0,0),(0,0)'], (source) => {
      const [x, y] = [source.lead(), source.lead()]
      return `(${x + 0.25},${y + 0.75}),(${x}.11,${y}.13)`
    }),
  path: () => simple(['((0,0),(1,1))', '[(0,0),(1,1)]'], (source) => `[${point(source)},${point(source)}]`),
  polygon: () => simple(['((0,0),(1,0),(1,1))', '((0,0))'], (source) => `(${point(source)},${point(source)},${point(source)})`),
  circle: () => simple(['<(0,0),1>', '<(0,0),0>'], (source) => `<${point(source)},${decimal(source)}>`),
  tsvector: () => simple(["'a'", '', "'cat':1A 'dog':2,3"], (source) => `'${source.word()}':1 '${source.word()}':2`),
  tsquery: () => simple(["'a'", "'cat' & 'dog'", "!'a' | 'b':*"], (source) => `'${source.word()}' & '${source.word()}'`),
  pg_lsn: () => simple(['0/0', '16/B374D848', 'FFFFFFFF/FFFFFFFF'], (source) => `${source.lead()}/${source.lead()}`),
  xid: () => simple(['1', '0', '4294967295'], (source) => String(source.lead() * 100 + 17)),
  cid: () => simple(['1', '0', '4294967295'], (source) => String(source.lead() * 100 + 17)),
  tid: () => simple(['(0,1)', '(1,1)'], (source) => `(${source.lead()},1)`),
  pg_snapshot: () => simple(['10:20:10,14,15', '1:1:'], (source) => `10:${source.lead()}:10,14`),
  txid_snapshot: () => simple(['10:20:10,14,15', '1:1:'], (source) => `10:${source.lead()}:10,14`),
  int2vector: () => simple(['1 2', '1'], undefined),
  oidvector: () => simple(['1 2', '1'], (source) => `${source.lead()} ${source.lead()}`),
  refcursor: () => simple(['cursor', ''], (source) => source.mixedWord()),
  regclass: () => simple(['pg_class', 'pg_type', 'pg_proc'], undefined),
  regtype: () => simple(['integer', 'text', 'boolean'], undefined),
  regproc: () => simple(['now', 'pg_backend_pid'], undefined),
  regprocedure: () => simple(['now()', 'pg_backend_pid()'], undefined),
  regoper: () => simple(['!~~', '-'], undefined, { edges: ['!~~'], plain: '!~~', plausible: () => '!~~', vector: ['!~~'] }),
  regoperator: () => simple(['+(integer,integer)', '-(integer,integer)'], undefined),
  regrole: () => simple(['pg_monitor', 'pg_read_all_data'], undefined),
  regnamespace: () => simple(['pg_catalog', 'information_schema'], undefined),
  regconfig: () => simple(['simple', 'english'], undefined),
  regdictionary: () => simple(['simple', 'english_stem'], undefined),
  regcollation: () => simple(['"C"', '"POSIX"'], undefined),
  hstore: () =>
    simple(['', '"a"=>"1"', '"a"=>NULL, "b"=>""'], (source) => `"${source.word()}"=>"${source.mixedWord()} ${source.mixedWord()}"`),
  ltree: () => simple(['top', 'top.sub', 'a.b.c'], (source) => `${source.mixedWord()}.${source.mixedWord()}`),
  lquery: () => simple(['top.*', '*'], (source) => `${source.word()}.*`),
  cube: () => simple(['(0)', '(1, 2, 3)'], (source) => `(${source.lead()}, ${source.lead()})`),
  isbn: () => simple(['0-306-40615-2'], undefined),
  seg: () => simple(['1', '1 .. 2'], (source) => String(source.lead())),
}
