import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { serverAccount } from './account.ts'
import { commandLineOf, identifyProcess, type ProcessIdentity, processState } from './process-identity.ts'
import { scratchDirectory, sweptDirectories } from './scratch.ts'

/** A directory that its process has not signed yet, or that another container's process has signed, is left alone for so long. */
const UNSIGNED_MS = 10 * 60_000
const ELSEWHERE_MS = 24 * 3600_000
/** What is kept to start quicker goes when nobody has used it for two weeks. */
const UNUSED_MS = 14 * ELSEWHERE_MS
const SHUTDOWN_MS = 6_000

/** Make the directory of one run, signed by this process, with a socket directory that the server's account alone can enter. */
export function makeRunDirectory(scratch = scratchDirectory()): string {
  const directory = mkdtempSync(join(scratch, 'run-'))
  writeFileSync(join(directory, 'owner.json'), JSON.stringify(identifyProcess(process.pid)))
  mkdirSync(join(directory, 'socket'))
  const account = serverAccount()
  for (const path of [directory, join(directory, 'socket')]) {
    chmodSync(path, 0o700)
    // The supervisor works as that account and removes what is in here when we are killed.
    if (account !== undefined) chownSync(path, account.uid, account.gid)
  }
  return directory
}

/**
 * Stop the servers and remove the directories of runs whose process is gone, and what was kept and not used for two weeks.
 *
 * @returns the directories removed.
 */
export async function sweepRunDirectories(directories = sweptDirectories()): Promise<readonly string[]> {
  const left = directories.flatMap((directory) => leftIn(directory))
  await Promise.all(
    left.map(async (directory) => {
      await killServer(join(directory, 'data'))
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
    }),
  )
  return left
}

function leftIn(directory: string): readonly string[] {
  const named = (pattern: RegExp): readonly string[] =>
    readdirSync(directory)
      .filter((name) => pattern.test(name))
      .map((name) => join(directory, name))
  return [...named(/^(run|partial)-/).filter(isLeft), ...named(/^(initdb|binaries)-/).filter((kept) => ageOf(kept) > UNUSED_MS)]
}

function ageOf(directory: string): number {
  try {
    return Date.now() - statSync(directory).mtimeMs
  } catch {
    // Somebody else removes it at this moment.
    return 0
  }
}

function isLeft(directory: string): boolean {
  const ageMs = ageOf(directory)
  const owner = ownerOf(directory)
  if (owner === undefined) return ageMs > UNSIGNED_MS
  const state = processState(owner)
  return state === 'dead' || (state === 'elsewhere' && ageMs > ELSEWHERE_MS)
}

/** A directory of the cache under work is signed by its name, a run's by a file. */
function ownerOf(directory: string): ProcessIdentity | undefined {
  const partial = /\/partial-(\d+)-(\d*)-[^/]*$/.exec(directory)
  if (partial !== null) return { ...identifyProcess(process.pid), pid: Number(partial[1]), startTime: partial[2] ?? '' }
  try {
    return JSON.parse(readFileSync(join(directory, 'owner.json'), 'utf8')) as ProcessIdentity
  } catch {
    return undefined
  }
}

/** End the server of a data directory whose supervisor was killed too. */
async function killServer(data: string): Promise<void> {
  const pid = serverOf(data)
  if (pid === undefined) return
  const deadline = Date.now() + SHUTDOWN_MS
  signalServer(pid, 'SIGQUIT')
  while (serverOf(data) === pid && isRunning(pid)) {
    if (Date.now() > deadline) return signalServer(pid, 'SIGKILL')
    await pause(10)
  }
}

/** The process id in `postmaster.pid`, if that process is a server on this very directory. */
function serverOf(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
    if (!Number.isInteger(pid) || pid <= 1) return undefined
    // The number may have been given to another process, of somebody else.
    return `${commandLineOf(pid)} `.includes(` -D ${data} `) ? pid : undefined
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  return processState({ ...identifyProcess(pid), startTime: '' }) === 'running'
}

function signalServer(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between.
  }
}
