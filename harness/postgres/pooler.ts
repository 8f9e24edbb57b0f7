import { EnvironmentError } from '../errors.ts'
import type { StatementError } from './error.ts'
import type { Session } from './session.ts'

const itself =
  'Name the port of the server itself: behind a connection pooler the settings, the role and the locks of a session are not kept.'

/** What to say where a pooler refuses the settings that come with a connection; undefined where it is something else. */
export function refusedByPooler(error: StatementError, place: string): EnvironmentError | undefined {
  // pgbouncer up to 1.19 has no `options`; later ones know some settings.
  if (!/unsupported (?:options )?startup parameter/.test(error.message)) return undefined
  return new EnvironmentError(`cannot use the server at ${place}`, {
    detail: `A connection pooler answers there: ${error.message}.`,
    hint: itself,
    cause: error,
  })
}

/**
 * A pooler may be told to ignore what it does not know: then a session that was to read only could write, and one that was to be another role's
 * is not.
 *
 * @param settings  Those that came with the connection.
 * @throws {EnvironmentError} Where one of them was not kept; the session is closed then.
 */
export async function refuseForgetful(session: Session, place: string, settings: Readonly<Record<string, string | number>>): Promise<void> {
  const names = Object.keys(settings)
  // Not from pg_settings, which shows no settings of a name of one's own; with a unit they are texts such as 5s.
  const rows = await session.query<{ name: string; setting: string | null }>(
    `SELECT asked.name, coalesce(s.setting, pg_catalog.current_setting(asked.name, true)) AS setting
       FROM pg_catalog.unnest($1::text[]) AS asked (name) LEFT JOIN pg_catalog.pg_settings AS s USING (name)`,
    [names],
  )
  const kept = new Map(rows.map(({ name, setting }) => [name, setting]))
  const forgotten = names.filter((name) => kept.get(name) !== String(settings[name]))
  if (forgotten.length === 0) return
  await session.close()
  throw new EnvironmentError(`${place} forgets the settings of a session`, { detail: `Not kept: ${forgotten.join(', ')}.`, hint: itself })
}
