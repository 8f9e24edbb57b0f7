import { expect, test } from 'vitest'
import { startCluster } from '../../../harness/postgres/index.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { openShop } from './production.ts'
import { runPage } from './run-page.ts'

test('every command of the page prints what the page says', { timeout: 60_000 }, async () => {
  const files = await pageFiles('usage.md')
  await using production = await startCluster(
    { kind: 'embedded' },
    { settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' } },
  )
  await using shop = await openShop(production, files['schema.sql'] ?? '')
  await shop.session.script('CREATE ROLE reports; CREATE ROLE shop; GRANT SELECT ON report, order_line_items TO reports, shop')
  await shop.session.query('SELECT pg_stat_statements_reset()')
  const asRole = (role: string, sql: string) => async () => {
    await shop.session.script(`SET ROLE ${role}`)
    await shop.session.script(sql)
    await shop.session.script('RESET ROLE')
  }
  await using repository = await scratchRepository(files)
  const timeless = (text: string) =>
    text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replace(/recorded {2}\d+ statements/, 'recorded  N statements')
  const named = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(shop.database.name, 'shop')
  const before = { 1: asRole('reports', 'SELECT total FROM report') }
  expect(await runPage('docs/usage.md', { directory: repository.directory, env: { GODWIT_URL: shop.url }, before, timeless, named })).toBe(
    2,
  )
  const usage = async (...args: string[]) => {
    const { code, stdout, stderr } = await repository.run(['usage', ...args], { GODWIT_URL: shop.url })
    return [code, ([0, 1, 4].includes(code ?? -1) ? stdout : stderr).trim().split('\n').at(-1)]
  }
  expect(await usage('order_line_items', '--days', '1')).toEqual([1, '✗ It was used within 1 day.'])
  await shop.session.query('SELECT pg_stat_statements_reset()')
  expect(await usage('order_line_items')).toEqual([
    4,
    expect.stringMatching(/^\? Whether anybody has used it for 7 days is unknown. Nobody has used it since /),
  ])
  expect((await usage('nothing'))[0]).toBe(2)
  expect((await usage())[0]).toBe(2)
  expect(await usage('order_line_items', '--days', 'soon')).toEqual([2, expect.anything()])
})
