import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { EnvironmentError } from '../errors.ts'
import { serverAccount } from './account.ts'
import { type Binaries, serverEnvironment } from './binaries.ts'
import { supervisorOf } from './supervisor.ts'

const POLL_MS = 5
const STOP_TIMEOUT_MS = 8_000

export interface ServerProcess {
  /** Resolves when server and supervisor are gone. */
  stop(): Promise<void>
  /**
   * Kill the server by SIGKILL, as a machine that loses power would, and start it again on what is on the disk.
   *
   * @param backends  Process ids of its other processes: one that lives on holds the shared memory.
   * @throws {EnvironmentError} When it does not come up again.
   */
  crash(backends: readonly number[]): Promise<void>
}

export interface ServerPlace {
  /** Holds `data`; `socket` and `log` are made by the caller. */
  readonly directory: string
  readonly port: number
  /** undefined for no TCP at all. */
  readonly listen: string | undefined
  readonly settings: Readonly<Record<string, string>>
  /** The shell that watches over it; empty for Node.js. Default: the system's, where there is one. */
  readonly shell?: string | undefined
}

/**
 * Start a server on an initialised data directory, and wait until it accepts connections.
 *
 * @throws {EnvironmentError} with the server's own last words when it does not come up in time.
 */
export async function startServerProcess(
  binaries: Binaries,
  place: ServerPlace,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<ServerProcess> {
  const start = () => startOnce(binaries, place, timeoutMs, signal)
  let running = await start()
  return {
    stop: () => running.stop(),
    async crash(backends) {
      const again = join(place.directory, 'again')
      const lock = join(place.directory, 'data', 'postmaster.pid')
      writeFileSync(again, '')
      const [postmaster = ''] = readFileSync(lock, 'utf8').split('\n')
      for (const pid of [Number(postmaster), ...backends]) kill(pid)
      await running.exited
      // It says that the server is ready, which the next one is not yet.
      rmSync(lock, { force: true })
      // A start that fails because the memory is still held must not remove the data: the next one needs them.
      running = await onceMemoryIsFree(start, timeoutMs).finally(() => rmSync(again))
    },
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A backend that came after the processes were counted ends by itself, when it sees that its server is gone. */
async function onceMemoryIsFree<Result>(start: () => Promise<Result>, timeoutMs: number): Promise<Result> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    try {
      return await start()
    } catch (error) {
      const held = error instanceof EnvironmentError && /shared memory block/.test(error.detail ?? '')
      if (!held || Date.now() > deadline) throw error
    }
  }
}

interface Started {
  readonly exited: Promise<void>
  stop(): Promise<void>
}

async function startOnce(binaries: Binaries, place: ServerPlace, timeoutMs: number, signal: AbortSignal | undefined): Promise<Started> {
  // Read through this descriptor, since the supervisor removes the file with the rest.
  const log = openSync(join(place.directory, 'log'), 'a+')
  try {
    return await startLogged(binaries, place, timeoutMs, log, signal)
  } finally {
    closeSync(log)
  }
}

async function startLogged(
  binaries: Binaries,
  place: ServerPlace,
  timeoutMs: number,
  log: number,
  signal: AbortSignal | undefined,
): Promise<Started> {
  const child = spawnSupervisor(binaries, place, log)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const server = { exited, stop: () => stopSupervisor(child, exited) }
  const deadline = Date.now() + timeoutMs
  while (!isReady(place.directory)) {
    const over = child.exitCode !== null || child.signalCode !== null || child.pid === undefined
    if (over || Date.now() > deadline || signal?.aborted) {
      await server.stop()
      const words = lastWords(log)
      signal?.throwIfAborted()
      throw new EnvironmentError(over ? 'the PostgreSQL server did not start' : 'the PostgreSQL server did not start in time', {
        detail: words || `Nothing was logged within ${timeoutMs} ms.`,
        hint: 'Run godwit doctor to see what this machine can do.',
      })
    }
    await pause(POLL_MS)
  }
  return server
}

function spawnSupervisor(binaries: Binaries, { directory, port, listen, settings, shell }: ServerPlace, log: number): ChildProcess {
  const all = { ...settings, listen_addresses: listen ?? '', port: String(port), unix_socket_directories: join(directory, 'socket') }
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { program, args } = supervisorOf(shell)
  const child = spawn(program, [...args, directory, binaries.postgres, '-D', join(directory, 'data'), ...options], {
    ...serverAccount(),
    cwd: '/',
    env: serverEnvironment(),
    stdio: ['pipe', log, log],
    // A group of its own: Ctrl-C in the terminal reaches us alone, and we stop it in order.
    detached: true,
  })
  child.stdin?.on('error', () => undefined)
  child.unref()
  // The pipe is a socket to Node, and would hold the process alive as the child would.
  const pipe: { unref?(): void } | null = child.stdin as { unref?(): void } | null
  pipe?.unref?.()
  return child
}

async function stopSupervisor(child: ChildProcess, exited: Promise<void>): Promise<void> {
  child.ref()
  child.stdin?.end()
  const late = new AbortController()
  const killing = pause(STOP_TIMEOUT_MS, undefined, { signal: late.signal }).then(
    () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'),
    () => undefined,
  )
  await Promise.race([exited, killing])
  late.abort()
  await exited
}

function isReady(directory: string): boolean {
  try {
    // The eighth line is the server's own word that it accepts connections; those of a standby read only.
    const [state = ''] = readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8')
      .split('\n')
      .slice(7)
    return ['ready', 'standby'].includes(state.trim())
  } catch {
    return false
  }
}

function lastWords(log: number): string {
  const buffer = Buffer.alloc(16 * 1024)
  return buffer
    .toString('utf8', 0, readSync(log, buffer, 0, buffer.length, 0))
    .trim()
    .split('\n')
    .slice(-3)
    .join(' ')
}
