import { spawn } from 'node:child_process'

/** Vitest in a process of its own, from the root of the repository. */
export function runVitest(
  config: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const { VITEST: _vitest, VITEST_MODE: _mode, VITEST_POOL_ID: _pool, VITEST_WORKER_ID: _worker, ...inherited } = process.env
    const options = [...args, '--config', config, '--root', '.', '--color=false']
    const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...inherited, ...variables },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
