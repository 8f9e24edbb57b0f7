import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { writeQueries } from '../../../harness/operations/index.ts'
import { hasPsql, runPsql } from './psql.ts'

const page = await readFile(new URL('../../../docs/queries.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/```(sql|sh|text)\n([\s\S]*?)```/g)].map((match) => match[2] ?? '')
const [legacy = '', up = '', , written = '', rows = '', , ok = '', spoilt = '', differs = '', drop = ''] = blocks

let folder = ''
let files: readonly string[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-spec-queries-'))
  const migration = join(folder, 'move-stock')
  await mkdir(migration)
  await writeFile(join(migration, 'legacy.sql'), legacy)
  await writeFile(join(migration, 'up.sql'), up)
  const [one] = await writeQueries([migration], { runs: 5 }, { reports: join(folder, 'reports') })
  files = one?.files ?? []
  expect(`${one?.migration}: ${one?.queries} queries in\n${files.map((file) => `  ${file.replace(`${folder}/`, '')}\n`).join('')}`).toBe(
    written,
  )
}, 60_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

const psql = hasPsql()
if (!psql) console.log('skipped: the specs of verification queries, since psql is not on PATH')

describe.skipIf(!psql)('verification queries under psql', { timeout: 60_000 }, () => {
  /** A database with the rows of the page, saved and migrated. */
  async function migrated() {
    const database = await (await useCluster()).createDatabase()
    const url = database.url()
    const [before = '', after = ''] = files
    for (const each of [{ sql: legacy }, { sql: rows }, { file: before }, { sql: up }])
      expect(await runPsql(url, each)).toMatchObject({ code: 0, stderr: '' })
    return { url, before, after, [Symbol.asyncDispose]: () => database.drop() }
  }

  test('the page: ok after the migration, and the item by name after a wrong write', async () => {
    await using database = await migrated()
    const good = await runPsql(database.url, { file: database.after })
    expect(good).toMatchObject({ code: 0, stderr: '' })
    expect(good.stdout.trim()).toBe(ok.trim())
    expect(await runPsql(database.url, { sql: spoilt })).toMatchObject({ code: 0 })
    const bad = await runPsql(database.url, { file: database.after })
    expect(bad.code).toBe(3)
    expect(bad.stdout).toContain(differs.trim())
    expect(bad.stderr).toContain('the migration is not complete')
    expect(bad.stderr).toContain('id=2 is 90, was 900')
    expect(await runPsql(database.url, { sql: drop })).toMatchObject({ code: 0 })
    expect((await runPsql(database.url, { file: database.after })).stderr).toContain('Run before.sql before the migration.')
  })

  test('a column or a table that is missing is named', async () => {
    await using database = await migrated()
    await runPsql(database.url, { sql: 'ALTER TABLE products DROP COLUMN name' })
    const answer = await runPsql(database.url, { file: database.after })
    expect(answer.code).toBe(3)
    expect(answer.stderr).toContain('"public"."products".name is missing')
  })

  test('before.sql does not overwrite what was saved, and after.sql refuses what was saved for other files', async () => {
    await using database = await migrated()
    const again = await runPsql(database.url, { file: database.before })
    expect(again.code).toBe(3)
    expect(again.stderr).toContain('the schema godwit_before is there already')
    await runPsql(database.url, { sql: `UPDATE godwit_before.saved_for SET digest = 'other'` })
    const other = await runPsql(database.url, { file: database.after })
    expect(other.code).toBe(3)
    expect(other.stderr).toContain('was saved for another migration')
  })

  test('a role that row security shows only some rows is refused', async () => {
    await using database = await (await useCluster()).createDatabase()
    const policy = `CREATE POLICY some ON products USING (id = 1); ALTER TABLE products ENABLE ROW LEVEL SECURITY; GRANT SELECT ON products TO CURRENT_USER`
    await runPsql(database.url(), { sql: `${legacy}; ${rows}; ${policy}` })
    const script = (await readFile(files[0] ?? '', 'utf8')).replace('BEGIN ISOLATION', 'SET ROLE pg_read_all_data;\nBEGIN ISOLATION')
    const file = join(folder, 'as-reader.sql')
    await writeFile(file, script)
    const answer = await runPsql(database.url(), { file })
    expect(answer.code).toBe(3)
    expect(answer.stderr).toMatch(/permission denied|row-level security/)
  })
})

test('a step of a history has its queries too', async () => {
  const history = join(folder, 'history')
  await mkdir(history)
  await writeFile(join(history, '1_legacy.sql'), legacy)
  await writeFile(join(history, '2_move_stock.sql'), up)
  const [one, ...others] = await writeQueries([history], { runs: 1, only: ['2_move_stock.sql'] }, { reports: join(folder, 'reports') })
  expect(others).toEqual([])
  expect(one).toMatchObject({ migration: '2_move_stock.sql', because: undefined, queries: 10 })
}, 60_000)

test('bad input is refused, and leaves no file', async () => {
  const place = { reports: join(folder, 'nothing') }
  await expect(writeQueries([join(folder, 'absent')], {}, place)).rejects.toBeInstanceOf(InputError)
  expect(existsSync(place.reports)).toBe(false)
})
