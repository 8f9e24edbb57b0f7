import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** How many functions of the parser V8 compiles for speed while it parses what a long history has. */
async function compiledForSpeed(first: string): Promise<number> {
  const script = `${first}
    const { parseTree } = await import('./harness/migration/tree.ts')
    const sql = Array.from({ length: 1000 }, (_, at) => 'CREATE TABLE t' + at + " (id bigint PRIMARY KEY, name text DEFAULT 'x')").join(';')
    console.log('parsed', parseTree(sql).length)`
  // In one thread it does so where it decides to, and the process does not end before.
  const flags = ['--trace-wasm-compilation-times', '--single-threaded', '--import', 'tsx', '--input-type=module', '--eval', script]
  const { stdout, stderr } = await run(process.execPath, flags)
  expect(stdout).toContain('parsed 1000')
  expect(stderr).toBe('')
  return stdout.match(/using TurboFan/g)?.length ?? 0
}

test('the parser is not compiled for speed, which takes 600 MB on Node.js 24', async () => {
  expect(await compiledForSpeed('')).toBeGreaterThan(0)
  expect(await compiledForSpeed("(await import('./harness/cli/compile-less.ts')).compileLess()")).toBe(0)
})
