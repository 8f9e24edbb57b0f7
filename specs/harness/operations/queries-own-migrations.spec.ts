import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { bandedDataset, planGeneration, seedDataset } from '../../../harness/data/index.ts'
import { readSources } from '../../../harness/history/index.ts'
import { readHints } from '../../../harness/migration/index.ts'
import { writeQueries } from '../../../harness/operations/index.ts'
import { scriptsOf } from '../../../harness/run/scripts-of.ts'
import { hasPsql, runPsql } from './psql.ts'

const psql = hasPsql()
if (!psql) console.log('skipped: the verification queries of our own migrations, since psql is not on PATH')

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-spec-queries-own-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.skipIf(!psql)('the verification queries of our own migrations', { timeout: 120_000 }, () => {
  test.each([
    ['stock-batches', `UPDATE stock_batches SET quantity = quantity + 1 WHERE id = (SELECT min(id) FROM stock_batches WHERE quantity > 0)`],
    ['order-line-items', `UPDATE order_line_items SET quantity = quantity + 1 WHERE id = (SELECT min(id) FROM order_line_items)`],
  ])('%s: ok on rows that it migrated, and what is then spoilt is named', async (name, spoil) => {
    const path = join('migrations', name)
    const [written] = await writeQueries([path], { runs: 5 }, { reports: folder })
    const [before = '', after = ''] = written?.files ?? []
    const [source] = await readSources([path], {})
    const migration = source?.kind === 'pairs' ? source.migrations[0]?.migration : undefined
    if (migration === undefined) throw new Error(`no migration in ${path}`)
    await using database = await (await useCluster()).createDatabase()
    {
      await using session = await database.connect()
      for (const script of migration.legacy) await session.script(script.text)
      const catalog = await readCatalog(session)
      const [up, down] = [scriptsOf(migration.up), scriptsOf(migration.down)]
      const plan = await planGeneration(session, catalog, readHints([...up, ...down], catalog, up.length))
      const rows = bandedDataset(plan, { seed: 1, rows: 12, variant: 0 })
      expect(await seedDataset(session, plan, rows)).toMatchObject({ unfilled: [] })
    }
    const url = database.url()
    expect(await runPsql(url, { file: before })).toMatchObject({ code: 0, stderr: '' })
    expect(await runPsql(url, { file: join(path, 'up.sql') })).toMatchObject({ code: 0 })
    const good = await runPsql(url, { file: after })
    expect([good.code, good.stderr]).toEqual([0, ''])
    expect(await runPsql(url, { sql: spoil })).toMatchObject({ code: 0, stdout: expect.stringContaining('UPDATE 1') })
    const bad = await runPsql(url, { file: after })
    expect([bad.code, bad.stderr]).toEqual([3, expect.stringMatching(/quantity/i)])
  })
})
