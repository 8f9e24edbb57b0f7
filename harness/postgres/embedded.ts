import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { EnvironmentError } from '../errors.ts'
import { requireInstallation, runnableBinaries } from './binaries.ts'
import type { ClusterAddress } from './cluster.ts'
import { makeDataDirectory, SUPERUSER } from './data-directory.ts'
import { superuserSession } from './databases.ts'
import { quoteIdentifier, quoteLiteral } from './name.ts'
import { newRun } from './run.ts'
import { makeRunDirectory, sweepRunDirectories } from './run-directory.ts'
import { diskDirectory } from './scratch.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'
import { throwawayServerSettings } from './settings.ts'
import type { StartedServer, StartOptions } from './started-server.ts'

const LOOPBACK = '127.0.0.1'
const PORT_TRIES = 4
const DEFAULT_PORT = 5432
/** The role that owns the databases, where the harness may make roles. */
export const OWNER = 'godwit_owner'

/**
 * Start a server of our own from the embedded binaries.
 *
 * @param major  undefined takes the newest installed.
 * @throws {InputError} when the version is not installed.
 * @throws {EnvironmentError} when it does not start.
 */
export async function startEmbedded(major: number | undefined, options: StartOptions): Promise<StartedServer> {
  // Node.js connects to no socket in a file there, and the server is stopped by signals.
  if (process.platform === 'win32')
    throw new EnvironmentError('an embedded server cannot be started on Windows', {
      hint: 'Run Godwit in WSL, or name another cluster with --postgres docker:IMAGE or a URL.',
    })
  const { clock, startupTimeoutMs } = options
  const installation = requireInstallation(major)
  const binaries = runnableBinaries(installation)
  await sweepRunDirectories()
  const directory = makeRunDirectory(options.onDisk ? diskDirectory() : undefined)
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
  clock.lap('find')
  let server: ServerProcess | undefined
  try {
    await makeDataDirectory(binaries, join(directory, 'data'))
    clock.lap('initdb')
    const settings = { ...throwawayServerSettings(installation.major), ...options.settings }
    const started = await startOnFreePort(async (port, listen) =>
      startServerProcess(binaries, { directory, port, listen, settings }, startupTimeoutMs, options.signal),
    )
    server = started.server
    clock.lap('start')
    const address = await prepare(join(directory, 'socket'), started.port, started.listen)
    clock.lap('connect')
    const running = server
    return {
      address,
      async crash() {
        await running.crash(await processesOf(address))
      },
      async stop() {
        await running.stop()
        remove()
      },
    }
  } catch (error) {
    await server?.stop()
    remove()
    throw error
  }
}

/** The server's processes beside the postmaster. */
async function processesOf(address: ClusterAddress): Promise<readonly number[]> {
  await using session = await superuserSession(address, address.database)
  return (await session.query<{ pid: number }>('SELECT pid FROM pg_stat_activity')).map(({ pid }) => pid)
}

/** Another process may take the port between our look and the server's: then the next one. */
async function startOnFreePort(start: (port: number, listen: string | undefined) => Promise<ServerProcess>) {
  for (let tries = 1; ; tries += 1) {
    const free = await freePort()
    const listen = free === undefined ? undefined : LOOPBACK
    const port = free ?? DEFAULT_PORT
    try {
      return { server: await start(port, listen), port, listen }
    } catch (error) {
      const taken = error instanceof EnvironmentError && /TCP\/IP|could not bind/.test(error.detail ?? '')
      if (!taken || tries >= PORT_TRIES) throw error
    }
  }
}

/** undefined where loopback cannot be bound; then tools get the socket's URL. */
function freePort(): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(undefined))
    probe.listen(0, LOOPBACK, () => {
      const bound = probe.address()
      probe.close(() => resolve(typeof bound === 'object' && bound !== null ? bound.port : undefined))
    })
  })
}

async function prepare(host: string, port: number, tcpHost: string | undefined): Promise<ClusterAddress> {
  const [password, ownerPassword] = [randomBytes(18).toString('base64url'), randomBytes(18).toString('base64url')]
  const user = SUPERUSER
  const run = newRun()
  const guess = {
    kind: 'embedded',
    host,
    port,
    user,
    password,
    ownerPassword,
    database: 'postgres',
    owner: OWNER,
    superuser: true,
    run,
    tcpHost,
  } as const
  const session = await superuserSession({ ...guess, version: { text: '', major: 0 } }, guess.database)
  await using _ = session
  await session.script(
    `ALTER ROLE ${quoteIdentifier(user)} PASSWORD ${quoteLiteral(password)};
     CREATE ROLE ${quoteIdentifier(OWNER)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${quoteLiteral(ownerPassword)}`,
  )
  const { text } = await session.one<{ text: string }>(`SELECT current_setting('server_version') AS text`)
  return { ...guess, version: { text, major: Number.parseInt(text, 10) } }
}
