import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EnvironmentError, InputError } from '../../errors.ts'
import {
  type ClientPrograms,
  type Cluster,
  type Database,
  durableServerSettings,
  findClientPrograms,
  installedMajors,
  quoteIdentifier,
  runClientProgram,
  startCluster,
  type Template,
} from '../../postgres/index.ts'
import { tellingTemporaryFiles } from '../../run/index.ts'
import { refuseFullDisk } from '../evidence/folder.ts'
import { makeRoles } from '../evidence/restore.ts'
import type { Copy } from './copy.ts'
import { type DumpHeader, readDumpHeader } from './dump-header.ts'

const LOCK_TIMEOUT_MS = 30_000

/**
 * Restore a dump into a throw-away server, which is removed when the copy is closed.
 *
 * @throws {InputError} When the file is no dump, or is cut off or damaged.
 * @throws {EnvironmentError} When there is no server or program for it, or the disk is full.
 */
export async function openDumpCopy(file: string, signal: AbortSignal): Promise<Copy> {
  const programs = findClientPrograms()
  const header = await readDumpHeader(file, programs, signal)
  const program = programFor(header, programs)
  const major = installedMajors().find((each) => each >= header.major)
  if (major === undefined)
    throw new EnvironmentError(`no PostgreSQL ${header.major} or newer is installed to restore "${file}" into`, {
      detail: `Installed: ${installedMajors().join(', ') || 'none'}.`,
      hint: '"npx godwit doctor" says which versions are installed, and how to add one.',
    })
  // As production runs: what was committed is on the disk, and everything is in the WAL.
  const settings = { ...durableServerSettings, wal_level: 'replica', autovacuum: 'on' }
  const cluster = await startCluster({ kind: 'embedded', major }, { signal, settings, onDisk: true })
  try {
    await makeRoles(cluster, header.roles)
    let restoredMs = 0
    const template = await cluster.template(file, async (database) => {
      const began = performance.now()
      await restore(database, { file, header, program, signal })
      restoredMs = performance.now() - began
    })
    const notes = notesOf(header, cluster)
    const first = await copyOf(cluster, template, { file, header, notes, restoredMs })
    return {
      ...first,
      async [Symbol.asyncDispose]() {
        await cluster.stop()
      },
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** pg_restore for a dump in the custom format, psql for a plain one. */
function programFor({ kind, server, major }: DumpHeader, programs: readonly ClientPrograms[]): string {
  const fit = programs.filter((each) => each.major >= major)
  const found = fit.map(({ restore }) => (kind === 'custom' ? restore : join(dirname(restore), 'psql'))).find(existsSync)
  if (found !== undefined) return found
  throw new EnvironmentError(`no ${kind === 'custom' ? 'pg_restore' : 'psql'} can restore a dump of PostgreSQL ${server}`, {
    detail: `Found: ${programs.map(({ restore, version }) => `${restore} (${version})`).join(', ') || 'none'}.`,
    hint: `Install it, on Debian: apt-get install postgresql-client-${major}.`,
  })
}

interface Restoring {
  readonly file: string
  readonly header: DumpHeader
  readonly program: string
  readonly signal: AbortSignal
}

async function restore(database: Database, { file, header, program, signal }: Restoring): Promise<void> {
  const args =
    header.kind === 'custom'
      ? ['--exit-on-error', file]
      : ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null', `--file=${file}`]
  const { code, errors } = await runClientProgram(program, args, { url: database.url(), signal })
  if (code === 0) {
    await using session = await database.connect({ statementTimeoutMs: 0 })
    await session.script('VACUUM ANALYZE')
    return
  }
  refuseFullDisk(new Error(errors), file)
  const lines = errors.trim().split('\n')
  const detail =
    lines
      .filter((line) => /error|fatal|could not/i.test(line))
      .slice(0, 3)
      .join('\n') || lines[0]
  if (/extension ".*" is not available/.test(errors))
    throw new EnvironmentError(`"${file}" needs an extension that the throw-away server does not have`, {
      detail,
      hint: 'Restore the dump into a server of your own that has it, and name that with --on and --this-is-a-copy.',
    })
  throw new InputError(`"${file}" cannot be restored`, { detail, hint: 'Is the file whole? The throw-away server is removed.' })
}

async function copyOf(
  cluster: Cluster,
  template: Template,
  about: { readonly file: string; readonly header: DumpHeader; readonly notes: readonly string[]; readonly restoredMs: number },
): Promise<Copy> {
  const database = await cluster.clone(template)
  const role = about.header.owner
  await using session = await database.connect()
  // The role that owns the tables owns the database too: it may make tables and schemas, as on the real server.
  if (role !== undefined) await session.script(`ALTER DATABASE ${quoteIdentifier(database.name)} OWNER TO ${quoteIdentifier(role)}`)
  // The role of the migration may not ask for its temporary files by itself.
  await session.script(tellingTemporaryFiles.map((each) => `ALTER DATABASE ${quoteIdentifier(database.name)} SET ${each}`).join('; '))
  const { bytes, superuser } = await session.one<{ bytes: string; superuser: string }>(
    'SELECT pg_database_size(current_database())::text AS bytes, current_user AS superuser',
  )
  const timeouts = { statementTimeoutMs: 0, lockTimeoutMs: LOCK_TIMEOUT_MS }
  return {
    kind: 'dump',
    place: about.file,
    version: cluster.version,
    url: database.url(),
    role: role ?? superuser,
    bytes: Number(bytes),
    connect: () => database.connect({ ...timeouts, as: role === undefined ? 'superuser' : { role } }),
    observe: () => database.connect(timeouts),
    again: () => copyOf(cluster, template, about),
    restoredMs: about.restoredMs,
    notes: about.notes,
    [Symbol.asyncDispose]: () => database.drop(),
  }
}

function notesOf({ owner, server, major }: DumpHeader, cluster: Cluster): readonly string[] {
  return [
    ...(owner === undefined ? ['Rights: the dump names no owner, so the migration ran as a superuser, who is refused nothing.'] : []),
    ...(major === cluster.version.major
      ? []
      : [`PostgreSQL ${server}, which was dumped, is not installed here: the migration ran on ${cluster.version.text}.`]),
    'Memberships and settings of roles: they are not in a dump of one database.',
    'The speed of the real server: the times are those of a throw-away server on this machine.',
  ]
}
