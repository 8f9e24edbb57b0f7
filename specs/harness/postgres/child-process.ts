import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import type { ClusterAddress } from '../../../harness/postgres/index.ts'

export interface ChildRun {
  readonly process: ChildProcess
  readonly address: ClusterAddress
  readonly database: string
  /** Resolves to the exit code, or the signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>
  [Symbol.asyncDispose](): Promise<void>
}

/** Start a run in a process of its own, as another user where `uid` says so, and wait for its cluster; disposing of it kills it. */
export async function startChildRun(args: readonly string[], options: { readonly uid?: number } = {}): Promise<ChildRun> {
  const child = spawnChildRun(args, options.uid)
  const ended = once(child, 'exit').then(([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? null)
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(50_000) })) as [string]
    const told = JSON.parse(line) as { address: ClusterAddress; database: string }
    return { process: child, ended, ...told, [Symbol.asyncDispose]: kill }
  } catch (error) {
    await kill()
    throw error
  }
}

/** The same without waiting for anything. */
export function spawnChildRun(args: readonly string[], uid?: number) {
  const script = fileURLToPath(new URL('./child-run.ts', import.meta.url))
  const account = uid === undefined ? {} : { uid, gid: uid }
  return spawn(process.execPath, ['--import', 'tsx', script, ...args], { stdio: ['ignore', 'pipe', 'inherit'], ...account })
}

/** Wait until a condition is true, without saying how long it takes. */
export function become(claim: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(claim, { timeout: 15_000, interval: 10 })
}
