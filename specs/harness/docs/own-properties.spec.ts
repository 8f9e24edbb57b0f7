import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { pageFiles } from '../page-files.ts'
// The example of docs/own-properties.md, whose test runs here.
import '../../../fixtures/own-properties/specs/totals.spec.ts'

test('docs/own-properties.md shows the example as it is', async () => {
  const files = Object.entries(await pageFiles('own-properties.md'))
  expect(files.map(([file]) => file)).toEqual(['migrations/totals/legacy.sql', 'migrations/totals/up.sql', 'specs/totals.spec.ts'])
  for (const [file, text] of files) expect(await readFile(`fixtures/own-properties/${file}`, 'utf8')).toBe(text)
})
