import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPlan } from '../../../harness/operations/index.ts'
import { planSchema } from '../../../harness/operations/ready/plan.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { documentedKeys, table, withGenerated } from '../config/generated-page.ts'
import { pageFiles } from '../page-files.ts'
import { observedBefore, openStore } from './ready-support.ts'
import { runPage } from './run-page.ts'

const folder = 'migrations/move-stock'

/** What differs from run to run. */
function plain(output: string): string {
  return output.replaceAll(/\d{4}-\d\d-\d\d(T[\d:.]+Z)?/g, 'DAY')
}

test('every command of the page prints what the page says', async () => {
  const files = await pageFiles('ready.md')
  await using store = await openStore(files[`${folder}/schema.sql`] ?? '')
  await using repository = await scratchRepository(files)
  /** What happens before a command, by its place. */
  const before: Readonly<Record<number, () => Promise<unknown>>> = {
    1: () => store.session.script('UPDATE stock SET quantity = 900 WHERE product = 2'),
    3: async () => {
      await store.session.script('TRUNCATE godwit.observations RESTART IDENTITY')
      await observedBefore(store, await readPlan(join(repository.directory, folder, 'drop-stock.ts')))
    },
  }
  const named = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(store.database.name, 'shop')
  const run = { directory: repository.directory, env: { GODWIT_URL: store.url }, before, named, timeless: plain }
  expect(await runPage('docs/ready.md', run)).toBe(5)
  expect(
    await store.session.query(`SELECT attname FROM pg_attribute WHERE attrelid = 'products'::regclass AND attnum > 0 AND NOT attisdropped`),
  ).toEqual([{ attname: 'id' }, { attname: 'name' }])
})

test('the page has every key of a plan (to write it anew: vitest run specs/harness/operations/ready-page.spec.ts -u)', async () => {
  const rows = documentedKeys(planSchema)
  expect(rows.filter(([, meaning]) => meaning === '')).toEqual([])
  await expect(await withGenerated('ready.md', 'keys', table(['key', 'meaning', 'default'], rows))).toMatchFileSnapshot(
    '../../../docs/ready.md',
  )
})
