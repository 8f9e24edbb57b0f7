import type { Answer, StatementHistory } from '../../invariants/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName, type RelationName, type Session, StatementError } from '../../postgres/index.ts'
import type { ComparedPair } from './pair.ts'
import type { Sequence } from './statements.ts'
import type { Row } from './throw-away-rows.ts'

export interface SequenceRun {
  readonly pair: ComparedPair
  /** Through which name the statements go. */
  readonly through: RelationName
  /** Rows whose keys are read after each statement. */
  readonly rows: readonly Row[]
  /** Sequences from which the statements may take a key. */
  readonly sequences: readonly (RelationName & { readonly cache: number })[]
  /** With these sequences further on: what differs then varies by itself. */
  readonly ahead: boolean
  /** Awaited before each statement of a client. */
  readonly onStatement?: (() => Promise<void>) | undefined
}

const FURTHER = 17
const settings = `SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '20s'; SET LOCAL "TimeZone" = 'UTC'; SET LOCAL "DateStyle" = 'ISO';
SET LOCAL "IntervalStyle" = 'postgres'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'`

/**
 * Send statements through one name, each under a savepoint, and take all of them back.
 *
 * @throws {StatementError} When the transaction cannot begin: a sequence that belongs to somebody else (`42501`), a lock that is not given.
 */
export async function runSequence(session: Session, sequence: Sequence, run: SequenceRun): Promise<StatementHistory> {
  const { pair, through, sequences, ahead } = run
  const name = quoteName(through)
  const path = pathOf(pair.table)
  const read = contentsOf(run)
  const tableOf = (rows: Answer['results'][number]['rows']) =>
    new Map([[path, { attributes: pair.columns.map((each) => each.name), rows }]])
  try {
    // ALTER SEQUENCE gives the sequence storage of this transaction's own, so that keys that are taken come back with the rollback.
    const own = sequences.map((each) => `ALTER SEQUENCE ${quoteName(each)} CACHE ${each.cache}`)
    const moved = ahead
      ? sequences.map((each) => `SELECT count(nextval(${quoteLiteral(quoteName(each))})) FROM generate_series(1, ${FURTHER})`)
      : []
    const begun = await session.script(['BEGIN', settings, ...own, ...moved, read].join(';\n'))
    const initial = tableOf(begun.at(-1)?.rows ?? [])
    const answers: Answer[] = []
    // At the end, what would be checked at COMMIT.
    for (const sql of [...sequence.map((each) => each.sql(name)), 'SET CONSTRAINTS ALL IMMEDIATE']) {
      await run.onStatement?.()
      const contents = answers.at(-1)?.contents ?? initial
      answers.push(await answerOf(session, [sql, read], { contents, tableOf }))
    }
    return { initial, answers }
  } finally {
    await session.script('ROLLBACK; DISCARD SEQUENCES; DISCARD TEMP').catch(() => undefined)
  }
}

async function answerOf(
  session: Session,
  [sql, read]: readonly [string, string],
  {
    contents,
    tableOf,
  }: { readonly contents: Answer['contents']; readonly tableOf: (rows: Answer['results'][number]['rows']) => Answer['contents'] },
): Promise<Answer> {
  try {
    const results = await session.script(`SAVEPOINT godwit_statement;\n${sql};\n${read};\nRELEASE SAVEPOINT godwit_statement`)
    return { error: undefined, results: results.slice(1, 2), contents: tableOf(results[2]?.rows ?? []) }
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    await session.script('ROLLBACK TO SAVEPOINT godwit_statement; RELEASE SAVEPOINT godwit_statement')
    const { sqlstate, message, constraint } = error.fields
    return { error: { sqlstate, message, constraint }, results: [], contents }
  }
}

/** The throw-away rows as they are seen through the name, and nothing of the table's own. */
function contentsOf({ pair, through, rows }: SequenceRun): string {
  const names = pair.columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const key = pair.key.map(quoteIdentifier).join(', ')
  const keys = rows.map((row) => `(${pair.key.map((name) => quoteLiteral(row.get(name) ?? null)).join(', ')})`)
  const where = keys.length === 0 || key === '' ? 'false' : `(${key}) IN (${keys.join(', ')})`
  return `SELECT ${names} FROM ${quoteName(through)} WHERE ${where}`
}
