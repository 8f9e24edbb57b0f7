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

/** Where the settings of the session wait meanwhile: one placeholder, local to the transaction. */
const saved = 'godwit.settings'

/** A statement among those of `scriptPinned` after which names resolve as the session has it: for views, whose functions may rely on that. */
export const ownSearchPath = `SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('${saved}')::pg_catalog.json ->> 'search_path', true)`

/**
 * Send statements that return rows in one message, under settings that make values and expressions render the same everywhere.
 *
 * The settings are local to the transaction (the message is one where none is open) and put back by its last statement; an error
 * leaves them to the rollback that it forces.
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
  const settings = Object.entries({ ...pins, ...overrides })
  // Plain calls in one SELECT each: a set-returning function over the names costs a millisecond.
  const json = settings.map(([name]) => `${quoteLiteral(name)}, pg_catalog.current_setting(${quoteLiteral(name)})`).join(', ')
  const save = `SELECT pg_catalog.set_config('${saved}', pg_catalog.json_build_object(${json})::pg_catalog.text, true)`
  const pin = `SELECT ${settings.map(([name, value]) => `pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, true)`).join(', ')}`
  const restore = `SELECT ${settings
    .map(([name]) => `pg_catalog.set_config(${quoteLiteral(name)}, s.j ->> ${quoteLiteral(name)}, true)`)
    .join(', ')} FROM (SELECT pg_catalog.current_setting('${saved}')::pg_catalog.json AS j OFFSET 0) AS s`
  const results = await session.script([save, pin, ...statements, restore].join(';\n'))
  return results.slice(2, -1)
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
