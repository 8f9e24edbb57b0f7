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

/** What generated attributes depend on. */
export function expressionsOf(generated: readonly GeneratedColumn[]): readonly string[] {
  return generated.flatMap((column) => [column.type, column.expression])
}

export function laterals(generated: readonly GeneratedColumn[]): string {
  return generated
    .map(
      ({ name, type, expression }, at) =>
        ` CROSS JOIN LATERAL (SELECT (${expression})::${type} AS ${quoteIdentifier(name)}) AS "godwit generated ${at}"`,
    )
    .join('')
}

export function conjunction(checks: readonly string[]): string {
  return checks.length === 0 ? 'true' : checks.map((check) => `(${check}) IS NOT FALSE`).join(' AND ')
}
