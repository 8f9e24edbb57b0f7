import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resultSchema } from '../../../harness/result/index.ts'
import { type ScratchRepository, scratchRepository } from './scratch-repository.ts'

let repository: ScratchRepository
beforeAll(async () => {
  repository = await scratchRepository({
    'migrations/001_items.sql': 'CREATE TABLE items (id int PRIMARY KEY, notes text);\n',
    'migrations/002_drop_notes.sql': 'ALTER TABLE items DROP COLUMN notes;\n',
  })
  const settings = ['-c', 'user.name=spec', '-c', 'user.email=spec@example.org', '-c', 'commit.gpgsign=false']
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...settings, ...args], { cwd: repository.directory, stdio: ['ignore', 'ignore', 'inherit'] })
  git('init', '-q', '-b', 'main')
  git('add', '-A')
  git('commit', '-q', '-m', 'first')
  git('switch', '-q', '-c', 'branch')
})
afterAll(() => repository[Symbol.asyncDispose]())

test('a branch without a migration is nothing to verify: it holds, and the gate agrees', { timeout: 60_000 }, async () => {
  const verified = await repository.run(['verify', '--since', 'main'])
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('✓ No new migrations since main. Nothing to verify.\n')])
  const gated = await repository.runHere(['gate', '--since', 'main'])
  expect([gated.code, gated.stdout]).toEqual([0, expect.stringContaining('✓ no new migrations since main')])
  const { stdout } = await repository.run(['verify', '--since', 'main', '--json'])
  expect(resultSchema.parse(JSON.parse(stdout))).toMatchObject({ verdict: 'holds', since: 'main', migrations: [] })
})

test('a step that does not apply, once accepted, leaves nothing unknown, and the gate agrees', { timeout: 120_000 }, async () => {
  await using broken = await scratchRepository({
    'godwit.config.json': JSON.stringify({ path: 'migrations', runs: 4 }),
    'migrations/001_items.sql': 'CREATE TABLE items (id int PRIMARY KEY);\n',
    'migrations/002_nowhere.sql': 'ALTER TABLE nowhere ADD COLUMN a int;\n',
  })
  const first = await broken.run(['verify'])
  expect([first.code, first.stdout]).toEqual([4, expect.stringContaining('2 steps, 1 verified')])
  expect((await broken.run(['baseline'])).code).toBe(0)
  const verified = await broken.run(['verify'])
  expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('✓ Release: ')])
  const gated = await broken.runHere(['gate'])
  expect([gated.code, gated.stdout]).toEqual([0, expect.stringContaining('✓ the saved verdict holds')])
})
