import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { resultSchema } from '../../../harness/result/index.ts'
import { runBin } from './run-bin.ts'

describe('godwit verify', () => {
  let cwd = ''
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'verify-command-'))
    const legacy = 'CREATE TABLE items (id int PRIMARY KEY, notes text)'
    await pair('keep', { legacy, up: 'ALTER TABLE items ADD COLUMN extra text', down: 'ALTER TABLE items DROP COLUMN extra' })
    await pair('lose', { legacy, up: 'ALTER TABLE items DROP COLUMN notes', down: 'ALTER TABLE items ADD COLUMN notes text' })
    await pair('broken', { legacy, up: 'ALTER TABEL items' })
  })
  afterAll(() => rm(cwd, { recursive: true }))

  test('what holds exits with 0, in at most ten lines', async () => {
    const { code, stdout, stderr } = await runBin(['verify', 'keep', '--runs', '5'], { cwd })
    expect([code, stderr.includes('error')]).toEqual([0, false])
    expect(stdout).toMatch(/^✓ keep {2}holds/)
    expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
  })

  test('what loses data exits with 1 and saves a counterexample that replays until the migration is mended', async () => {
    const verified = await runBin(['verify', 'lose', '--runs', '5'], { cwd })
    expect(verified.code).toBe(1)
    expect(verified.stdout).toMatch(/error {4}items\.notes is lost: .*\n +up\.sql:1 {2}zero-loss\n/)
    const files = await readdir(join(cwd, 'reports/lose'))
    expect(files.toSorted()).toEqual(['MIGRATION_TEST_RESULTS.md', 'counterexamples', 'junit.xml', 'results.json'])

    const file = /godwit replay (\S+)/.exec(verified.stdout)?.[1] ?? ''
    const replayed = await runBin(['replay', file], { cwd })
    expect([replayed.code, replayed.stdout.startsWith('still violates: ')]).toEqual([1, true])

    await writeFile(join(cwd, 'lose/up.sql'), 'SELECT 1')
    await writeFile(join(cwd, 'lose/down.sql'), 'SELECT 1')
    const mended = await runBin(['replay', file], { cwd })
    expect([mended.code, mended.stdout.startsWith('no longer violates: ')]).toEqual([0, true])
  })

  test('with --json standard output is the result and nothing else, as the schema has it', async () => {
    const { stdout, code } = await runBin(['verify', 'keep', '--runs', '5', '--json', '--seed', '7', '--report', 'elsewhere'], { cwd })
    const result = resultSchema.parse(JSON.parse(stdout))
    expect([code, result.verdict, result.seed, result.migrations.map((migration) => migration.name)]).toEqual([0, 'holds', '7', ['keep']])
    const saved = JSON.parse(await readFile(join(cwd, 'elsewhere/keep/results.json'), 'utf8'))
    expect(saved).toEqual(result)
  })

  test.each([
    ['a folder that is not there', ['verify', 'missing']],
    ['SQL that does not parse', ['verify', 'broken']],
    ['a version that is not known', ['verify', 'keep', '--postgres', '9']],
    ['a step that is not there', ['verify', 'keep', '--only', 'other']],
    ['a file to replay that is not there', ['replay', 'missing.sql']],
    ['a file to replay that is not ours', ['replay', 'keep/up.sql']],
  ])('%s is bad input, said without a stack', async (_, args) => {
    const { code, stdout, stderr } = await runBin(args, { cwd })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^godwit: (?!internal)/)
    expect(stderr).not.toContain('    at ')
  })

  test('reports that cannot be written are the machine’s fault', async () => {
    const { code, stderr } = await runBin(['verify', 'keep', '--runs', '1', '--report', 'keep/up.sql'], { cwd })
    expect(code).toBe(3)
    expect(stderr).toMatch(/^godwit: cannot write reports to "keep\/up.sql"$/m)
  })

  test('an interrupt ends it with 130', async () => {
    const { code } = await runBin(['verify', 'keep', '--runs', '100000'], {
      cwd,
      // The first progress is shown after a second: the command is then in the middle of its work.
      onStart: (child) => child.stderr?.once('data', () => child.kill('SIGINT')),
    })
    expect(code).toBe(130)
  })

  async function pair(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(join(cwd, name))
    for (const [file, sql] of Object.entries(files)) await writeFile(join(cwd, name, `${file}.sql`), sql)
  }
})
