import { type ChildProcess, spawn } from 'node:child_process'
import { builtCommand } from '../../build-command.ts'

export interface BinOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Called once the process runs, to send it signals. */
  readonly onStart?: (child: ChildProcess) => void
}

export interface BinResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Run the command as a shell would, and wait until it has ended. */
export function runBin(args: readonly string[], options: BinOptions = {}): Promise<BinResult> {
  return new Promise((resolve, reject) => {
    const { CI: _ci, FORCE_COLOR: _color, GODWIT_DEBUG: _debug, ...inherited } = process.env
    const child = spawn(process.execPath, [builtCommand, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    options.onStart?.(child)
  })
}
