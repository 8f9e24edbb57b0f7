import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { runPage } from './run-page.ts'

/** Versions are the time at which a file is generated. */
const named = (text: string) => text.replaceAll(/\d{14}_rename/g, '20261129201500_rename')

test('every command of the page on renaming prints what the page says', { timeout: 120_000 }, async () => {
  await using repository = await scratchRepository({ ...(await pageFiles('rename-a-table.md')), 'supabase/config.toml': '' })
  expect(await runPage('docs/rename-a-table.md', { directory: repository.directory, named })).toBe(2)
})

test('every command of the page on splitting prints what the page says', { timeout: 240_000 }, async () => {
  const { 'db/migrations/002_two_names.sql': second = '', ...files } = await pageFiles('split-a-column.md')
  await using repository = await scratchRepository(files)
  const before = { 1: () => repository.write({ 'db/migrations/002_two_names.sql': second }) }
  expect(await runPage('docs/split-a-column.md', { directory: repository.directory, before })).toBe(5)
})

test('exit codes: 1 where a value does not come back, 2 for a mapping that cannot be read, 0 and no file with --dry-run', {
  timeout: 120_000,
}, async () => {
  const { 'db/migrations/002_two_names.sql': second = '', ...files } = await pageFiles('split-a-column.md')
  await using repository = await scratchRepository(files)
  const generate = (...args: readonly string[]) => repository.runHere(['compat', 'generate', ...args])
  expect(await generate('nowhere.yaml', 'db/migrations')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"nowhere.yaml" cannot be read: ENOENT'),
  })
  const refused = await generate('split.yaml', 'db/migrations', '--json', '--runs', '4')
  expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([
    1,
    { verdict: 'violated', written: false, examples: [{ table: 'public.customers' }] },
  ])
  await repository.write({ 'db/migrations/002_two_names.sql': second })
  const dry = await generate('split.yaml', 'db/migrations', '--dry-run', '--runs', '4')
  expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('-- db/migrations/003_split_name.down.sql\n')])
  expect((await readdir(join(repository.directory, 'db/migrations'))).sort()).toEqual(['001_customers.sql', '002_two_names.sql'])
})
