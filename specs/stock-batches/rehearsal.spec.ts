import { expect, test } from 'vitest'
import { openUrlCopy } from '../../harness/operations/index.ts'
import { renderMarkdownRehearsal } from '../../harness/operations/rehearse/render-markdown.ts'
import { openShop, startProduction } from '../harness/operations/production.ts'
import { learnPair, rehearseOn } from '../harness/operations/rehearsals.ts'

const minutes = 60_000

/** Items of three locations, some without stock, some with nothing to carry. */
const inventory = `
INSERT INTO "locations" ("id", "name", "updatedAt") SELECT 'l' || n, 'location ' || n, now() FROM generate_series(1, 3) AS n;
INSERT INTO "items" ("id", "name", "status", "quantityInStock", "costPerUnitUSD", "orderDate", "notes", "locationId", "updatedAt")
SELECT 'item ' || n, 'item ' || n, CASE WHEN n % 3 > 0 THEN 'Arrived'::"Status" END, CASE WHEN n % 5 > 0 THEN n % 100 END, n / 100.0,
  CASE WHEN n % 7 > 0 THEN now() END, 'note ' || n, 'l' || 1 + n % 3, now() FROM generate_series(1, 4000) AS n`

test('SB-12: a rehearsal on a copy keeps the window of 15 minutes, and reports the number of rows at which it would be missed', {
  timeout: 120_000,
}, async () => {
  const pair = await learnPair('migrations/stock-batches', 1)
  await using production = await startProduction()
  const legacy = pair.migration.legacy.map(({ text }) => text).join('\n')
  await using shop = await openShop(production, legacy + inventory)
  await using copy = await openUrlCopy(shop.url)
  const rehearsal = await rehearseOn(pair, copy, { growth: true, windowMs: 15 * minutes })
  expect(rehearsal).toMatchObject({ verdict: 'holds', findings: [], window: { ms: 15 * minutes, kept: true }, down: { equal: true } })
  expect(rehearsal.made).toEqual([{ table: 'public.stock_batches', rows: 4000 }])
  const { growth } = rehearsal
  if (growth.outcome !== 'measured') throw new Error(growth.because)
  expect(growth.passes[0]).toMatchObject({ sample: 100, rows: 4003 })
  // As much as the plan's largest shop has, many times over.
  expect(growth.windowRowsAtLeast).toBeGreaterThan(100_000)
  expect(growth.windowRows).toBeGreaterThanOrEqual(growth.windowRowsAtLeast ?? Number.NaN)
  expect(renderMarkdownRehearsal(rehearsal)).toMatch(
    /The window of 15 minutes is missed at [\d,]+ rows; with 95 % certainty not before [\d,]+ rows\./,
  )

  const missed = await rehearseOn(pair, copy, { windowMs: 1 })
  expect(missed).toMatchObject({ verdict: 'violated', window: { kept: false } })
  expect(missed.findings).toEqual([expect.objectContaining({ invariant: 'online-safety', kind: 'window', severity: 'error' })])
})
