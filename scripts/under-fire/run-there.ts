import { type ChildProcess, spawn } from 'node:child_process'
import { builtCommand } from '../../specs/build-command.ts'

export interface RanThere {
  readonly pid: number
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly tookMs: number
}

export interface ThereOptions {
  readonly cwd: string
  readonly temporary: string
  /** Most files that the process and its children may open each. */
  readonly openFiles?: number
  readonly onStart?: (child: ChildProcess) => void
}

/** Run the built command in a process of its own, with a temporary directory of its own; `code` is -1 where it was killed. */
export function runThere(args: readonly string[], { cwd, temporary, openFiles, onStart }: ThereOptions): Promise<RanThere> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const { CI: _ci, FORCE_COLOR: _color, ...inherited } = process.env
    const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles}; `
    const child = spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', process.execPath, builtCommand, ...args], {
      cwd,
      env: { ...inherited, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const written = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        written[name] += text
      })
    child.once('error', reject)
    child.once('close', (code) => resolve({ pid: child.pid ?? 0, code: code ?? -1, ...written, tookMs: performance.now() - startedMs }))
    onStart?.(child)
  })
}
