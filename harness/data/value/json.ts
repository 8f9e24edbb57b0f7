import type { BandSource } from '../band/band-source.ts'
import type { Randomness } from '../random.ts'
import type { Maker, MakerContext } from './maker.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** json and jsonb. The migration's own keys are there in some rows and absent in others, so that defaults fire too. */
export function jsonMaker(binary: boolean): Maker {
  const spaced = ['{ "b" : 1.0,  "a" : null }', '{"a": 1, "a": 2}', '{"n": 12345678901234567890, "x": 1.10}']
  const object = (random: Randomness, context: MakerContext) => JSON.stringify(plausibleDocument(random, context))
  const top = (random: Randomness) => JSON.stringify(random.pick<Json>([[], ['a', 1, null], 'text', 7, null, true, [{ id: 1 }]]))
  return {
    room: true,
    plain: '{}',
    plausible: (random, context) => {
      if (random.chance(0.1)) return top(random)
      return !binary && random.chance(0.4) ? respelled(random, object(random, context)) : object(random, context)
    },
    kinds: (random, context) => [
      ...['[]', '"text"', '7', 'null', 'true'],
      ...(binary ? [] : Array.from({ length: 4 }, () => respelled(random, object(random, context)))),
      ...Array.from({ length: 8 }, () => object(random, context)),
    ],
    edges: ['{}', '[]', 'null', '""', '0', 'true', '{"a": null}', '{"a": {"b": [1, 2, {"c": null}]}}', '[{"id": 1}, {"id": 2}]', ...spaced],
    extremes: [
      ...(binary ? [] : ['{"a": "\\u0000"}']),
      '1e400',
      '{"n": 1e400}',
      '"\\u00e9\\n\\"quoted\\""',
      `${'['.repeat(40)}${']'.repeat(40)}`,
      `{"long": "${'x'.repeat(500)}"}`,
    ],
    band: (source, context) => JSON.stringify(bandDocument(source, context)),
    bandShapes: [
      (source) => JSON.stringify([source.mixedWord(), source.lead()]),
      (source) => JSON.stringify(source.mixedWord()),
      (source) => String(source.lead()),
    ],
    vector: [],
    key: (text) => (binary ? canonicalJson(text) : text),
    accepts: isJson,
  }
}

/** Whether the migration reads the document as a list of objects, and as nothing else. */
function isList({ jsonKeys }: MakerContext): boolean {
  return jsonKeys.length > 0 && jsonKeys.every(([list, key]) => list === '0' && key !== undefined && !/^\d+$/.test(key))
}

/** The keys of the elements, as keys of a document. */
function elementsOf(context: MakerContext): MakerContext {
  const inner = <Key extends { readonly path: readonly string[] }>(each: Key) => ({ ...each, path: each.path.slice(1) })
  return { ...context, jsonKeys: context.jsonKeys.map((path) => path.slice(1)), jsonCasts: (context.jsonCasts ?? []).map(inner) }
}

function plausibleDocument(random: Randomness, context: MakerContext): Json {
  if (!isList(context) || random.chance(0.1)) return plausibleObject(random, context)
  return Array.from({ length: random.between(1, 3) }, () => plausibleObject(random, elementsOf(context)))
}

/** A list of two elements that have every key. */
function bandDocument(source: BandSource, context: MakerContext): Json {
  if (!isList(context)) return bandObject(source, context)
  const { jsonKeys, jsonCasts } = elementsOf(context)
  const element = () => {
    const made: Record<string, Json> = {}
    for (const path of jsonKeys) {
      const values = jsonCasts?.find((each) => each.path.join('\u0000') === path.join('\u0000'))?.values
      put(made, path, values === undefined ? bandText(source) : bandThatReads(source, values))
    }
    return made
  }
  return [element(), element()]
}

function plausibleObject(random: Randomness, context: MakerContext): Json {
  const made: Record<string, Json> = {}
  const whole = context.jsonRequired !== undefined && context.jsonRequired.length > 0 && random.chance(0.9)
  for (const path of context.jsonKeys) {
    const required = whole && isRequired(context, path)
    if (required) put(made, path, requiredLeaf(random, castsOf(context, path)))
    else if (random.chance(0.6)) put(made, path, leaf(random, castsOf(context, path)))
  }
  for (const key of ['name', 'count', 'tags', 'active', 'nested']) {
    if (!random.chance(0.3)) continue
    made[key] = key === 'tags' ? ['a', 'b'] : key === 'nested' ? { level: scalar(random) } : scalar(random)
  }
  return made
}

function isRequired({ jsonRequired }: MakerContext, path: readonly string[]): boolean {
  return jsonRequired?.some((each) => each.length === path.length && each.every((key, at) => key === path[at])) ?? false
}

function requiredLeaf(random: Randomness, values: readonly string[] | undefined): Json {
  if (values === undefined) return random.pick(['x', 'Amber', '42', 'a b', 'true'])
  return random.chance(0.6) ? (values[0] ?? '') : random.pick(values)
}

/** What the migration reads as a value of a type mostly reads as one: as a text, or as a number or boolean of its own. */
function leaf(random: Randomness, values: readonly string[] | undefined): Json {
  const [usual] = values ?? []
  if (values === undefined || usual === undefined || random.chance(0.2)) return scalar(random)
  const text = random.chance(0.5) ? usual : random.pick(values)
  return random.chance(0.5) && /^(-?(0|[1-9]\d{0,14})(\.\d{1,6})?|true|false)$/.test(text) ? (JSON.parse(text) as Json) : text
}

/** A number or a text is a band of its own where it fits; of another type the usual value. */
function bandThatReads(source: BandSource, values: readonly string[]): Json {
  const [usual = ''] = values
  const longest = Math.max(...values.map(({ length }) => length))
  if (/^[a-z]+$/i.test(usual) && longest > 40) return bandText(source)
  const narrow = values.some((text) => /^-?32767$/.test(text))
  return /^\d/.test(usual) && !Number.isNaN(Number(usual)) && !narrow ? bandNumber(source) : usual
}

function castsOf(context: MakerContext, path: readonly string[]): readonly string[] | undefined {
  return context.jsonCasts?.find((each) => each.path.length === path.length && each.path.every((key, at) => key === path[at]))?.values
}

function scalar(random: Randomness): Json {
  return random.pick<() => Json>([
    () => random.below(1000),
    () => random.pick(['x', '', 'Amber', '42', 'true']),
    () => random.chance(0.5),
    () => null,
    () => random.below(10_000) / 100,
    () => ({ value: random.below(10) }),
    () => [random.below(10), 'x', null],
    () => String(random.below(1000)),
  ])()
}

/** The same object as a person writes it: blanks, keys twice or in another order. jsonb would not keep any of it. */
function respelled(random: Randomness, text: string): string {
  if (text.startsWith('[')) return JSON.stringify(JSON.parse(text), null, 2)
  const entries = Object.entries(JSON.parse(text) as Record<string, Json>).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  )
  const [first] = entries
  return random.pick([
    () => `{ ${[...entries].reverse().join(' , ')} }`,
    () => JSON.stringify(JSON.parse(text), null, 2),
    () => `{${first === undefined ? '"a": 1, "a": 2' : [...entries, first.replace(/: .*$/s, ': "again"')].join(',')}}`,
    () => ` ${text}`,
    () => `{${[...entries, '"big": 12345678901234567890'].join(', ')}}`,
  ])()
}

/** Two banded keys, a nested object, a list, and most of the migration's keys: every leaf carries its own band. */
function bandObject(source: BandSource, context: MakerContext): Json {
  const made: Record<string, Json> = {}
  context.jsonKeys.forEach((path, position) => {
    if (!isRequired(context, path) && !source.random.chance(0.85)) return
    const values = castsOf(context, path)
    put(made, path, values !== undefined ? bandThatReads(source, values) : position % 3 === 2 ? bandNumber(source) : bandText(source))
  })
  made[source.word()] = bandText(source)
  made[source.word()] = { [source.word()]: bandNumber(source), list: [bandText(source), bandNumber(source)] }
  return made
}

const bandText = (source: BandSource) => `${source.mixedWord()} ${source.mixedWord()}`
const bandNumber = (source: BandSource) => source.lead() * 100 + source.random.between(1, 9) * 10 + source.random.between(1, 9)

/** Put a value at a path, making objects on the way and lists for whole numbers (`-> 0`). */
export function put(target: Record<string, Json>, path: readonly string[], value: Json): void {
  const [key, ...rest] = path
  if (key === undefined) return
  if (rest.length === 0) {
    if (typeof target[key] !== 'object' || target[key] === null) target[key] = value
    return
  }
  const inner = target[key]
  if (Array.isArray(inner)) return
  if (/^\d+$/.test(rest[0] ?? '')) {
    const element: Record<string, Json> = {}
    if (rest.length > 1) put(element, rest.slice(1), value)
    target[key] = [rest.length > 1 ? element : value]
    return
  }
  const object: Record<string, Json> = typeof inner === 'object' && inner !== null ? { ...(inner as Record<string, Json>) } : {}
  put(object, rest, value)
  target[key] = object
}

/** The same text with `value` as a string at `path`; the text itself when it is no JSON object. */
export function withJsonAt(text: string, path: readonly string[], value: string): string {
  const parsed: unknown = JSON.parse(isJson(text) ? text : '{}')
  const object = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? { ...(parsed as Record<string, Json>) } : {}
  const [first] = path
  if (first !== undefined && path.length === 1) object[first] = value
  else put(object, path, value)
  return JSON.stringify(object)
}

/** The text at a path, as `#>>` gives it. */
export function jsonAt(text: string, path: readonly string[]): string | null {
  if (!isJson(text)) return null
  let value: unknown = JSON.parse(text)
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return null
    value = (value as Record<string, unknown>)[key]
  }
  return value === undefined || value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Sorted keys and one spelling of numbers, as jsonb compares. */
function canonicalJson(text: string): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([key, inner]) => [key, sorted(inner)]),
    )
  }
  return isJson(text) ? JSON.stringify(sorted(JSON.parse(text))) : text
}
