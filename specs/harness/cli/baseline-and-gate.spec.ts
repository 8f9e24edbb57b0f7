import { execFileSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resultSchema } from '../../../harness/result/index.ts'
import { lossyPair, type ScratchRepository, scratchRepository } from './scratch-repository.ts'

const waiver = (expires: string) => JSON.stringify({ waivers: [{ invariant: 'zero-loss', owner: 'ana', reason: 'archived', expires }] })

/** What follows is one story, told in order. */
describe('a history with an old loss', { timeout: 180_000 }, () => {
  let repository: ScratchRepository
  beforeAll(async () => {
    repository = await scratchRepository({
      'godwit.config.json': JSON.stringify({ path: 'migrations', runs: 4 }),
      'migrations/001_items.sql': 'CREATE TABLE items (id int PRIMARY KEY, notes text, title text);\n',
      'migrations/002_drop_notes.sql': 'ALTER TABLE items DROP COLUMN notes;\n',
    })
    git('init', '-q', '-b', 'main')
    git('add', '-A')
    git('commit', '-q', '-m', 'first')
    git('switch', '-q', '-c', 'branch')
    await repository.write({ 'migrations/003_drop_title.sql': 'ALTER TABLE items DROP COLUMN title;\n' })
  })
  afterAll(() => repository[Symbol.asyncDispose]())

  function git(...args: readonly string[]): void {
    const settings = ['-c', 'user.name=spec', '-c', 'user.email=spec@example.org', '-c', 'commit.gpgsign=false']
    execFileSync('git', [...settings, ...args], { cwd: repository.directory, stdio: ['ignore', 'ignore', 'inherit'] })
  }
  const baseline = async () => JSON.parse(await readFile(join(repository.directory, 'godwit.baseline.json'), 'utf8'))

  test('has no verdict to pass a gate with', async () => {
    const { code, stdout } = await repository.runHere(['gate'])
    expect([code, stdout]).toEqual([4, '? no verdict is saved in "reports": run godwit verify first (looked for reports/gate.json)\n'])
  })

  test('gets a baseline of what it was found to do, without the step that the branch adds', async () => {
    const { code, stdout } = await repository.run(['baseline'])
    expect(code).toBe(0)
    expect(stdout).toContain('not accepted, being new on this branch: 003_drop_title.sql (--include-new accepts them too)\n')
    const { steps } = await baseline()
    expect(steps.map((step: { migration: string }) => step.migration)).toEqual(['002_drop_notes.sql'])
  })

  test('is violated by the new step alone then, and shows the old finding as accepted', async () => {
    const { code, stdout } = await repository.run(['verify', '--json'])
    const { migrations } = resultSchema.parse(JSON.parse(stdout))
    expect([code, ...migrations.map((migration) => migration.verdict)]).toEqual([1, 'holds', 'holds', 'violated'])
    const accepted = migrations[1]?.findings.filter((finding) => finding.severity === 'error').map((finding) => finding.waived?.owner)
    expect(accepted).toEqual(['baseline'])
    expect((await repository.runHere(['gate'])).code).toBe(1)
  })

  // Each step loses a column (an error) that clients of yesterday name (a warning that follows from it).
  test('passes the gate once the new step is accepted too, and as long as nothing changes', async () => {
    const { code, stdout } = await repository.runHere(['baseline', '--from', 'reports', '--include-new'])
    expect([code, stdout]).toEqual([0, 'godwit.baseline.json: 4 accepted findings of 2 steps; 2 more, 0 fewer than before\n'])
    expect((await repository.runHere(['gate'])).stdout).toContain('baseline: it is not the one of the saved run')
    expect((await repository.run(['verify'])).code).toBe(0)
    const { code: passes, stdout: because } = await repository.runHere(['gate'])
    expect([passes, because]).toEqual([0, '✓ the saved verdict holds for these files: 3 steps on PostgreSQL 18.4\n'])
  })

  test('is kept by the gate for another option, another server, or a file that changes, goes or comes, each by its name', async () => {
    const failures = async (args: readonly string[] = []) => {
      const { code, stdout } = await repository.runHere(['gate', ...args])
      return [code, ...stdout.trimEnd().split('\n').slice(1)]
    }
    expect(await failures(['--runs', '5', '--fail-on', 'warning'])).toEqual([
      1,
      '  option failOn: the default then, warning now',
      '  option runs: 4 then, 5 now',
    ])
    expect(await failures(['--postgres', '17'])).toEqual([
      1,
      '  option postgres: the default then, 17 now',
      expect.stringMatching(/^ {2}server: PostgreSQL 18\.4 \(embedded\) then, 17\.\d+ now$/),
    ])
    const file = join(repository.directory, 'migrations/003_drop_title.sql')
    const text = await readFile(file, 'utf8')
    await writeFile(file, `${text}-- more\n`)
    expect(await failures()).toEqual([1, '  file: migrations/003_drop_title.sql has changed'])
    await rm(file)
    expect(await failures()).toEqual([1, '  file: migrations/003_drop_title.sql is gone'])
    await writeFile(file, text)
    await repository.write({ 'migrations/004_more.sql': 'SELECT 1;\n' })
    expect(await failures()).toEqual([1, '  file: migrations/004_more.sql is new', '  steps: not verified then: 004_more.sql'])
    await rm(join(repository.directory, 'migrations/004_more.sql'))
    expect(await failures()).toEqual([0])
  })

  test('is judged anew where an accepted step changes; pruning forgets it', async () => {
    await repository.write({ 'migrations/002_drop_notes.sql': 'ALTER TABLE items DROP COLUMN notes;  -- now with a comment\n' })
    const { code, stderr } = await repository.run(['verify'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('baseline: 002_drop_notes.sql has changed since it was accepted: 2 accepted findings of it no longer hold'),
    ])
    expect((await repository.runHere(['baseline', '--prune', '--from', 'reports'])).code).toBe(0)
    expect((await baseline()).steps.map((step: { migration: string }) => step.migration)).toEqual(['003_drop_title.sql'])
  })

  test('has a baseline that is refused when it is none', async () => {
    await repository.write({ 'godwit.baseline.json': '{ "version": 1, "steps": [{ "migration": 5 }] }' })
    const { code, stdout, stderr } = await repository.runHere(['gate'])
    expect([code, stdout]).toEqual([2, expect.stringMatching(/^(\? no verdict.*)?$/s)])
    expect(stderr).toMatch(/^godwit: "godwit\.baseline\.json" is not a baseline of godwit$/m)
  })
})

describe('a waiver in the configuration', { timeout: 180_000 }, () => {
  test('accepts a finding until its day, and the gate with it', async () => {
    await using repository = await scratchRepository({ ...lossyPair('step'), 'godwit.config.json': waiver('2999-01-01') })
    const accepted = await repository.run(['verify', 'step', '--runs', '4'])
    // The down of the pair leaves the state violated by the same loss.
    const result = resultSchema.parse(JSON.parse(await readFile(join(repository.directory, 'reports/results.json'), 'utf8')))
    expect(result.migrations[0]?.invariants.find((each) => each.id === 'zero-loss')?.verdict).toBe('holds')
    expect(accepted.stderr).toContain('the waiver of ana for zero-loss on the migration lasts until 2999-01-01, more than a year from now')

    await repository.write({ 'godwit.config.json': waiver('2026-01-01') })
    const { code, stderr } = await repository.run(['verify', 'step', '--runs', '4'])
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('the waiver of ana for zero-loss on the migration expired on 2026-01-01: the finding counts again'),
    ])
  })
})
