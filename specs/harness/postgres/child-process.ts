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
}

/** Start a run in a process of its own, as another user where `uid` says so, and wait for its cluster. */
export async function startChildRun(args: readonly string[], options: { readonly uid?: number } = {}): Promise<ChildRun> {
  const child = spawnChildRun(args, options.uid)
  const ended = once(child, 'exit').then(([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? null)
  const [line] = (await once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(50_000) })) as [string]
  return { process: child, ended, ...(JSON.parse(line) as { address: ClusterAddress; database: string }) }
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
