import { verify } from 'godwit'
import { describe, expect, test } from 'vitest'

// The other specs of the migrations run on the newest PostgreSQL; "npm run claims:15" runs all of them on the oldest one that they promise.
describe('on PostgreSQL 15', () => {
  test.each([
    ['migrations/stock-batches', 'holds'],
    ['fixtures/specimens/stock-batches-as-planned', 'violated'],
    ['migrations/order-line-items', 'holds'],
    ['fixtures/specimens/order-line-items-as-planned', 'violated'],
    ['migrations/table-items', 'holds'],
  ])('%s %s', { timeout: 240_000 }, async (path, verdict) => {
    const { result } = await verify([path], { postgres: '15', runs: 20 })
    expect([result.postgres.version.split('.')[0], result.verdict]).toEqual(['15', verdict])
    // The first step of a history makes tables only, and needs no runs.
    expect(result.migrations.at(-1)?.runs).toBeGreaterThan(0)
    if (verdict === 'holds') expect(result.migrations.flatMap(({ disagreements }) => disagreements)).toEqual([])
  })
})
