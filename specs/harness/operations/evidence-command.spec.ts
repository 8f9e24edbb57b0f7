import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { leftBehind, runDirectories } from '../cli/left-behind.ts'
import { runBin } from '../cli/run-bin.ts'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { major, openShop, type Shop, skipped, startProduction } from './production.ts'

describe.skipIf(major === undefined)(`godwit evidence${skipped}`, () => {
  let production: StartedCluster
  let shop: Shop
  let repository: ScratchRepository
  beforeAll(async () => {
    production = await startProduction()
    shop = await openShop(production, 'CREATE TABLE items (id int, note text); CREATE TABLE other (id int); INSERT INTO items VALUES (1)')
    repository = await scratchRepository({
      'migrations/001_items.sql': 'CREATE TABLE items (id int, note text); CREATE TABLE other (id int);\n',
      'migrations/002_notes.sql': "UPDATE items SET note = '' WHERE note IS NULL;\n",
      'migrations/godwit.config.json': JSON.stringify({
        contracts: {
          '002_notes.sql': { measures: [{ name: 'ids', before: 'SELECT sum(id) FROM items', after: 'SELECT sum(id) FROM items' }] },
        },
      }),
    })
  })
  afterAll(async () => {
    await repository?.[Symbol.asyncDispose]()
    await shop?.[Symbol.asyncDispose]()
    await production?.stop()
  })

  const folders = () => readdirSync(repository.directory).filter((name) => name !== 'migrations')
  const sessions = async () =>
    (await shop.session.one<{ others: number }>('SELECT count(*)::int AS others FROM pg_stat_activity WHERE datname = current_database()'))
      .others - 1

  test('takes a step of a history into a folder named by the time, and checks it', async () => {
    const { code, stdout, stderr } = await repository.run([
      'evidence',
      'migrations',
      '--only',
      '002_notes.sql',
      '--config',
      'migrations/godwit.config.json',
      '--url',
      shop.url,
    ])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/migration 002_notes\.sql\n[\s\S]*CSV {7}1 table: public\.items \([\s\S]*\nproven {4}restored/)
    expect(stdout + readFileSync(join(repository.directory, folders()[0] ?? '', 'totals.json'), 'utf8')).not.toContain(
      new URL(shop.url).password,
    )
    expect(stdout).toContain('dump.pgdump: 2 tables and 1 measure\n')
    const [folder = ''] = folders()
    expect(folder).toMatch(/^evidence-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/)
    const whole = await repository.run(['evidence', '--check', folder])
    expect([whole.code, whole.stdout.split('\n')[0]]).toEqual([0, `✓ ${folder} is as it was taken`])
    const csv = join(repository.directory, folder, 'csv/public.items.csv')
    writeFileSync(csv, `${readFileSync(csv, 'utf8')}"2",\n`)
    expect(await repository.run(['evidence', '--check', folder])).toEqual({
      code: 1,
      stdout: `✗ ${folder} is not as it was taken\n  csv/public.items.csv holds 2 rows of public.items; totals.json says 1.\n  The CSV data gives another measure "ids" than totals.json: 3 over 1 key, not 1 over 1 key.\n`,
      stderr: '',
    })
  })

  test.each([
    [['evidence', 'migrations'], 2, 'godwit: no database is named\nHint: Name it with --url'],
    [['evidence', 'migrations', '--url', 'postgres://me:s3cret@127.0.0.1:1/x'], 3, 'godwit: cannot use the server at 127.0.0.1:1\n'],
    [['evidence', 'nowhere', '--url', 'postgres://127.0.0.1:1/x'], 2, 'nowhere'],
    [['evidence', '--check', 'x', '--out', 'y'], 2, 'godwit: --check reads a folder of evidence alone\n'],
    [['evidence', '--check', 'migrations'], 2, 'godwit: "migrations" holds no finished evidence\n'],
    [['evidence', 'migrations', '--digest', 'x', '--url', 'postgres://127.0.0.1:1/x'], 2, 'godwit: --digest is for --check\n'],
  ])('%j ends with %i and one message', async (args, exitCode, message) => {
    const { code, stdout, stderr } = await repository.runHere(args)
    expect([code, stdout]).toEqual([exitCode, ''])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('s3cret')
  })

  test.each([
    ['SIGINT', 130, 'the dump is written', (folder: string) => existsSync(join(folder, 'dump.pgdump'))],
    ['SIGTERM', 143, 'it is restored', (_: string, pid: number) => runDirectories(pid).length > 0],
  ] as const)(
    'that is ended by %s (%i) while %s leaves no folder, no server, no session and no pg_dump',
    async (signal, exitCode, _, begun) => {
      await shop.session.script('TRUNCATE items; INSERT INTO items SELECT n, repeat(md5(n::text), 8) FROM generate_series(1, 150000) AS n')
      const temporary = join(repository.directory, `migrations/tmp-${signal}`)
      await mkdir(temporary, { mode: 0o755 })
      const folder = join(repository.directory, `interrupted-${signal}`)
      let pid = 0
      const { code } = await runBin(['evidence', 'migrations', '--out', `interrupted-${signal}`, '--url', shop.url], {
        cwd: repository.directory,
        env: { TMPDIR: temporary },
        onStart: (child) => {
          pid = child.pid ?? 0
          void vi.waitFor(() => expect(begun(folder, pid)).toBe(true), { timeout: 30_000, interval: 5 }).then(() => child.kill(signal))
        },
      })
      expect([code, existsSync(folder), leftBehind(pid, temporary)]).toEqual([exitCode, false, []])
      await vi.waitFor(async () => expect(await sessions()).toBe(0), { timeout: 10_000 })
    },
  )
})
