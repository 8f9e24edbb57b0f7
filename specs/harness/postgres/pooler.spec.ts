import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { openDatabase, startCluster } from '../../../harness/postgres/index.ts'

const installed = isInstalled()
if (!installed) console.log('skipped: specs with pgbouncer in front of a database, since it is not on PATH')

describe.skipIf(!installed)('a pooler in transaction mode in front of a database', { timeout: 30_000 }, () => {
  test('that refuses settings of a session is named, with what to do', async () => {
    await using pooler = await startPooler('')
    const failure = await openDatabase(pooler.url).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      message: expect.stringContaining('cannot use the server at 127.0.0.1:'),
      detail: expect.stringMatching(/pooler.*unsupported startup parameter/s),
      hint: expect.stringContaining('port of the server itself'),
    })
  })

  test('that forgets settings of a session is refused, since a session that may not write could', async () => {
    await using pooler = await startPooler('ignore_startup_parameters = options')
    await expect(openDatabase(pooler.url)).rejects.toMatchObject({
      message: expect.stringContaining('forgets the settings of a session'),
      hint: expect.stringContaining('port of the server itself'),
    })
  })

  test.each(['transaction', 'session'])('is no cluster either, in %s mode: it refuses the settings, or forgets them', async (mode) => {
    for (const [more, message] of [
      ['', 'cannot use the server at'],
      ['ignore_startup_parameters = options', 'forgets the settings of a session'],
    ] as const) {
      await using pooler = await startPooler(more, mode)
      await expect(startCluster({ kind: 'url', url: pooler.url })).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining(message),
        hint: expect.stringContaining('port of the server itself'),
      })
    }
  })

  test('the server itself is used', async () => {
    await using database = await (await useCluster()).createDatabase()
    expect(await openDatabase(database.url())).toMatchObject({ version: { major: expect.any(Number) } })
  })
})

function isInstalled(): boolean {
  try {
    execFileSync('pgbouncer', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** pgbouncer in front of a database of the run's cluster. */
async function startPooler(more: string, mode = 'transaction'): Promise<{ readonly url: string } & AsyncDisposable> {
  const cluster = await useCluster()
  const database = await cluster.createDatabase()
  const behind = new URL(database.url())
  const directory = await mkdtemp(join(tmpdir(), 'godwit-spec-pooler-'))
  await chmod(directory, 0o755)
  const port = await freePort()
  const file = join(directory, 'pgbouncer.ini')
  await writeFile(
    file,
    `[databases]
shop = host=127.0.0.1 port=${behind.port} dbname=${database.name} user=${decodeURIComponent(behind.username)} password=${decodeURIComponent(behind.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
${more}
`,
    { mode: 0o644 },
  )
  // It refuses to run as root.
  const asNobody = userInfo().uid === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []
  const [program = 'pgbouncer', ...args] = [...asNobody, 'pgbouncer', '-q', file]
  const process = spawn(program, args, { stdio: 'ignore' })
  await answers(port, process)
  return {
    url: `postgres://anybody@127.0.0.1:${port}/shop`,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => process.once('exit', resolve))
      process.kill('SIGKILL')
      await ended
      await rm(directory, { recursive: true, force: true })
      await database.drop()
    },
  }
}

async function answers(port: number, process: ChildProcess): Promise<void> {
  for (;;) {
    if (process.exitCode !== null) throw new Error(`pgbouncer ended with ${process.exitCode}`)
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (connected) return
    await pause(20)
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
