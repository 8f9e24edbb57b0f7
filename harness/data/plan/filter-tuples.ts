import type { Catalog } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, StatementError } from '../../postgres/index.ts'
import { definitionKey } from './definition-key.ts'
import { partsOf } from './expression.ts'
import { conjunction, expressionsOf, type GeneratedColumn, laterals } from './filter.ts'
import { conjuncts } from './predicate.ts'
import type { Server } from './server.ts'

/** Candidates for several attributes at once; `null` stands for NULL. */
export interface TupleQuestion {
  readonly attributes: readonly TupleAttribute[]
  readonly checks: readonly string[]
  readonly generated: readonly GeneratedColumn[]
  readonly limit: number
  /** Some of every pattern of NULLs and of equal values, and each candidate once, come first, so that the limit cuts none of them. */
  readonly patterns?: boolean
}

interface TupleAttribute {
  readonly name: string
  readonly type: string
  readonly candidates: readonly (string | null)[]
}

/** Above this many combinations a sample is drawn instead of all of them. */
const combinations = 2500
/** Where a sample holds fewer rows that satisfy the checks, they are searched for, attribute by attribute. */
const fewFound = 12
/** So many beginnings of rows are kept from one attribute to the next. */
const kept = 400
/** So many tuples of each pattern are kept whatever the limit. */
const perPattern = 4

/**
 * Rows of candidates that satisfy all checks together, in an order without a pattern; an error where the server could not tell.
 *
 * Nothing here grows with the product of the candidates: above some combinations a sample is drawn, and then rows are made attribute by
 * attribute, of which those go on that satisfy what can be told of them.
 */
export async function filterTuples(
  server: Server,
  catalog: Catalog,
  questions: readonly TupleQuestion[],
): Promise<readonly ((string | null)[][] | StatementError)[]> {
  const ask = async (asked: readonly TupleQuestion[], query: (question: TupleQuestion) => string) => {
    const answers = await server.recall(asked.map(query), (at) => {
      const { attributes = [], checks = [], generated = [] } = asked[at] ?? {}
      return definitionKey(catalog, [...attributes.map((attribute) => attribute.type), ...checks, ...expressionsOf(generated)])
    })
    return answers.map((answer, at) => {
      if (answer instanceof StatementError) return answer
      const { attributes = [], limit = 0 } = asked[at] ?? {}
      const rows = answer.rows.map((row) => attributes.map(({ candidates }, position) => candidates[Number(row[position])] ?? null))
      return rows.slice(0, limit)
    })
  }
  const found = await ask(questions, tupleQuery)
  const open = found.flatMap((answer, at) => {
    const question = questions[at]
    const searched = question !== undefined && productOf(question.attributes) > combinations
    return searched && !(answer instanceof StatementError) && answer.length < fewFound ? [{ at, question }] : []
  })
  const more = await ask(
    open.map(({ question }) => question),
    searchQuery,
  )
  const united = [...found]
  for (const [index, { at }] of open.entries()) {
    const [drawn, built] = [found[at], more[index]]
    if (built !== undefined && !(built instanceof StatementError) && Array.isArray(drawn)) united[at] = distinctRows([...drawn, ...built])
  }
  return united
}

function productOf(attributes: readonly TupleAttribute[]): number {
  return attributes.reduce((product, { candidates }) => product * candidates.length, 1)
}

function distinctRows(rows: readonly (string | null)[][]): (string | null)[][] {
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()]
}

const placeOf = (at: number) => `"godwit p${at}"`
const placesOf = (attributes: readonly TupleAttribute[]) => attributes.map((_, at) => placeOf(at))
/** The same for the same row, and nothing to do with the order of candidates. */
const orderOf = (places: readonly string[]) => places.map((place, at) => `hashint8extended(${place},${at + 1})`).join(' # ')

/** The candidate at a place. One that is not chosen is not read: it may be no valid input. */
function valueAt({ name, type, candidates }: TupleAttribute, place: string): string {
  const values = candidates.map((candidate, at) => ` WHEN ${at} THEN ${quoteLiteral(candidate)}::${type}`)
  return `CASE ${place}${values.join('')} END AS ${quoteIdentifier(name)}`
}

function tupleQuery({ attributes, checks, generated, limit, patterns = false }: TupleQuestion): string {
  const product = productOf(attributes)
  const places = placesOf(attributes)
  const drawn = product > combinations ? drawnPlaces(attributes) : everyPlace(attributes)
  const count = Math.min(product, combinations)
  const values = attributes.map((attribute, at) => valueAt(attribute, placeOf(at)))
  // OFFSET 0 keeps the server from computing a value anew wherever a check names it.
  const rowsOfPlaces = `(SELECT ${drawn.join(',')} FROM generate_series(0,${count - 1}) AS s OFFSET 0) AS "godwit drawn"`
  const source = `(SELECT ${[...places, ...values].join(',')} FROM ${rowsOfPlaces} OFFSET 0) AS "godwit tuples"${laterals(generated)}`
  const rows = (more: string) =>
    `SELECT DISTINCT ${places.join(',')},${orderOf(places)} AS "godwit order"${more} FROM ${source} WHERE ${conjunction(checks)}`
  if (!patterns) return `${rows('')} ORDER BY "godwit order" LIMIT ${limit}`
  const nth = (of: string) => `row_number() OVER (PARTITION BY ${of} ORDER BY "godwit order")`
  // The plainest of all, some of each pattern, and each candidate once: the limit cuts what is left.
  const wanted = [`${nth('"godwit pattern"')} <= ${perPattern}`, ...places.map((place) => `${nth(place)} = 1`)]
  const first = `${places.map((place) => `${place}=0`).join(' AND ')} DESC,(${wanted.join(' OR ')}) DESC`
  return `SELECT ${places.join(',')} FROM (${rows(`,concat(${patternOf(attributes)}) AS "godwit pattern"`)}) AS "godwit rows" ORDER BY ${first},"godwit order" LIMIT ${limit}`
}

/** All combinations: each attribute counts on when those behind it have come round. */
function everyPlace(attributes: readonly TupleAttribute[]): readonly string[] {
  let stride = 1
  return attributes.map(({ candidates }, at) => {
    const place = `s / ${stride} % ${candidates.length} AS ${placeOf(at)}`
    stride *= candidates.length
    return place
  })
}

/**
 * NULL comes first where there is one; every second draw takes it, or sums like num_nonnulls(…) = 2 would hardly ever come out. In every
 * second row all but about two attributes have their first candidate: exactly one of many is set.
 */
function drawnPlaces(attributes: readonly TupleAttribute[]): readonly string[] {
  return attributes.map(({ candidates }, at) => {
    const count = candidates.length
    const hash = (salt: number) => `(hashint8extended(s,${salt}) & 2147483647)`
    const drawn = candidates[0] === null ? `greatest(${hash(at + 1)} % ${2 * count} - ${count}, 0)` : `${hash(at + 1)} % ${count}`
    return `CASE WHEN s % 2 = 1 AND ${hash(attributes.length + at + 1)} % ${attributes.length} > 1 THEN 0 ELSE ${drawn} END AS ${placeOf(at)}`
  })
}

/** Rows made attribute by attribute: of the beginnings that satisfy the parts of the checks that name no later attribute, some go on. */
function searchQuery({ attributes, checks, generated, limit }: TupleQuestion): string {
  const computed = new Set(generated.map(({ name }) => name))
  const parts = checks.flatMap((check) => {
    const names = (text: string) => partsOf(text).names
    return [check, ...conjuncts(check)].flatMap((text) => {
      const named = [...names(text)]
      const positions = attributes.flatMap(({ name }, at) => (named.includes(name) ? [at] : []))
      return named.some((name) => computed.has(name)) || positions.length === 0 ? [] : [{ text, last: Math.max(...positions) }]
    })
  })
  const levels = attributes.map((attribute, at) => {
    const earlier = at === 0 ? 'generate_series(0,0) AS "godwit start"' : `"godwit ${at - 1}"`
    const columns = [
      ...attributes.slice(0, at).flatMap(({ name }, before) => [placeOf(before), quoteIdentifier(name)]),
      `s AS ${placeOf(at)}`,
    ]
    const rows = `SELECT ${columns.join(',')},${valueAt(attribute, 's')} FROM ${earlier} CROSS JOIN generate_series(0,${attribute.candidates.length - 1}) AS s OFFSET 0`
    const known = parts.flatMap(({ text, last }) => (last === at ? [text] : []))
    const places = Array.from({ length: at + 1 }, (_, place) => placeOf(place))
    return `"godwit ${at}" AS MATERIALIZED (SELECT * FROM (${rows}) AS "godwit rows" WHERE ${conjunction(known)} ORDER BY ${orderOf(places)} LIMIT ${kept})`
  })
  const places = placesOf(attributes)
  return `WITH ${levels.join(', ')} SELECT ${places.join(',')} FROM "godwit ${attributes.length - 1}"${laterals(generated)} WHERE ${conjunction(checks)} ORDER BY ${orderOf(places)} LIMIT ${limit}`
}

/** Which attributes are NULL, and which neighbours of one type are equal. */
function patternOf(attributes: readonly TupleAttribute[]): string {
  const column = (at: number) => `${quoteIdentifier(attributes[at]?.name ?? '')}::text`
  const nulls = attributes.flatMap(({ candidates }, at) => (candidates[0] === null ? [`${placeOf(at)}=0`] : []))
  const equals = attributes.flatMap(({ type }, at) => {
    const earlier = attributes.slice(0, at).findLastIndex((other) => other.type === type)
    return earlier < 0 ? [] : [`${column(earlier)}=${column(at)}`]
  })
  return [...nulls, ...equals, "''"].join(',')
}
