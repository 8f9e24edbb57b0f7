import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startCluster } from '../../../harness/postgres/index.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { openShop } from './production.ts'
import { runPage } from './run-page.ts'

test('every command of the page prints what the page says', { timeout: 60_000 }, async () => {
  const files = await pageFiles('when-may-the-view-go.md')
  const [, plan = ''] =
    /```js\n\/\/ removal\/tombstone\.mjs\n([\s\S]*?)```/.exec(await readFile('docs/when-may-the-view-go.md', 'utf8')) ?? []
  await using production = await startCluster(
    { kind: 'embedded' },
    { settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' } },
  )
  await using shop = await openShop(production, files['schema.sql'] ?? '')
  await shop.session.script('CREATE ROLE reports; GRANT SELECT ON report, order_lines TO reports')
  await shop.session.query('SELECT pg_stat_statements_reset()')
  await using repository = await scratchRepository({ ...files, 'removal/tombstone.mjs': plan })
  const used = async () => {
    await shop.session.script('SET ROLE reports')
    await shop.session.script('SELECT total FROM report')
    await shop.session.script('RESET ROLE')
  }
  /** Code and report are changed, and 31 days have gone by: snapshots and the server's own figures are as they would be then. */
  const later = async () => {
    await repository.write({ 'src/queries.sql': 'SELECT sum(quantity) FROM lines;\n' })
    await shop.session.script(`CREATE OR REPLACE VIEW report AS SELECT sum(quantity) AS total FROM lines;
SELECT pg_stat_statements_reset();
CREATE OR REPLACE VIEW pg_stat_statements_info AS SELECT dealloc, stats_reset - interval '31 days' AS stats_reset FROM pg_stat_statements_info();
DELETE FROM godwit.usage`)
  }
  const timeless = (text: string) =>
    text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME').replace(/recorded {2}\d+ statements/, 'recorded  N statements')
  const named = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(shop.database.name, 'shop')
  const run = { directory: repository.directory, env: { GODWIT_URL: shop.url }, before: { 2: used, 3: later }, timeless, named }
  expect(await runPage('docs/when-may-the-view-go.md', run)).toBe(5)
  await expect(shop.session.script('SET ROLE reports; SELECT quantity FROM order_lines')).rejects.toThrow(
    'permission denied for view order_lines',
  )
  await shop.session.script(`RESET ROLE; ${await readFile(`${repository.directory}/removal/tombstone.back.sql`, 'utf8')}`)
  await shop.session.script('SET ROLE reports; SELECT quantity FROM order_lines')
})
