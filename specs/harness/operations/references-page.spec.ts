import { expect, test } from 'vitest'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { runPage } from './run-page.ts'

test('every command of the page prints what the page says', { timeout: 60_000 }, async () => {
  await using repository = await scratchRepository(await pageFiles('references.md'))
  expect(await runPage('docs/references.md', { directory: repository.directory })).toBe(2)
})
