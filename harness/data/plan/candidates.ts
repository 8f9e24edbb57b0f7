import { BandSource } from '../band/band-source.ts'
import { Randomness, seedOf } from '../random.ts'
import type { Maker, MakerContext } from '../value/maker.ts'
import { partsOf } from './expression.ts'
import type { Pools } from './model.ts'
import { likeExamples, regexExamples } from './pattern-examples.ts'

/** Values to ask the server about, by what they would be used for. */
export interface Candidates {
  readonly plausible: readonly string[]
  readonly edges: readonly string[]
  readonly extremes: readonly string[]
  readonly literals: readonly string[]
  /** The maker's usual band, and the other shapes, best first. */
  readonly bands: readonly (readonly string[])[]
  readonly vector: readonly string[]
  /** Values almost like some plausible ones. */
  readonly near: readonly string[]
}

/** Candidates for a value under checks: the maker's own, the constants in the checks with their neighbours, examples of their patterns. */
export function candidatesFor(
  maker: Maker,
  context: MakerContext,
  checks: readonly string[],
  mined: readonly string[],
  name: string,
): Candidates {
  const random = new Randomness(seedOf('candidates', name))
  const source = new BandSource(seedOf('bands', name), 0)
  const constants = checks.map(partsOf)
  // A list of values leaves no room, so none is looked for.
  const roomy = maker.room && !checks.some((check) => /= ANY \(+(ARRAY\[|'\{)/.test(check) && !/ OR /.test(check))
  // `body ? 'name'`, `body ->> 'kind' IN (…)`: texts of the check may be keys.
  const keyed = {
    ...context,
    jsonKeys: [...context.jsonKeys, ...constants.flatMap(({ texts }) => texts.filter((text) => /^\w+$/.test(text)).map((text) => [text]))],
  }
  const examples = constants.flatMap(({ patterns }) =>
    patterns.flatMap(({ kind, pattern }) => (kind === 'like' ? likeExamples(pattern, random, 48) : regexExamples(pattern, random, 48))),
  )
  const literals = constants.flatMap(({ texts, numbers }) => [...texts, ...numbers.flatMap((number) => around(maker, number))])
  const lengths = constants.flatMap(({ numbers }) =>
    numbers.map(Number).filter((size) => Number.isInteger(size) && size > 0 && size <= 500),
  )
  const fitted = lengths.flatMap((size) =>
    [size - 1, size, size + 1]
      .filter((length) => length > 0)
      .map((length) => maker.sized?.(length, source) ?? 'Kobari zumel '.repeat(40).slice(0, length)),
  )
  const numbers = constants.flatMap((part) => part.numbers.map(Number)).filter((number) => Number.isFinite(number))
  const sample = [...Array.from({ length: 16 }, () => maker.plausible(random, keyed)), ...(maker.kinds?.(random, keyed) ?? [])]
  const valid = (texts: readonly string[]) => [...new Set(texts)].filter((text) => maker.accepts(text) !== false)
  return {
    plausible: valid([...sample, ...context.realistic, ...examples.slice(0, 24), ...fitted]),
    edges: [...new Set([maker.plain, ...maker.edges])],
    extremes: maker.extremes,
    literals: valid([...mined, ...literals]),
    near: [
      ...new Set(
        [...examples.slice(0, 4), ...context.realistic.slice(0, 3), ...sample.slice(0, 4), ...fitted.slice(0, 6)].flatMap(
          (text) => maker.near?.(text) ?? [],
        ),
      ),
    ],
    bands: [
      roomy ? Array.from({ length: 64 }, () => maker.band(source, keyed)) : [],
      roomy ? valid(between(maker, numbers, random)) : [],
      valid(examples),
      ...(roomy ? (maker.bandShapes ?? []).map((shape) => valid(Array.from({ length: 40 }, () => shape(source)))) : []),
      roomy ? valid(fittedBands(lengths, maker, source)) : [],
    ],
    vector: [...new Set([...maker.vector, ...(maker.room ? [] : literals), ...(maker.room ? [] : examples)])].filter(
      (text) => maker.accepts(text) !== false,
    ),
  }
}

export function allCandidates(candidates: Candidates): readonly string[] {
  const { plausible, edges, extremes, literals, bands, vector, near } = candidates
  return [...new Set([...plausible, ...edges, ...extremes, ...literals, ...bands.flat(), ...vector, ...near])]
}

/** What is left of the candidates; a pool that lost nothing stays free. */
export function poolsOf(candidates: Candidates, feasible: ReadonlySet<string>): Pools & { readonly literals: readonly string[] } {
  const keep = (values: readonly string[]) => values.filter((value) => feasible.has(value))
  const whole = (values: readonly string[]) => values.length > 0 && values.every((value) => feasible.has(value))
  const literals = keep(candidates.literals)
  const plausible = keep([...candidates.plausible, ...candidates.literals, ...candidates.edges, ...candidates.vector, ...candidates.near])
  const fallback = plausible.length > 0 ? plausible : keep(candidates.bands.flat()).slice(0, 16)
  const bands = candidates.bands.map(keep).sort((left, right) => Math.min(right.length, 48) - Math.min(left.length, 48))
  return {
    literals,
    plausible: whole([...candidates.plausible, ...candidates.near]) ? undefined : fallback,
    edges: keep(candidates.edges),
    extremes: keep(candidates.extremes),
    bands: whole(candidates.bands[0] ?? []) ? undefined : [...new Set((bands[0]?.length ?? 0) >= 48 ? bands[0] : bands.flat())],
    vector: [...new Set([...keep(candidates.vector), ...literals])],
    checked: true,
  }
}

/** A constant with one unit of its precision on either side. */
export function around(maker: Maker, constant: string): readonly string[] {
  return maker.neighbours === undefined || maker.accepts(constant) !== true ? [constant] : maker.neighbours(constant)
}

/** Numbers between the constants of a check: bands for `price BETWEEN 1 AND 500`. */
function between(maker: Maker, constants: readonly number[], random: Randomness): readonly string[] {
  if (constants.length === 0 || maker.neighbours === undefined) return []
  const sorted = [...new Set(constants)].sort((left, right) => left - right)
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 0]
  const [from, to] = low === high ? [low - 100_000, high + 100_000] : [low, high]
  const decimals = maker.plain.includes('.')
    ? (maker.plain.split('.')[1]?.length ?? 0)
    : maker.plain === '0' && maker.accepts('0.5') === true
      ? 3
      : 0
  return Array.from({ length: 96 }, () => (from + random.fraction() * (to - from)).toFixed(decimals))
}

/** Banded words, or bytes, of exactly the lengths that a check names. */
function fittedBands(lengths: readonly number[], maker: Maker, source: BandSource): readonly string[] {
  return [...new Set(lengths)].slice(0, 4).flatMap((length) =>
    Array.from({ length: 56 }, () => {
      if (maker.sized !== undefined) return maker.sized(length, source)
      let text = source.mixedWord()
      while (text.length < length) text += ` ${source.mixedWord()}`
      return text.slice(0, length).replace(/ $/, 'x')
    }),
  )
}
