import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { scratchRepository, soundPair } from './scratch-repository.ts'

const run = promisify(execFile)
const checkout = resolve('.')

/** Put this checkout into a repository's node_modules as it would be published: built, and without its sources. */
async function install(directory: string): Promise<void> {
  const place = join(directory, 'node_modules/godwit')
  await mkdir(place, { recursive: true })
  for (const part of ['package.json', 'bin', 'harness/report/page/page.css', 'harness/report/page/client.js'])
    await cp(join(checkout, part), join(place, part), { recursive: true })
  await run(process.execPath, ['--import', 'tsx', 'scripts/bundle.ts', join(place, 'dist')], { cwd: checkout })
  await symlink(join(checkout, 'node_modules'), join(place, 'node_modules'))
  await symlink(join(checkout, 'node_modules/vitest'), join(directory, 'node_modules/vitest'))
}

/** As in a shell of the user's, outside of this run of Vitest. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST|NODE_ENV|GODWIT_|GITHUB_)/.test(name)))
}

describe('godwit init', () => {
  test('in a CommonJS package with a history writes what runs as it is: the command, and the spec', { timeout: 300_000 }, async () => {
    await using repository = await scratchRepository({
      'package.json': '{ "name": "shop", "private": true, "type": "commonjs" }',
      'db/migrations/001_items.sql': 'CREATE TABLE items (id int PRIMARY KEY, notes text);\n',
      'db/migrations/002_extra.sql': 'ALTER TABLE items ADD COLUMN extra text;\n',
    })
    await install(repository.directory)
    const options = { cwd: repository.directory, env: ownEnvironment() }
    const bin = join(repository.directory, 'node_modules/godwit/bin/godwit.mjs')
    const { stdout } = await run(process.execPath, [bin, 'init'], options)
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'Found db/migrations (sql).',
      'wrote    godwit.config.mts',
      'wrote    specs/migrations.spec.mts',
      'wrote    vitest.config.mts',
    ])

    const verified = await run(process.execPath, [bin, 'verify', '--runs', '4'], options)
    expect(verified.stdout).toMatch(/^2 migrations: 0 violated/m)
    const gated = await run(process.execPath, [bin, 'gate', '--runs', '4'], options)
    expect(gated.stdout).toMatch(/^✓ /)

    const vitest = join(repository.directory, 'node_modules/vitest/vitest.mjs')
    const specs = await run(process.execPath, [vitest, 'run', 'specs/', '--reporter=json'], options)
    const { numPassedTests, numFailedTests } = JSON.parse(specs.stdout.slice(specs.stdout.indexOf('{"num')))
    expect([numPassedTests > 0, numFailedTests]).toEqual([true, 0])
    expect(specs.stderr).not.toMatch(/loaded as CommonJS|ERR_REQUIRE_ESM/)
  })

  test('never overwrites what is there, says what it kept, and does with --force', async () => {
    await using repository = await scratchRepository({
      ...soundPair('migrations/step'),
      'godwit.config.ts': '// mine\n',
      'package.json': '{ "type": "module" }',
    })
    const config = () => readFile(join(repository.directory, 'godwit.config.ts'), 'utf8')
    const kept = await repository.runHere(['init'])
    expect([kept.code, await config()]).toEqual([0, '// mine\n'])
    expect(kept.stdout).toContain('kept     godwit.config.ts, which was there (--force overwrites it)\n')
    const forced = await repository.runHere(['init', '--force'])
    expect(forced.stdout).toContain('replaced godwit.config.ts\n')
    expect(await config()).toContain("path: 'migrations'")
  })

  test('leaves a configuration under another name alone, even with --force', async () => {
    await using repository = await scratchRepository({ 'godwit.config.json': '{}' })
    const { stdout } = await repository.runHere(['init', '--force'])
    expect(stdout).toContain('kept     godwit.config.json, which was there\n')
  })

  test('in a repository with several folders makes each a project, named after its package', async () => {
    await using repository = await scratchRepository({
      'services/billing/migrations/001_a.up.sql': 'CREATE TABLE a (id int);',
      'services/billing/migrations/001_a.down.sql': 'DROP TABLE a;',
      'services/stock/migrations/001_b.up.sql': 'CREATE TABLE b (id int);',
      'services/stock/migrations/001_b.down.sql': 'DROP TABLE b;',
    })
    const { code } = await repository.runHere(['init'])
    const config = await readFile(join(repository.directory, 'godwit.config.ts'), 'utf8')
    expect([code, config.match(/\{ name.*\}/g)]).toEqual([
      0,
      ["{ name: 'billing', path: 'services/billing/migrations' }", "{ name: 'stock', path: 'services/stock/migrations' }"],
    ])
  })

  test('in an empty directory says what it assumes, and that no spec can run there', async () => {
    await using repository = await scratchRepository()
    const { code, stdout } = await repository.runHere(['init'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^No migrations were found here: "migrations" is assumed to become their folder\.\nwrote {4}godwit\.config\.ts\n\n/,
    )
    expect(stdout).toContain('There is no package.json here, so no spec was written')
  })

  test('refuses a named folder that holds no migrations', async () => {
    await using repository = await scratchRepository({ 'empty/README.md': '' })
    const { code, stdout, stderr } = await repository.runHere(['init', 'empty'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^godwit: "empty" holds no migrations/)
  })

  test('names the folders that it saw and did not take', async () => {
    await using repository = await scratchRepository({
      'db/changes/001_a.sql': 'SELECT 1;',
      'db/changes/002_b.sql': 'SELECT 2;',
      'migrations/20260101_a.js': '',
    })
    const { stdout } = await repository.runHere(['init'])
    expect(stdout).toMatch(
      /^No migrations were found here.*\nNot taken: "db\/changes" holds 2 numbered SQL files: npx godwit verify db\/changes\nNot taken: 1 file that looks like a migration of a tool that runs programs/,
    )
  })

  test('of a tool that runs programs says what its configuration lacks, and how to change it', async () => {
    await using repository = await scratchRepository({
      'package.json': '{ "type": "commonjs" }',
      'knexfile.js': "module.exports = { client: 'pg', connection: { host: 'db.example.org' } }",
      'migrations/20260101_a.js': '',
    })
    const { code, stdout } = await repository.runHere(['init'])
    expect([code, stdout.split('\n').slice(0, 3)]).toEqual([
      0,
      [
        'Found . (knex).',
        'Missing: "knexfile.js" reads no connection from the environment, so that knex cannot be given a database of its own. Change it so that it does, e.g.: connection: process.env.DATABASE_URL ?? { /* as now */ },',
        'wrote    godwit.config.mts',
      ],
    ])
    expect(await readFile(join(repository.directory, 'specs/migrations.spec.mts'), 'utf8')).toContain("describeMigration('.')")
  })

  test('of a tool that runs programs says what is not installed', async () => {
    await using repository = await scratchRepository({
      // Programs of folders above a repository are not its own.
      '.git/HEAD': '',
      'package.json': '{ "type": "module" }',
      'src/data-source.ts':
        "import { DataSource } from 'typeorm'\nexport default new DataSource({ type: 'postgres', url: process.env.DATABASE_URL })",
    })
    const { stdout } = await repository.run(['init'], { PATH: '/usr/bin:/bin', NODE_OPTIONS: '' })
    expect(stdout.split('\n').slice(0, 4)).toEqual([
      'Found . (typeorm).',
      '  typeorm is run once (typeorm migration:run -d src/data-source.ts), on a database that Godwit makes; what it sends is recorded. The address is in DATABASE_URL (url).',
      'Missing: The program "typeorm" is not found. Install it: npm i -D typeorm',
      'Missing: "src/data-source.ts" is TypeScript, and the project has nothing that loads it. Install it: npm i -D tsx',
    ])
  })

  test('in a package of type module writes files that end in .ts', async () => {
    await using repository = await scratchRepository({ ...soundPair('migrations/step'), 'package.json': '{ "type": "module" }' })
    const { stdout } = await repository.runHere(['init'])
    expect(stdout).toMatch(/wrote {4}godwit\.config\.ts\nwrote {4}specs\/migrations\.spec\.ts\nwrote {4}vitest\.config\.ts\n/)
  })

  test('refuses a package.json that is not JSON', async () => {
    await using repository = await scratchRepository({ ...soundPair('migrations/step'), 'package.json': '{' })
    const { code, stderr } = await repository.runHere(['init'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^godwit: "package\.json" is not JSON/m)])
  })
})
