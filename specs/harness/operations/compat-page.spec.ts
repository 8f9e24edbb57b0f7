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

test('every command of the page on splitting prints what the page says', { timeout: 120_000 }, async () => {
  const { 'db/migrations/002_two_names.sql': second = '', ...files } = await pageFiles('split-a-column.md')
  await using repository = await scratchRepository(files)
  const before = { 1: () => repository.write({ 'db/migrations/002_two_names.sql': second }) }
  expect(await runPage('docs/split-a-column.md', { directory: repository.directory, before })).toBe(3)
})
