import type { Catalog } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, StatementError } from '../../postgres/index.ts'
import { definitionKey } from './definition-key.ts'
import type { Server } from './server.ts'

/** Candidates for one value, and what it must satisfy. */
export interface ValueQuestion {
  /** The name by which the checks call it: the attribute's, or `value` in a domain. */
  readonly name: string
  /** The type that candidates are cast to. */
  readonly type: string
  readonly candidates: readonly string[]
  readonly checks: readonly string[]
  /** Generated attributes that the checks use, with their expressions. */
  readonly generated: readonly GeneratedColumn[]
}

export interface GeneratedColumn {
  readonly name: string
  readonly type: string
  readonly expression: string
}

/** Which candidates satisfy the checks (or are unknown to them, as PostgreSQL lets pass), and the error where none could be asked. */
export interface ValueAnswer {
  readonly feasible: ReadonlySet<string>
  readonly error: StatementError | undefined
}

/** Let the server judge the candidates of many values: one round trip unless a candidate makes a check fail with an error. */
export async function filterValues(server: Server, catalog: Catalog, questions: readonly ValueQuestion[]): Promise<readonly ValueAnswer[]> {
  const statements = questions.map((question) => valueQuery(question, question.candidates))
  const keys = questions.map((question, at) => {
    const key = definitionKey(catalog, [question.type, ...question.checks, ...expressionsOf(question.generated)])
    return key === undefined ? undefined : `value\u0000${statements[at]}\u0000${key}`
  })
  const known = keys.map((key) => server.remembered<ValueAnswer>(key))
  const open = statements.flatMap((_, at) => (known[at] === undefined ? [at] : []))
  const answers = await server.askEach([...new Set(open.map((at) => statements[at] ?? ''))])
  const byStatement = new Map([...new Set(open.map((at) => statements[at] ?? ''))].map((statement, at) => [statement, answers[at]]))
  const result: ValueAnswer[] = []
  for (const [at, question] of questions.entries()) {
    const before = known[at] ?? server.remembered<ValueAnswer>(keys[at])
    const answer = byStatement.get(statements[at] ?? '')
    const judged =
      before ??
      (answer === undefined
        ? { feasible: new Set<string>(), error: undefined }
        : answer instanceof StatementError
          ? await judgeSingly(server, question)
          : { feasible: chosen(question, answer.rows), error: undefined })
    server.remember(keys[at], judged)
    result.push(judged)
  }
  return result
}

/** Some candidate is no valid input, or a check fails on it with an error: halve until it stands alone, and leave it out. */
async function judgeSingly(server: Server, question: ValueQuestion): Promise<ValueAnswer> {
  const feasible = new Set<string>()
  let error: StatementError | undefined
  const open: (readonly string[])[] = halves(question.candidates)
  for (let candidates = open.pop(); candidates !== undefined; candidates = open.pop()) {
    const [answer] = await server.askEach([valueQuery(question, candidates)])
    if (!(answer instanceof StatementError)) for (const text of chosen({ ...question, candidates }, answer?.rows ?? [])) feasible.add(text)
    else if (candidates.length === 1) error ??= answer
    else open.push(...halves(candidates))
  }
  return { feasible, error: feasible.size === 0 ? error : undefined }
}

function halves(candidates: readonly string[]): (readonly string[])[] {
  const middle = Math.ceil(candidates.length / 2)
  return [candidates.slice(0, middle), candidates.slice(middle)].filter((half) => half.length > 0)
}

function chosen(question: ValueQuestion, rows: readonly (readonly (string | null)[])[]): ReadonlySet<string> {
  return new Set(rows.map((row) => question.candidates[Number(row[0])] ?? ''))
}

function valueQuery(question: ValueQuestion, candidates: readonly string[]): string {
  const values = candidates.map((candidate, position) => `(${position},${quoteLiteral(candidate)}::${question.type})`)
  const source = `(VALUES ${values.join(',')}) AS "godwit values"("godwit position",${quoteIdentifier(question.name)})`
  return `SELECT "godwit position" FROM ${source}${laterals(question.generated)} WHERE ${conjunction(question.checks)}`
}

/** Candidates for several attributes at once; `null` stands for NULL. */
export interface TupleQuestion {
  readonly attributes: readonly { readonly name: string; readonly type: string; readonly candidates: readonly (string | null)[] }[]
  readonly checks: readonly string[]
  readonly generated: readonly GeneratedColumn[]
  readonly limit: number
  /** Some of every pattern of NULLs and of equal values come first, so that the limit cuts none of them. */
  readonly patterns?: boolean
}

/** Above this many combinations a sample is drawn instead of all of them. */
const combinations = 2500

/** Rows of candidates that satisfy all checks together, in an order without a pattern; an error where the server could not tell. */
export async function filterTuples(
  server: Server,
  catalog: Catalog,
  questions: readonly TupleQuestion[],
): Promise<readonly ((string | null)[][] | StatementError)[]> {
  const answers = await server.recall(questions.map(tupleQuery), (at) => {
    const { attributes = [], checks = [], generated = [] } = questions[at] ?? {}
    return definitionKey(catalog, [...attributes.map((attribute) => attribute.type), ...checks, ...expressionsOf(generated)])
  })
  return answers.map((answer, at) => {
    if (answer instanceof StatementError) return answer
    const attributes = questions[at]?.attributes ?? []
    return answer.rows.map((row) => attributes.map((attribute, position) => attribute.candidates[Number(row[position])] ?? null))
  })
}

/** What generated attributes depend on. */
export function expressionsOf(generated: readonly GeneratedColumn[]): readonly string[] {
  return generated.flatMap((column) => [column.type, column.expression])
}

function tupleQuery({ attributes, checks, generated, limit, patterns = false }: TupleQuestion): string {
  const product = attributes.reduce((total, attribute) => total * attribute.candidates.length, 1)
  const sampled = product > combinations
  const tables = attributes.map(({ name, type, candidates }, at) => {
    const values = candidates.map((candidate, position) => `(${position},${quoteLiteral(candidate)}::${type})`)
    return `(VALUES ${values.join(',')}) AS "godwit ${at}"("godwit p${at}",${quoteIdentifier(name)})`
  })
  const positions = attributes.map((_, at) => `"godwit p${at}"`)
  const order = positions.map((position, at) => `hashint8extended(${position},${at + 1})`).join(' # ')
  // NULL comes first where there is one; every second draw takes it, or sums like num_nonnulls(…) = 1 would hardly ever come out.
  const drawn = attributes.map(({ candidates }, at) => {
    const count = candidates.length
    const hash = `hashint8extended(s,${at + 1}) & 2147483647`
    return candidates[0] === null ? `greatest((${hash}) % ${2 * count} - ${count}, 0) AS d${at}` : `(${hash}) % ${count} AS d${at}`
  })
  const source = sampled
    ? `(SELECT ${drawn.join(',')} FROM generate_series(1,${combinations}) AS s) AS "godwit draw"${tables.map((table, at) => ` JOIN ${table} ON "godwit p${at}"="godwit draw".d${at}`).join('')}`
    : tables.join(' CROSS JOIN ')
  const all = generated.length === 0 ? source : `${source}${laterals(generated)}`
  const rows = (more: string) =>
    `SELECT DISTINCT ${positions.join(',')},${order} AS "godwit order"${more} FROM ${all} WHERE ${conjunction(checks)}`
  if (!patterns) return `${rows('')} ORDER BY "godwit order" LIMIT ${limit}`
  const ranked = `row_number() OVER (PARTITION BY "godwit pattern" ORDER BY "godwit order")`
  return `SELECT ${positions.join(',')} FROM (${rows(`,concat(${patternOf(attributes)}) AS "godwit pattern"`)}) AS "godwit rows" ORDER BY ${ranked} <= ${perPattern} DESC,"godwit order" LIMIT ${limit}`
}

/** So many tuples of each pattern are kept whatever the limit. */
const perPattern = 4

/** Which attributes are NULL, and which neighbours of one type are equal. */
function patternOf(attributes: TupleQuestion['attributes']): string {
  const column = (at: number) => `"godwit ${at}".${quoteIdentifier(attributes[at]?.name ?? '')}::text`
  const nulls = attributes.flatMap(({ candidates }, at) => (candidates[0] === null ? [`"godwit p${at}"=0`] : []))
  const equals = attributes.flatMap(({ type }, at) => {
    const earlier = attributes.slice(0, at).findLastIndex((other) => other.type === type)
    return earlier < 0 ? [] : [`${column(earlier)}=${column(at)}`]
  })
  return [...nulls, ...equals, "''"].join(',')
}

function laterals(generated: readonly GeneratedColumn[]): string {
  return generated
    .map(
      ({ name, type, expression }, at) =>
        ` CROSS JOIN LATERAL (SELECT (${expression})::${type} AS ${quoteIdentifier(name)}) AS "godwit generated ${at}"`,
    )
    .join('')
}

function conjunction(checks: readonly string[]): string {
  return checks.length === 0 ? 'true' : checks.map((check) => `(${check}) IS NOT FALSE`).join(' AND ')
}
