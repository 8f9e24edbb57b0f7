import { EnvironmentError } from '../../errors.ts'
import { type ClientPrograms, findClientPrograms, installedMajors, type OpenedDatabase, runClientProgram } from '../../postgres/index.ts'
import { makePrivateFile, refuseFullDisk } from './folder.ts'

/**
 * Choose the programs that can dump a server: of its own version, or else the next newer one.
 *
 * @throws {EnvironmentError} When there are none: what was found, and what to install.
 */
export function programsFor(server: OpenedDatabase['version'], found = findClientPrograms()): ClientPrograms {
  const chosen = found.find(({ major }) => major >= server.major)
  if (chosen !== undefined) return chosen
  const others = found.map(({ dump, version }) => `${dump} (${version})`)
  throw new EnvironmentError(`no pg_dump can dump PostgreSQL ${server.text}`, {
    detail: `It wants pg_dump ${server.major} or newer. Found: ${others.join(', ') || 'none'}.`,
    hint:
      `Install it, on Debian: apt-get install postgresql-client-${server.major}. ` +
      'Or go on with --no-dump: CSV files and totals only, without the schema, which is no backup.',
  })
}

/**
 * The programs that can read a dump.
 *
 * @throws {EnvironmentError} When there are none.
 */
export function programsToRead(dump: { readonly version: string; readonly major: number }, found = findClientPrograms()): ClientPrograms {
  const chosen = found.find(({ major }) => major >= dump.major)
  if (chosen !== undefined) return chosen
  throw new EnvironmentError(`no pg_restore can read a dump of pg_dump ${dump.version}`, {
    detail: `Found: ${found.map(({ restore, version }) => `${restore} (${version})`).join(', ') || 'none'}.`,
    hint: `Install it, on Debian: apt-get install postgresql-client-${dump.major}.`,
  })
}

/**
 * The version of the throw-away server that evidence is restored into: not older than the database, nor than the program that dumped it.
 *
 * @throws {EnvironmentError} When no such version is installed.
 */
export function majorToRestoreInto(least: number, encoding: string, installed = installedMajors()): number {
  const otherwise = 'Or go on with --no-proof: nothing is restored, and the document says so.'
  if (encoding !== 'UTF8')
    throw new EnvironmentError(`restoring a database in ${encoding} cannot be proven`, {
      detail: 'The throw-away server has UTF8, in which the digests are other ones.',
      hint: otherwise,
    })
  const major = installed.find((each) => each >= least)
  if (major !== undefined) return major
  throw new EnvironmentError(`no PostgreSQL ${least} or newer is installed to restore into`, {
    detail: `Installed: ${installed.join(', ') || 'none'}.`,
    hint: `"npx godwit doctor" says which versions are installed, and how to add one. ${otherwise}`,
  })
}

/**
 * Dump a database in pg_dump's custom format, as a snapshot has it.
 *
 * @throws {EnvironmentError} With what pg_dump said.
 */
export async function writeDump(
  programs: ClientPrograms,
  { url, snapshot, file, signal }: { readonly url: string; readonly snapshot: string; readonly file: string; readonly signal: AbortSignal },
): Promise<void> {
  await makePrivateFile(file)
  const args = ['--format=custom', `--snapshot=${snapshot}`, '--lock-wait-timeout=5000', `--file=${file}`]
  const { code, errors } = await runClientProgram(programs.dump, args, { url, signal })
  if (code === 0) return
  refuseFullDisk(new Error(errors), file)
  throw new EnvironmentError('pg_dump failed', {
    detail: lastLines(errors),
    hint: `It was ${programs.dump} (${programs.version}).`,
  })
}

/**
 * Restore a dump into an empty database.
 *
 * @param part  The schema alone, without keys, indexes and triggers; or everything.
 * @returns What pg_restore said where it failed.
 */
export async function restoreDump(
  programs: ClientPrograms,
  {
    url,
    file,
    part,
    signal,
  }: { readonly url: string; readonly file: string; readonly part: 'schema' | 'all'; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const args = ['--exit-on-error', ...(part === 'schema' ? ['--section=pre-data'] : []), file]
  const { code, errors } = await runClientProgram(programs.restore, args, { url, signal })
  return code === 0 ? undefined : lastLines(errors)
}

function lastLines(errors: string): string {
  const lines = errors.trim().split('\n')
  const told = lines.filter((line) => /error|fatal|detail|could not/i.test(line))
  return (told.length === 0 ? lines : told).slice(0, 3).join('\n') || 'It said nothing.'
}
