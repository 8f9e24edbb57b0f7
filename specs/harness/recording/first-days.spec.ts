import { execFile } from 'node:child_process'
import { chmod, cp, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { knexProject } from './knex-project.ts'

const run = promisify(execFile)

async function commit({ directory }: ScratchRepository): Promise<void> {
  const git = (...args: string[]) => run('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: directory })
  await git('init', '-q', '-b', 'main')
  await git('add', '-A')
  await git('commit', '-qm', 'first')
}

describe('the first days with a tool that runs programs', { timeout: 120_000 }, () => {
  test('a saved verdict holds for the programs that were recorded, and for no others', async () => {
    await using repository = await knexProject()
    await rm(join(repository.directory, 'migrations/20240102_drop.js'))
    const verified = await repository.run(['verify', '--runs', '4'])
    expect([verified.code, verified.stderr.includes('violated')]).toEqual([0, false])
    const gate = async () => {
      const { code, stdout } = await repository.run(['gate', '--runs', '4'])
      return [code, ...stdout.trim().split('\n')]
    }
    expect(await gate()).toEqual([0, expect.stringMatching(/^✓ the saved verdict holds for these files: 1 step on PostgreSQL/)])

    await repository.write({ 'src/prices.js': 'exports.digits = 3\n', 'migrations/20240103_more.js': 'exports.up = () => {}\n' })
    expect(await gate()).toEqual([
      1,
      expect.stringMatching(/^✗ /),
      '  file: migrations/20240103_more.js is new',
      '  file: src/prices.js has changed',
    ])
  })

  test('a counterexample of a recorded step is replayed, also behind one that its tool runs', async () => {
    await using repository = await knexProject()
    await repository.write({
      'migrations/20240101_loop.js': `exports.up = async (knex) => {
  await knex.raw('CREATE TABLE notes (id int PRIMARY KEY, item int REFERENCES items)')
  for (const { id } of await knex('items').select('id')) await knex('notes').insert({ id, item: id })
}
exports.down = (knex) => knex.schema.dropTable('notes')
`,
    })
    const verified = await repository.run(['verify', '--runs', '4', '--only', '20240102_drop.js'])
    expect([verified.code, verified.stdout]).toEqual([1, expect.stringContaining('items.note is lost')])
    const folder = 'reports/20240102_drop.js/counterexamples'
    const [file] = (await readdir(join(repository.directory, folder))).filter((name) => name.startsWith('zero-loss'))
    const replay = () => repository.run(['replay', `${folder}/${file}`])
    const again = await replay()
    expect([again.code, again.stdout]).toEqual([1, expect.stringMatching(/^still violates: items\.note is lost/)])

    const index = "exports.up = (knex) => knex.schema.alterTable('items', (t) => t.index('note'))\n"
    await repository.write({
      'migrations/20240102_drop.js': `${index}${index.replaceAll('up =', 'down =').replaceAll('index', 'dropIndex')}`,
    })
    const mended = await replay()
    expect([mended.code, mended.stdout]).toEqual([0, expect.stringMatching(/^no longer violates/)])
  })

  test('--since verifies the programs that a branch adds, and refuses one that was merged and is gone or other now', async () => {
    await using repository = await knexProject()
    await commit(repository)
    const more = "exports.up = (knex) => knex.raw('CREATE TABLE more (id int)')\nexports.down = (knex) => knex.raw('DROP TABLE more')\n"
    await repository.write({ 'migrations/20240103_more.js': more, 'src/old.sql': 'SELECT 1' })
    const since = () => repository.run(['verify', '--runs', '4', '--since', 'main'])
    const added = await since()
    expect([added.code, added.stdout]).toEqual([0, expect.stringMatching(/^✓ 20240103_more\.js {2}holds/m)])

    const file = join(repository.directory, 'migrations/20240101_items.js')
    await repository.write({ 'migrations/20240101_items.js': `${await readFile(file, 'utf8')}// changed\n` })
    expect(await since()).toMatchObject({ code: 2, stderr: expect.stringContaining('a merged file changed: "20240101_items.js"') })
    await run('git', ['checkout', '-q', '.'], { cwd: repository.directory })
    await rm(join(repository.directory, 'migrations/20240102_drop.js'))
    expect(await since()).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a merged file changed: "migrations/20240102_drop.js"'),
    })
  })
})

describe('godwit doctor', { timeout: 120_000 }, () => {
  const about = (stdout: string) =>
    stdout
      .slice(stdout.indexOf('\n', stdout.indexOf('Trial server')) + 1)
      .replaceAll(/^(.) (\w+) +/gm, '$1 $2: ')
      .trimEnd()

  test('starts the tool of the folder, and says how it will be run and what gets the connection', async () => {
    await using repository = await knexProject()
    const { code, stdout } = await repository.run(['doctor'])
    expect([code, about(stdout).replace(/\d+\.\d+\.\d+/, 'X')]).toEqual([
      0,
      [
        '✓ Migrations: .: knex, run once and recorded.',
        '✓ Tool: node_modules/.bin/knex, version X.',
        '✓ Command: knex migrate:latest; back: knex migrate:rollback --all',
        '✓ Connection: DATABASE_URL (url), and PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE.',
      ].join('\n'),
    ])
  })

  test('ends with 3 where the tool does not start, and says why', async () => {
    await using repository = await scratchRepository({
      '.git/HEAD': '',
      'package.json': '{ "scripts": { "migrate": "./tools/knex migrate:latest" } }',
      'knexfile.js': "module.exports = { client: 'pg', connection: process.env.DATABASE_URL }",
    })
    const missing = await repository.run(['doctor'])
    expect([missing.code, missing.stdout]).toEqual([3, expect.stringContaining('The program "./tools/knex" is not found.')])
    await repository.write({ 'tools/knex': "#!/usr/bin/env node\nrequire('no-such-package')\n" })
    await chmod(join(repository.directory, 'tools/knex'), 0o755)
    const broken = await repository.run(['doctor'])
    expect([broken.code, broken.stdout]).toEqual([
      3,
      expect.stringMatching(/✗ Tool +"\.\/tools\/knex --version" ends with an error: Error: Cannot find module 'no-such-package'/),
    ])
  })

  test.for(['atlas', 'liquibase'])('reads a folder of %s', async (format) => {
    await using repository = await scratchRepository({})
    await cp(`fixtures/histories/${format}`, repository.directory, { recursive: true })
    const { stdout } = await repository.run(['doctor'])
    expect(about(stdout)).toMatch(new RegExp(`^✓ Migrations: .*: ${format}, \\d+ steps?, read from the files\\.$`, 'm'))
  })
})
