import { quoteLiteral, type Session, type StatementResult } from '../postgres/index.ts'

/**
 * What the texts of values and expressions depend on. `pg_temp` is named last, so that a temporary relation or type can
 * hide nothing of `pg_catalog`; every name outside `pg_catalog` deparses qualified, as under an empty path.
 */
const pins: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog, pg_temp',
  TimeZone: 'UTC',
  DateStyle: 'ISO, YMD',
  IntervalStyle: 'postgres',
  extra_float_digits: '1',
  bytea_output: 'hex',
  lc_monetary: 'C',
  xmloption: 'content',
  xmlbinary: 'base64',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  escape_string_warning: 'off',
  row_security: 'off',
  jit: 'off',
}

/** Where the session's own search path waits meanwhile. */
const ownPath = 'godwit.search_path'

/** A statement among those of `scriptPinned` after which names resolve as the session has it: for views, whose functions may rely on that. */
export const ownSearchPath = `SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('${ownPath}'), true)`

/**
 * Send statements that return rows in one message, under settings that make values and expressions render the same everywhere.
 *
 * The settings end with the message: it is a transaction of its own, or in an open one a savepoint that is rolled back. So is what the
 * statements write. An error leaves an open transaction to the rollback that it forces.
 *
 * @param statements  Each one statement without its semicolon.
 * @param overrides   Further settings, or other values of the pinned ones.
 * @returns One result for each statement.
 * @throws {StatementError} What a statement raises; `42501` where row security would hide rows from the session's role.
 */
export async function scriptPinned(
  session: Session,
  statements: readonly string[],
  overrides: Readonly<Record<string, string>> = {},
): Promise<readonly StatementResult[]> {
  const { search_path: path = '', ...others } = { ...pins, ...overrides }
  const pin = [
    ...(statements.includes(ownSearchPath)
      ? [`SELECT pg_catalog.set_config('${ownPath}', pg_catalog.current_setting('search_path'), true)`]
      : []),
    // Not SET: a path is a list, and one of its names may need quotes.
    `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(path)}, true)`,
    // Half the time of saving, setting and putting back each by set_config, which is planned and run as a query.
    ...Object.entries(others).map(([name, value]) => `SET LOCAL ${name} = ${quoteLiteral(value)}`),
  ]
  let before = pin.length
  const results = await session.script((inTransaction) => {
    if (!inTransaction) return [...pin, ...statements].join(';\n')
    before += 1
    return [
      'SAVEPOINT godwit_pinned',
      ...pin,
      ...statements,
      'ROLLBACK TO SAVEPOINT godwit_pinned',
      'RELEASE SAVEPOINT godwit_pinned',
    ].join(';\n')
  })
  return results.slice(before, before + statements.length)
}

/**
 * Read each query's rows as JSON, all in one message of `scriptPinned`.
 *
 * @returns For each query its rows, in its order; the caller names their shape.
 */
export async function readJson(session: Session, queries: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const results = await scriptPinned(
    session,
    queries.map((query) => `SELECT coalesce(json_agg(to_json(q)), '[]') FROM (${query}) AS q`),
  )
  return results.map((result) => JSON.parse(result.rows[0]?.[0] ?? '[]') as unknown[])
}
