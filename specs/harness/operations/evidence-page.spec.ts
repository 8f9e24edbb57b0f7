import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { major, openShop, skipped, startProduction } from './production.ts'
import { runPage } from './run-page.ts'

/** What differs from run to run, or from machine to machine. */
function plain(output: string): string {
  return output
    .replaceAll('db.example.org:5432', 'HOST')
    .replaceAll(/godwit_[0-9a-f]+_[0-9a-f]+/g, 'shop')
    .replaceAll(/(PostgreSQL|pg_dump) [\d.]+\w*/g, '$1 N')
    .replaceAll(/\((?:\/[\w.-]+)+\/pg_dump\)/g, '(PATH)')
    .replaceAll(/[\d.]+ (?:bytes|kB|MB)\b/g, 'SIZE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll(/\([0-9A-F]{8}-[0-9A-F]{8}-\d+\)/g, '(SNAPSHOT)')
    .replaceAll(/[0-9a-f]{64}/g, 'DIGEST')
}

test.skipIf(major === undefined)(`every command of the page prints what the page says${skipped}`, { timeout: 120_000 }, async () => {
  const files = await pageFiles('evidence.md')
  await using production = await startProduction()
  await using shop = await openShop(production, files['migrations/add-vat/legacy.sql'] ?? '')
  await shop.session.script(
    `INSERT INTO customers VALUES (1, 'Ann'), (2, NULL);
     INSERT INTO orders VALUES (1, 1, 19.90, NULL), (2, 1, 5.00, ''), (3, 2, 120.00, 'by post')`,
  )
  await using repository = await scratchRepository(files)
  const named = (text: string) => text.replaceAll(/127\.0\.0\.1:\d+/g, 'db.example.org:5432').replaceAll(shop.database.name, 'shop')
  const run = { directory: repository.directory, env: { GODWIT_URL: shop.url }, named, timeless: plain }
  expect([await runPage('docs/evidence.md', run), existsSync(`${repository.directory}/before/dump.pgdump`)]).toEqual([3, true])
})
