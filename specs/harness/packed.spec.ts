import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScratchRepository, scratchRepository } from './cli/scratch-repository.ts'
import { pageFiles, pageOutput, timeless } from './page-files.ts'

const run = promisify(execFile)

/** A repository that has Godwit as a user has it: packed, and installed by npm. */
describe('the examples of the documentation, with the packed Godwit', { timeout: 300_000 }, () => {
  let packed: string
  let repository: ScratchRepository

  beforeAll(async () => {
    packed = await mkdtemp(join(tmpdir(), 'godwit-packed-'))
    await run('npm', ['run', 'build'], { cwd: resolve('.') })
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', packed], { cwd: resolve('.') })
    repository = await scratchRepository({ 'package.json': '{ "name": "scratch", "private": true, "type": "module" }' })
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(packed, stdout.trim())]
    await run('npm', install, { cwd: repository.directory })
  }, 900_000)
  afterAll(async () => {
    await repository?.[Symbol.asyncDispose]()
    await rm(packed, { recursive: true, force: true })
  })

  /** As a shell outside of any spec. */
  async function godwit(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const { VITEST: _, FORCE_COLOR: _color, ...env } = process.env
    return run('npx', ['godwit', ...args], { cwd: repository.directory, env }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
  }

  test('docs/own-invariant.md prints what it says, and replays its counterexample', async () => {
    await repository.write(await pageFiles('own-invariant.md'))
    const verified = await godwit(['verify'])
    expect([verified.code, timeless(verified.stdout)]).toEqual([1, timeless(await pageOutput('own-invariant.md'))])
    const [, file = ''] = verified.stdout.match(/godwit replay (\S+)/) ?? []
    const replayed = await godwit(['replay', file])
    expect([replayed.code, replayed.stdout]).toEqual([1, expect.stringMatching(/^still violates: gross is -1, net 0 and tax 1/)])
  })

  test('docs/own-format.md verifies its steps', async () => {
    await repository.write(await pageFiles('own-format.md'))
    const { code, stdout } = await godwit(['verify', '--json', '--no-cache', '--runs', '5'])
    const verdicts = JSON.parse(stdout).migrations.map((each: { name: string; verdict: string }) => [each.name, each.verdict])
    expect([code, ...verdicts]).toEqual([1, ['1_people.sql', 'holds'], ['2_index.sql', 'holds'], ['10_drop.sql', 'violated']])
  })
})
