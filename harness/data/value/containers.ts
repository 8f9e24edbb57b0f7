import type { BandSource } from '../band/band-source.ts'
import type { Randomness } from '../random.ts'
import type { Maker, MakerContext } from './maker.ts'

/** Arrays of any element: mostly flat, sometimes empty, with NULLs, or of two dimensions. */
export function arrayMaker(element: Maker, delimiter = ','): Maker {
  const array = (items: readonly (string | null)[]) =>
    `{${items.map((item) => (item === null ? 'NULL' : quoteElement(item))).join(delimiter)}}`
  const first = element.edges[0] ?? element.plain
  const second = element.edges[1] ?? element.plain
  // Elements without room make arrays without room: a few that differ.
  const few = element.room ? [] : element.vector.slice(0, 4)
  const bandElement = (source: BandSource, context: MakerContext) =>
    element.room ? element.band(source, context) : source.random.pick(element.vector)
  return {
    room: element.room,
    plain: '{}',
    plausible: (random, context) => {
      const item = () => element.plausible(random, context)
      if (random.chance(0.1)) return `{${array([item(), item()])}${delimiter}${array([item(), item()])}}`
      const items = Array.from({ length: random.below(4) }, () => (random.chance(0.15) ? null : item()))
      return array(random.chance(0.2) ? [...items, ...items.slice(0, 1)] : items)
    },
    kinds: (random, context) => {
      const some = [...(element.kinds?.(random, context) ?? []), element.plausible(random, context), element.plausible(random, context)]
      const item = element.plausible(random, context)
      return [
        array([]),
        array([item, item, null]),
        array([item, null]),
        `{${array([item])}${delimiter}${array([item])}}`,
        array(some.slice(0, 3)),
        ...some.map((one) => array([one])),
      ]
    },
    // The same elements in the opposite order; those that need quotes are left alone.
    near: (text) => {
      const inner = /^\{([^"{}\\]+)\}$/.exec(text)?.[1]
      const reversed = inner === undefined ? text : `{${inner.split(delimiter).reverse().join(delimiter)}}`
      return reversed === text ? [] : [reversed]
    },
    edges: [
      '{}',
      array([first]),
      array([null]),
      array([first, null, first]),
      array([first, second]),
      array([second, first]),
      ...(element.accepts('a,b') === true ? [array(['a,b', 'c']), array(['a', 'b,c']), array(['', ' ', 'a|b;c/d', '"', '\\', '\n'])] : []),
      `{${array([first, first])}${delimiter}${array([first, element.plain])}}`,
    ],
    extremes: element.extremes.length > 0 ? [array(element.extremes), `[-1:0]={${[first, first].map(quoteElement).join(delimiter)}}`] : [],
    band: (source, context) => array(Array.from({ length: source.random.between(2, 3) }, () => bandElement(source, context))),
    bandShapes: [(source) => array([bandElement(source, { label: '', realistic: [], jsonKeys: [], oddTimes: [] })])],
    vector: [...new Set([...few.map((item) => array([item])), array(few), array([...few].reverse())])],
    key: (text) => text,
    accepts: () => undefined,
  }
}

/** Ranges: the lower bound stays below the upper one; discrete ones are written as the server does, `[a,b)`. */
export function rangeMaker(bound: Maker, compare: (left: string, right: string) => number, discrete: boolean): Maker {
  const range = (left: string, right: string, brackets = '[)') => {
    const order = compare(left, right)
    if (order === 0) return discrete ? 'empty' : `[${quoteElement(left)},${quoteElement(left)}]`
    const [low, high] = order < 0 ? [left, right] : [right, left]
    return `${brackets[0]}${quoteElement(low)},${quoteElement(high)}${brackets[1]}`
  }
  const ordered = [...bound.edges].sort(compare)
  const [low = bound.plain, high = bound.plain] = [ordered[0], ordered.at(-1)]
  return {
    room: bound.room,
    plain: 'empty',
    plausible: (random, context) => range(bound.plausible(random, context), bound.plausible(random, context)),
    edges: ['empty', range(low, high), '(,)', `[${quoteElement(low)},)`, `(,${quoteElement(high)})`],
    extremes: [],
    band: (source, context) => range(bound.band(source, context), bound.band(source, context)),
    bandShapes: [],
    vector: bound.room ? [] : ['empty', '(,)', range(low, high)],
    key: (text) => text,
    accepts: () => undefined,
  }
}

/** One or two ranges that do not touch (or the empty multirange). */
export function multirangeMaker(range: Maker): Maker {
  const wrap = (text: string) => (text === 'empty' ? '{}' : `{${text}}`)
  return {
    ...range,
    plain: '{}',
    plausible: (random: Randomness, context) => wrap(range.plausible(random, context)),
    edges: range.edges.map(wrap),
    band: (source, context) => wrap(range.band(source, context)),
    vector: range.vector.map(wrap),
  }
}

/** A row of parts: `(a,"b c",)`. */
export function compositeMaker(parts: readonly Maker[]): Maker {
  const row = (cells: readonly (string | null)[]) => `(${cells.map((cell) => (cell === null ? '' : quotePart(cell))).join(',')})`
  const bandPart = (part: Maker, source: BandSource, context: MakerContext) =>
    part.room ? part.band(source, context) : source.random.pick(part.vector)
  const edge = (position: number) => row(parts.map((part) => part.edges[position % Math.max(part.edges.length, 1)] ?? part.plain))
  return {
    room: parts.some((part) => part.room),
    plain: row(parts.map((part) => part.plain)),
    plausible: (random, context) => row(parts.map((part) => (random.chance(0.1) ? null : part.plausible(random, context)))),
    kinds: (random, context) =>
      parts.map((_, absent) => row(parts.map((part, at) => (at === absent ? null : part.plausible(random, context))))),
    edges: [...new Set([row(parts.map((part) => part.plain)), row(parts.map(() => null)), edge(0), edge(1), edge(3)])],
    extremes: [],
    band: (source, context) => row(parts.map((part) => bandPart(part, source, context))),
    vector: [edge(0), edge(1), edge(2)],
    key: (text) => text,
    accepts: () => undefined,
  }
}

function quoteElement(text: string): string {
  return /^[A-Za-z0-9_.+:-]+$/.test(text) && !/^null$/i.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`
}

function quotePart(text: string): string {
  return /^[A-Za-z0-9_.+:-]+$/.test(text) ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`
}
