import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { findClientPrograms, type StartedCluster } from '../../../harness/postgres/index.ts'
import { leftBehind } from '../cli/left-behind.ts'
import { runBin } from '../cli/run-bin.ts'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { knexProject } from '../recording/knex-project.ts'
import { major, openShop, skipped, startProduction } from './production.ts'

const legacy = 'CREATE TABLE items (id int PRIMARY KEY, note text NOT NULL);\n'
const rows = `INSERT INTO items SELECT n, 'note ' || n FROM generate_series(1, 50) AS n`

describe('godwit rehearse', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let repository: ScratchRepository
  beforeAll(async () => {
    production = await startProduction()
    repository = await scratchRepository({
      'sound/legacy.sql': legacy,
      'sound/up.sql': 'ALTER TABLE items RENAME COLUMN note TO notes;\n',
      'sound/down.sql': 'ALTER TABLE items RENAME COLUMN notes TO note;\n',
      'lossy/legacy.sql': legacy,
      'lossy/up.sql': 'ALTER TABLE items DROP COLUMN note;\n',
      'slow/legacy.sql': legacy,
      'slow/up.sql': `UPDATE items SET note = 'x' WHERE id < 0;\nSELECT pg_sleep(600) FROM items WHERE note = 'note 49';\n`,
      'history/1_items.sql': legacy,
      'history/2_more.sql': 'ALTER TABLE items ADD COLUMN more text;\n',
      'history/3_drop.sql': 'ALTER TABLE items DROP COLUMN note;\n',
    })
  })
  afterAll(async () => {
    await repository?.[Symbol.asyncDispose]()
    await production?.stop()
  })

  const tail = (text: string) => text.trimEnd().split('\n').at(-1)

  test('says what it will do, writes the report, and ends with 0 on a sound migration', async () => {
    await using shop = await openShop(production, legacy + rows)
    const { code, stdout } = await repository.run(['rehearse', 'sound', '--on', shop.url, '--this-is-a-copy', '--runs', '3'])
    const { host, pathname, password } = new URL(shop.url)
    expect([code, tail(stdout)]).toEqual([0, `✓ All checks on the real rows of ${host}${pathname} passed.`])
    expect(stdout.split('\n')[0]).toBe(
      `rehearsal of sound on ${host}${pathname}, PostgreSQL ${production.version.text}, as role postgres; it changes this copy for good`,
    )
    expect(stdout).toContain('\n  up            ')
    const page = readFileSync(join(repository.directory, 'reports/sound/rehearsal.md'), 'utf8')
    for (const title of ['Issues found', 'What to adjust', 'Metrics', 'Rows', 'Predicted and seen', 'Checks', 'Growth', 'Not checked'])
      expect(page).toContain(`\n## ${title}\n`)
    expect(page).toContain('| `items` | 50 | 50 |')
    expect(stdout + page + readFileSync(join(repository.directory, 'reports/sound/rehearsal.json'), 'utf8')).not.toContain(password)
  })

  test('ends with 1 on a loss, with JSON alone on standard output', async () => {
    await using shop = await openShop(production, legacy + rows)
    const args = ['rehearse', 'lossy', '--this-is-a-copy', '--runs', '3', '--json', '--no-growth', '--window', '1ms']
    const { code, stdout } = await repository.run(args, { GODWIT_COPY_URL: shop.url })
    const rehearsal = JSON.parse(stdout)
    expect(code).toBe(1)
    expect(JSON.parse(readFileSync(join(repository.directory, 'reports/lossy/rehearsal.json'), 'utf8'))).toEqual(rehearsal)
    expect(rehearsal.window).toEqual({ ms: 1, kept: false })
    expect(rehearsal.findings[0]).toMatchObject({ invariant: 'zero-loss', attribute: 'note', file: 'lossy/up.sql', line: 1 })
  })

  test('records a tool that runs programs, and rehearses a step that is SQL; one that depends on rows is refused', async () => {
    await using knex = await knexProject()
    await using shop = await openShop(production, `CREATE TABLE items (id serial PRIMARY KEY, note text);${rows}`)
    const rehearse = (name: string) =>
      knex.run(['rehearse', '.', '--only', name, '--on', shop.url, '--this-is-a-copy', '--runs', '3', '--no-growth'])
    const { code, stdout } = await rehearse('20240102_drop.js')
    expect([code, stdout]).toEqual([1, expect.stringContaining('rehearsal of 20240102_drop.js on ')])
    expect(readFileSync(join(knex.directory, 'reports/20240102_drop.js/rehearsal.md'), 'utf8')).toContain('items.note')

    await knex.write({
      'migrations/20240103_loop.js': `exports.up = async (knex) => {
  for (const { id } of await knex('items').select('id')) await knex.raw('COMMENT ON TABLE items IS ' + knex.raw('?', ['item ' + id]))
}
exports.down = async () => {}
`,
    })
    expect(await rehearse('20240103_loop.js')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('godwit: 20240103_loop.js cannot be rehearsed: what it sends depends on rows'),
    })
  })

  test('rehearses one step of a history on a copy in the state before it', async () => {
    await using shop = await openShop(production, `${legacy}${rows};ALTER TABLE items ADD COLUMN more text`)
    const several = await repository.runHere(['rehearse', 'history', '--on', shop.url, '--this-is-a-copy'])
    expect([several.code, several.stdout]).toEqual([2, ''])
    expect(several.stderr).toContain('godwit: a rehearsal runs one migration, and 3 were found\n')
    const { code, stdout } = await repository.run([
      'rehearse',
      'history',
      '--only',
      '3_drop.sql',
      '--on',
      shop.url,
      '--this-is-a-copy',
      '--runs',
      '3',
    ])
    expect([code, stdout.includes('rehearsal of 3_drop.sql on ')]).toEqual([1, true])
  })

  test.each([
    [['rehearse', 'sound'], 2, 'godwit: no copy is named\nHint: Name a database with --on'],
    [['rehearse', 'sound', '--on', 'postgres://me:s3cret@127.0.0.1:1/x'], 2, 'godwit: a rehearsal changes the database for good\n'],
    [['rehearse', 'sound', '--on', 'postgres://127.0.0.1:1/x', '--dump', 'x'], 2, 'godwit: --on and --dump exclude each other\n'],
    [
      ['rehearse', 'sound', '--on', 'postgres://me:s3cret@127.0.0.1:1/x', '--this-is-a-copy'],
      3,
      'godwit: cannot use the server at 127.0.0.1:1\n',
    ],
    [['rehearse', 'sound', '--dump', 'absent'], 2, 'godwit: the dump "absent" cannot be read\n'],
    [['rehearse', 'nowhere', '--dump', 'absent'], 2, 'nowhere'],
    [['rehearse', 'sound', '--dump', 'absent', '--window', 'soon'], 2, 'It is not a duration'],
  ])('%j ends with %i and one message', async (args, exitCode, message) => {
    const { code, stdout, stderr } = await repository.runHere(args)
    expect([code, stdout]).toEqual([exitCode, ''])
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('s3cret')
  })

  test('that is ended by Ctrl-C leaves no session and no kept rows on a copy by URL, and says how the copy is left', async () => {
    await using shop = await openShop(production, legacy + rows)
    const temporary = join(repository.directory, 'tmp-url')
    await mkdir(temporary, { mode: 0o755 })
    let pid = 0
    const { code, stderr } = await runBin(['rehearse', 'slow', '--on', shop.url, '--this-is-a-copy', '--runs', '1'], {
      cwd: repository.directory,
      env: { TMPDIR: temporary },
      onStart: (child) => {
        pid = child.pid ?? 0
        void vi
          .waitFor(
            async () => expect(await shop.session.query(`SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'`)).toHaveLength(1),
            { timeout: 40_000, interval: 20 },
          )
          .then(() => child.kill('SIGINT'))
      },
    })
    const { host, pathname } = new URL(shop.url)
    expect([code, leftBehind(pid, temporary)]).toEqual([130, []])
    expect(stderr).toContain(`interrupted during up: ${host}${pathname} stays as it is now`)
    const left = `SELECT (SELECT count(*)::int FROM pg_namespace WHERE nspname = 'godwit_before') AS schemas,
      (SELECT count(*)::int - 1 FROM pg_stat_activity WHERE datname = current_database()) AS sessions`
    await vi.waitFor(async () => expect(await shop.session.one(left)).toEqual({ schemas: 0, sessions: 0 }), { timeout: 10_000 })
  })

  test.skipIf(major === undefined)(`that is ended by Ctrl-C removes the server of a dump${skipped}`, async () => {
    await using shop = await openShop(production, legacy + rows)
    const dump = findClientPrograms().find((each) => each.major >= (major ?? 0))?.dump ?? ''
    const file = join(repository.directory, 'shop.dump')
    execFileSync(dump, ['--format=custom', `--file=${file}`, shop.url])
    const temporary = join(repository.directory, 'tmp-dump')
    await mkdir(temporary, { mode: 0o755 })
    let pid = 0
    let begun = false
    const { code } = await runBin(['rehearse', 'slow', '--dump', 'shop.dump', '--runs', '1'], {
      cwd: repository.directory,
      env: { TMPDIR: temporary },
      onStart: (child) => {
        pid = child.pid ?? 0
        child.stderr?.on('data', (text: Buffer) => {
          if (begun || !/^up$/m.test(String(text))) return
          begun = true
          child.kill('SIGINT')
        })
      },
    })
    expect([code, begun, leftBehind(pid, temporary), existsSync(file)]).toEqual([130, true, [], true])
  })
})
