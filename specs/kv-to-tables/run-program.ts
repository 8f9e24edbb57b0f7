import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'

export interface ProgramRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Run `kv:migrate`, `kv:rollback` or `kv:trial` as npm would, without a terminal. */
export async function runProgram(
  program: 'migrate' | 'rollback' | 'trial',
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<ProgramRun> {
  const script = resolve(import.meta.dirname, `../../migrations/kv-to-tables/${program}.ts`)
  const child = spawn(process.execPath, ['--import', 'tsx', script, ...args], {
    env: { ...process.env, DATABASE_URL: undefined, KV_SMTP_URL: undefined, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: child.exitCode, stdout, stderr }
}
