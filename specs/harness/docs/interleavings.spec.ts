import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Operation } from 'godwit'
import { wrongInterleaving } from 'godwit/vitest'
import { expect, test } from 'vitest'
// The example of docs/interleavings.md, whose test runs here.
import { waiters } from '../../../fixtures/interleavings/specs/tables.spec.ts'
import { pageFiles, pageOutput } from '../page-files.ts'

test('docs/interleavings.md shows the example as it is', async () => {
  const files = Object.entries(await pageFiles('interleavings.md'))
  expect(files.map(([file]) => file)).toEqual(['specs/tables.spec.ts'])
  for (const [file, text] of files) expect(await readFile(`fixtures/interleavings/${file}`, 'utf8')).toBe(text)
})

test('without its lock the example fails as docs/interleavings.md shows', async () => {
  const { addItem } = waiters.operations ?? {}
  const unlocked: Operation = async (client, input) =>
    addItem?.({ query: (sql, parameters) => client.query(sql.replace(' FOR UPDATE', ''), parameters) }, input)
  const reportDirectory = await mkdtemp(join(tmpdir(), 'godwit-interleavings-'))
  try {
    const message = await wrongInterleaving('waiters at one table', { ...waiters, operations: { addItem: unlocked }, reportDirectory })
    expect(`${message?.replace(reportDirectory, 'reports')}\n`).toBe(await pageOutput('interleavings.md'))
  } finally {
    await rm(reportDirectory, { recursive: true })
  }
})
