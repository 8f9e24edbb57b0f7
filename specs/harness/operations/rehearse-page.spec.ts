import { expect, test } from 'vitest'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { openShop, startProduction } from './production.ts'
import { runPage } from './run-page.ts'

/** What differs from run to run, or from machine to machine. */
function plain(output: string): string {
  return output
    .replaceAll('db.example.org:5432', 'HOST')
    .replaceAll(/godwit_[0-9a-f]+_[0-9a-f]+/g, 'shop')
    .replaceAll(/PostgreSQL [\d.]+\w*/g, 'PostgreSQL N')
    .replaceAll(/[\d.]+ (?:bytes|kB|MB)\b/g, 'SIZE')
    .replaceAll(/[\d.]+ m?s\b/g, 'TIME')
    .replaceAll(/SIZE (?:larger|smaller)/g, 'SIZE other')
    .replaceAll(/#[0-9a-f]{8}/g, '#MASK')
    .replaceAll(/ {2}lock .*\n/g, '')
    .replaceAll(/'[^']*' became '[^']*' \(\d+ of \d+ rows\)|e\.g\. '[^']*' \(\d+ of \d+ rows\)/g, 'VALUES')
}

test('every command of the page prints what the page says', { timeout: 120_000 }, async () => {
  const files = await pageFiles('rehearse.md')
  await using production = await startProduction()
  await using shop = await openShop(production, files['migrations/tidy-customers/legacy.sql'] ?? '')
  await shop.session.script(
    `INSERT INTO customers SELECT n, 'name ' || n, CASE WHEN n IN (7, 8) THEN 'Llanfairpwllgwyngyll on Sea' WHEN n % 2 = 0 THEN 'Bath' END
       FROM generate_series(1, 3000) AS n`,
  )
  await using repository = await scratchRepository(files)
  const named = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(shop.database.name, 'shop')
  const run = { directory: repository.directory, env: { GODWIT_COPY_URL: shop.url }, named, timeless: plain }
  expect(await runPage('docs/rehearse.md', run)).toBe(1)
})
