import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSource } from '../../../harness/formats/read-source.ts'
import { type TemporaryFolder, temporaryFolder } from './folder.ts'

type Files = Readonly<Record<string, string>>

async function read(files: Files, prepare: (folder: TemporaryFolder) => void = () => undefined) {
  await using folder = await temporaryFolder(files)
  prepare(folder)
  const source = await readSource(folder.path)
  if (source.kind !== 'history') throw new Error('no history')
  const { format, steps, ignored } = source.history
  return { format, steps: steps.map(({ name }) => name), ignored: ignored.map(({ file }) => file) }
}

const dbmate = '-- migrate:up\nSELECT 1;\n-- migrate:down\n'
const goose = '-- +goose Up\nSELECT 1;\n'
const nodePg = '-- Up Migration\nSELECT 1;\n'
const committed = '--! Previous: -\n--! Hash: sha1:x\n--! AllowInvalidHash\n\nSELECT 1;\n'
const journal = '{"entries":[{"idx":0,"when":1,"tag":"0_a"}]}'

/** One history of each format, with a folder in it that is named like one of its files. */
const histories: readonly (readonly [format: string, files: Files, folder: string, steps: readonly string[]])[] = [
  ['dbmate', { '1_a.sql': dbmate }, '2_old.sql', ['1_a.sql']],
  ['goose', { '1_a.sql': goose }, '2_old.sql', ['1_a.sql']],
  ['node-pg-migrate', { '1_a.sql': nodePg }, '2_old.sql', ['1_a.sql']],
  ['golang-migrate', { '1_a.up.sql': 'SELECT 1' }, '2_old.up.sql', ['1_a.up.sql']],
  ['flyway', { 'V1__a.sql': 'SELECT 1' }, 'V2__old.sql', ['V1__a.sql']],
  ['graphile-migrate', { 'committed/000001.sql': committed }, 'committed/000002.sql', ['committed/000001.sql']],
  ['drizzle', { 'meta/_journal.json': journal, '0_a.sql': 'SELECT 1' }, '1_old.sql', ['0_a.sql']],
  ['diesel', { 'a/up.sql': 'SELECT 1' }, 'b/up.sql', ['a']],
  ['sqitch', { 'sqitch.plan': '%project=p\na 2026-01-01T00:00:00Z A <a@b>\n', 'deploy/a.sql': 'SELECT 1' }, 'deploy/b.sql', ['a']],
  ['supabase', { 'supabase/migrations/1_a.sql': 'SELECT 1' }, 'supabase/migrations/2_old.sql', ['1_a.sql']],
]

describe('a folder that is named like a file is a folder', () => {
  test('a step of Prisma is called by its name, whatever it ends in', async () => {
    const files = {
      'migration_lock.toml': 'provider = "postgresql"',
      '20240101_add.sql/migration.sql': 'SELECT 1',
      '2_b/migration.sql': '',
    }
    expect(await read(files)).toMatchObject({ format: 'prisma', steps: ['20240101_add.sql', '2_b'] })
    const { 'migration_lock.toml': _, ...unmarked } = files
    expect(await read(unmarked)).toMatchObject({ format: 'prisma', steps: ['20240101_add.sql', '2_b'] })
  })

  test('steps of Drizzle and Diesel are called by theirs', async () => {
    const drizzle = { '20240101000000_a.sql/migration.sql': 'SELECT 1', '20240101000000_a.sql/snapshot.json': '{}' }
    expect(await read(drizzle)).toMatchObject({ format: 'drizzle', steps: ['20240101000000_a.sql'] })
    expect(await read({ '1_a.sql/up.sql': 'SELECT 1', '1_a.sql/down.sql': '' })).toMatchObject({ format: 'diesel', steps: ['1_a.sql'] })
  })

  test.each(histories)('%s passes over what is in one', async (format, files, folder, steps) => {
    const within = { [`${folder}/notes.md`]: 'old', [`${folder}/3_draft.sql`]: 'SELECT 1' }
    const { ignored, ...told } = await read({ ...files, ...within })
    expect(told).toEqual({ format, steps })
    expect(ignored).toEqual([expect.stringMatching(/3_draft\.sql$/)])
  })

  test('plain SQL has its files as steps', async () => {
    expect(await read({ '1.sql': '', '2.sql/a.sql': '', '2.sql/b.sql': '' })).toMatchObject({
      format: 'sql',
      steps: ['1.sql', '2.sql/a.sql', '2.sql/b.sql'],
    })
  })

  test('a link to a folder is a folder', async () => {
    const told = await read({ 'migrations/1.sql': '', 'elsewhere/notes.md': '' }, ({ path }) =>
      symlinkSync(join(path, 'elsewhere'), join(path, 'x.sql')),
    )
    expect(told).toMatchObject({ format: 'sql', steps: ['1.sql'] })
  })
})

describe('a folder that is named like a file which is looked for beside or above a history', () => {
  test.each([
    'legacy.sql',
    'up.sql',
    'package.json',
    'flyway.conf',
    'flyway.toml',
    'application.yml',
    'compose.yml',
    '.gmrc',
    'sqitch.conf',
    'drizzle.config.ts',
    'prisma.config.ts',
    'diesel.toml',
    'supabase/config.toml',
  ])('%s', async (name) => {
    const files = { 'committed/000001.sql': committed }
    expect(await read(files, ({ path }) => mkdirSync(join(path, name), { recursive: true }))).toMatchObject({
      steps: ['committed/000001.sql'],
    })
    const flyway = { 'V1__a.sql': 'SELECT 1' }
    expect(await read(flyway, ({ path }) => mkdirSync(join(path, name), { recursive: true }))).toMatchObject({ format: 'flyway' })
  })

  test('an include of psql', async () => {
    await using folder = await temporaryFolder({ 'db/1.sql': '\\i part.sql\n', 'part.sql': 'SELECT 2;' })
    mkdirSync(join(folder.path, 'db/part.sql'))
    mkdirSync(join(folder.path, '.git'))
    const source = await readSource(join(folder.path, 'db'))
    expect(source).toMatchObject({ history: { steps: [{ up: { script: { statements: [{ text: 'SELECT 2' }] } } }] } })
  })
})

describe('a file that is named like a folder is a file', () => {
  test('where a configuration says the folder is', async () => {
    const files = { out: 'no folder', 'drizzle.config.ts': "export default { out: './out' }", 'migrations/1.sql': '' }
    expect(await read(files)).toMatchObject({ format: 'sql', steps: ['1.sql'] })
  })

  test.each([
    ['migrations', { migrations: '', 'db/migrations/1.sql': '' }, ['1.sql']],
    ['current', { 'committed/000001.sql': committed, current: '' }, ['committed/000001.sql']],
    ['legacy', { legacy: '', '1.sql': '' }, ['1.sql']],
    ['a step', { 'a/migration.sql': '', b: '', 'migration_lock.toml': '' }, ['a']],
  ])('%s', async (_, files, steps) => {
    expect((await read(files)).steps).toEqual(steps)
  })
})
