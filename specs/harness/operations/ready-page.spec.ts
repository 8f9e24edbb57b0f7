import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readPlan } from '../../../harness/operations/index.ts'
import { planSchema } from '../../../harness/operations/ready/plan.ts'
import { type GuidePart, readGuide, writeGuide } from '../../kv-to-tables/guide.ts'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { documentedKeys, table, withGenerated } from '../config/generated-page.ts'
import { pageFiles } from '../page-files.ts'
import { observedBefore, openStore } from './ready-support.ts'

const page = 'docs/ready.md'
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
  const found: GuidePart[] = []
  let commands = 0
  for (const part of readGuide(await readFile(page, 'utf8'))) {
    if ('prose' in part) {
      found.push(part)
      continue
    }
    const ran: { command: string; output: string }[] = []
    for (const { command, output } of part.commands) {
      await before[commands]?.()
      commands += 1
      const [npx, godwit, ...args] = command.split(' ')
      expect([npx, godwit]).toEqual(['npx', 'godwit'])
      const { stdout } = await repository.runHere([...args, '--url', store.url])
      const printed = stdout.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(store.database.name, 'shop')
      ran.push({ command, output: printed })
      if (process.env.GODWIT_UPDATE_GUIDE !== 'true') expect(`$ ${command}\n${plain(printed)}`).toBe(`$ ${command}\n${plain(output)}`)
    }
    found.push({ commands: ran })
  }
  expect(commands).toBe(5)
  expect(
    await store.session.query(`SELECT attname FROM pg_attribute WHERE attrelid = 'products'::regclass AND attnum > 0 AND NOT attisdropped`),
  ).toEqual([{ attname: 'id' }, { attname: 'name' }])
  if (process.env.GODWIT_UPDATE_GUIDE === 'true') await writeFile(page, writeGuide(found))
})

test('the page has every key of a plan (to write it anew: vitest run specs/harness/operations/ready-page.spec.ts -u)', async () => {
  const rows = documentedKeys(planSchema)
  expect(rows.filter(([, meaning]) => meaning === '')).toEqual([])
  await expect(await withGenerated('ready.md', 'keys', table(['key', 'meaning', 'default'], rows))).toMatchFileSnapshot(
    '../../../docs/ready.md',
  )
})
