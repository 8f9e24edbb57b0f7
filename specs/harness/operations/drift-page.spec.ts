import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { startCluster } from '../../../harness/postgres/index.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { openShop } from './production.ts'
import { runPage } from './run-page.ts'

let production: StartedCluster
beforeAll(async () => {
  production = await startCluster({ kind: 'embedded' })
})
afterAll(() => production?.stop())

/** A project of MikroORM whose model has a column that no step makes. */
async function schoolOfHouses(directory: string): Promise<void> {
  const school = 'fixtures/programs/mikro-orm'
  for (const file of ['package.json', 'mikro-orm.config.js']) await cp(join(school, file), join(directory, file))
  await mkdir(join(directory, 'src/entities'), { recursive: true })
  const house = await readFile(join(school, 'src/entities/house.js'), 'utf8')
  await writeFile(
    join(directory, 'src/entities/house.js'),
    house.replace(/name: \{.*\},/, "name: { type: 'text' }, motto: { type: 'text', nullable: true },"),
  )
  await mkdir(join(directory, 'migrations'))
  await writeFile(
    join(directory, 'migrations/Migration20240105090000.js'),
    `const { Migration } = require('@mikro-orm/migrations')
exports.Migration20240105090000 = class extends Migration {
  up() { this.addSql('create table houses (id serial primary key, name text not null)') }
}
`,
  )
  await symlink(resolve('node_modules'), join(directory, 'node_modules'))
}

test('every command of the page prints what the page says', { timeout: 60_000 }, async () => {
  const files = await pageFiles('drift.md')
  await using shop = await openShop(production, files['db/migrations/001_people.sql'] ?? '')
  await shop.session.script(
    `ALTER TABLE people ALTER name TYPE varchar(60); CREATE INDEX people_nick ON people (nick);
     CREATE TABLE schema_migrations (version text PRIMARY KEY)`,
  )
  await using repository = await scratchRepository(files)
  const named = (text: string) =>
    text
      .replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432')
      .replaceAll(shop.database.name, 'shop')
      .replaceAll(/PostgreSQL 18\.\d+/g, 'PostgreSQL 18.4')
  const { directory } = repository
  const before = { 2: () => schoolOfHouses(directory) }
  expect(await runPage('docs/drift.md', { directory, env: { GODWIT_URL: shop.url }, named, before })).toBe(3)
})

test('exit codes: 1 with drift, 0 without, 4 where a step is a program, 2 and 3 with one clear message', { timeout: 60_000 }, async () => {
  const files = await pageFiles('drift.md')
  await using repository = await scratchRepository(files)
  await using shop = await openShop(production, files['db/migrations/001_people.sql'] ?? '')
  const drift = async (args: readonly string[], url: string = shop.url) => {
    const { code, stdout, stderr } = await repository.run(['schema', 'drift', ...args], { GODWIT_URL: url })
    return { code, stdout, stderr: stderr.trim().split('\n')[0] }
  }
  expect(await drift(['db/migrations', '--at', '001_people.sql'])).toMatchObject({ code: 0 })
  const json = await drift(['db/migrations', '--json'])
  expect([json.code, JSON.parse(json.stdout).drift.map((each: { path: string }) => each.path)]).toEqual([
    1,
    ['public.people.nick', 'public.names'],
  ])
  await repository.write({ 'db/migrations/002_nick.sql': 'SELECT 1/0' })
  expect(await drift(['db/migrations'])).toMatchObject({ code: 4, stdout: expect.stringContaining('division by zero') })
  expect(await drift(['db/migrations'], 'postgres://nobody@127.0.0.1:1/none')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^godwit: .*127\.0\.0\.1:1/),
  })
  expect(await drift(['nowhere'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/^godwit: /) })
  expect(await drift(['db/migrations'], '')).toMatchObject({ code: 2, stderr: 'godwit: no database is named' })
})

test('every command of the page of schema diff prints what the page says', { timeout: 60_000 }, async () => {
  await using repository = await scratchRepository(await pageFiles('schema-diff.md'))
  expect(await runPage('docs/schema-diff.md', { directory: repository.directory })).toBe(4)
  expect(await readFile(join(repository.directory, 'db/migrations/003_nick.sql'), 'utf8')).toContain('INSERT INTO public.schema_versions')
})

test('every command of the page of types prints what the page says', { timeout: 60_000 }, async () => {
  await using repository = await scratchRepository(await pageFiles('schema-types.md'))
  expect(await runPage('docs/schema-types.md', { directory: repository.directory })).toBe(1)
})

test('schema diff: two databases, and a step that is not there, are refused by name', { timeout: 60_000 }, async () => {
  await using repository = await scratchRepository(await pageFiles('schema-diff.md'))
  await using shop = await openShop(production, 'CREATE TABLE people (id int PRIMARY KEY)')
  const diff = (from: string, to: string) => repository.runHere(['schema', 'diff', from, to])
  expect(await diff(shop.url, shop.url)).toMatchObject({ code: 2, stderr: expect.stringContaining('two databases are not compared here') })
  expect(await diff('db/migrations@009', 'db/migrations')).toMatchObject({ code: 2, stderr: expect.stringContaining('has no step "009"') })
  const live = await diff(shop.url, 'db/migrations')
  expect([live.code, live.stdout]).toEqual([1, expect.stringContaining('attribute public.people.name is new')])
  expect(live.stdout).not.toContain(production.address.password)
})
