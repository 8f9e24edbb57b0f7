import type { BandSource } from '../band/band-source.ts'
import type { Randomness } from '../random.ts'
import type { Maker } from './maker.ts'

export interface TextOptions {
  /** Characters that fit; undefined for no limit. */
  readonly limit: number | undefined
  /** `char(n)`: blanks at the end do not count. */
  readonly padded?: boolean
  /** citext and nondeterministic collations: case (and accents) do not count. */
  readonly folded?: boolean
  /** The encoding of the database holds all of Unicode. */
  readonly unicode: boolean
}

const everyday = [
  '',
  ' ',
  ' leading',
  'trailing ',
  '  both  ',
  "O'Brien",
  'a,b;c',
  'NULL',
  '0',
  'x',
  'X',
  'Mixed Case',
  '"quoted"',
  '50%_off',
  'a, b',
  'a|b',
  'and/or',
  'one - two',
  ',a,,b,',
  '; ',
  '/',
  '"a","b"',
  'line\nbreak',
  'tab\there',
  'back\\slash',
]
const unicodeEveryday = ['Zoë', 'İstanbul', 'Straße', '日本語', 'naïve café']
const odd = ['\\n', 'line\r\nbreak', '{}', '[]', '$1', "'; --", '<b>&amp;</b>', '\u0001']
const unicodeOdd = ['🦤', 'e\u0301', '\u200b', '\u00a0', 'עברית', '\ufeffbom']

/** text, varchar(n), char(n), citext, name. */
export function textMaker(options: TextOptions): Maker {
  const { limit, padded = false, folded = false, unicode } = options
  const most = limit ?? Number.POSITIVE_INFINITY
  const cut = (text: string) => (text.length <= most ? text : [...text].slice(0, most).join(''))
  const room = most >= 4
  const longest = 'long text '.repeat(Math.ceil(Math.min(most, 2000) / 10)).slice(0, Math.min(most, 2000))
  const edges = [...everyday, ...(unicode ? unicodeEveryday : [])].map(cut)
  const trimPadding = (text: string) => (padded ? text.replace(/ +$/, '') : text)
  return {
    room,
    plain: '',
    plausible: (random, context) =>
      cut(
        context.realistic.length > 0 && random.chance(0.6)
          ? random.pick(context.realistic)
          : random.chance(0.25)
            ? delimited(random, random.pick(delimiters))
            : phrase(random),
      ),
    kinds: (random) => delimiters.map((delimiter) => cut(delimited(random, delimiter)).trimEnd()),
    edges: distinct(edges.map(trimPadding)),
    extremes: distinct([...odd, ...(unicode ? unicodeOdd : []), longest].map(cut).map(trimPadding)),
    band: (source) => (room ? textBand(source, most, padded) : ''),
    bandShapes: [lowerWord, twoLowerWords, email, url, upperCode, hexText, digitsText, phone, dateText, colour, slug].map(
      (shape) => (source: BandSource) => cut(shape(source)),
    ),
    vector: most >= 3 ? ['Ka', 'lo', 'Mir', 'tu', 'Vez'] : most === 2 ? ['Ka', 'lo', 'Mi', 'tu', 'Ve'] : ['K', 'l', 'M', 't', 'V', '7'],
    key: (text) => {
      const plain = trimPadding(text)
      return folded ? plain.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase() : plain
    },
    accepts: (text) => !text.includes('\u0000') && text.length <= most,
    near: (text) => nearTexts(text).filter((other) => other !== text && other.length <= most),
  }
}

/** `"char"`: one byte. */
export function singleByteMaker(): Maker {
  const letters = ['a', 'b', 'c', 'd', 'e', 'f']
  return {
    room: false,
    plain: 'a',
    plausible: (random) => random.pick(letters),
    edges: ['', 'A', '0', ' '],
    extremes: [],
    band: () => '',
    vector: letters,
    key: (text) => text.slice(0, 1),
    accepts: (text) => /^[\x20-\x7e]?$/.test(text),
  }
}

/** Two words, each its own band, in mixed case; one in six with blanks around; in less room one word, cut. */
function textBand(source: BandSource, limit: number, padded: boolean): string {
  if (limit < 5) return source.shortWord()
  if (limit < 11) return source.mixedWord()
  const text = `${source.mixedWord()} ${source.mixedWord()}`
  const blanks = !padded && limit >= 14 && source.random.chance(1 / 6)
  return blanks ? source.random.pick([` ${text}`, `${text} `, ` ${text} `]) : text
}

/** The same words in another case, with a blank more or less, joined or marked otherwise, or with another end. */
function nearTexts(text: string): readonly string[] {
  if (text.trim() === '') return text === '' ? [' '] : ['']
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1).toLowerCase()}`
  const joined = [text.replace(/[ _]/, '-'), text.replace(/[- ._]/, ''), text.replace(' ', '  '), text.replace(/.$/, '~')]
  return [...new Set([text.toLowerCase(), text.toUpperCase(), capital, ` ${text}`, `${text} `, text.trim(), ...joined])]
}

const delimiters = [',', ', ', ';', '|', '/', ' - ', '\n', '\t', '"', "'", '\\']

/** Words with a usual delimiter between them, and sometimes in front or behind, as an application without a list type writes a list. */
function delimited(random: Randomness, delimiter: string): string {
  const items = Array.from({ length: random.between(2, 3) }, () => phrase(random).split(' ')[0] ?? '')
  const outside = random.below(4)
  return `${outside === 0 ? delimiter.trim() : ''}${items.join(delimiter)}${outside === 1 ? delimiter.trim() : ''}`
}

function phrase(random: Randomness): string {
  const words = ['north', 'amber', 'crate', 'tide', 'seven', 'late', 'open', 'paper', 'River', 'stone', 'Godwit', 'marsh']
  return Array.from({ length: random.between(1, 3) }, () => random.pick(words)).join(' ')
}

const lowerWord = (source: BandSource) => source.word()
const twoLowerWords = (source: BandSource) => `${source.word()} ${source.word()}`
const slug = (source: BandSource) => `${source.word()}-${source.word()}`
const email = (source: BandSource) => `${source.word()}.${source.word()}@example.com`
const url = (source: BandSource) => `https://${source.word()}.example/${source.word()}`
const upperCode = (source: BandSource) => `${source.word().toUpperCase().slice(0, 3)}-${source.lead()}`
const hexText = (source: BandSource) => source.hex(32)
const digitsText = (source: BandSource) => `${source.lead()}${source.random.between(11, 99)}`
const phone = (source: BandSource) => `+1555${source.lead()}${source.random.between(11, 99)}`
const colour = (source: BandSource) => `#${source.hex(3)}`
const dateText = (source: BandSource) =>
  new Date(Date.UTC(1990, 0, 1) + (source.instant().day % 18_000) * 86_400_000).toISOString().slice(0, 10)

export function distinct(values: readonly string[]): string[] {
  return [...new Set(values)]
}
