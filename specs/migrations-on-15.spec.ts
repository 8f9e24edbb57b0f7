import { verify } from 'godwit'
import { describe, expect, test } from 'vitest'
import { inGate } from './in-gate.ts'

// The other specs of the migrations run on the newest PostgreSQL; "npm run claims:15" runs all of them on the oldest one that they promise.
describe('on PostgreSQL 15', () => {
  const holding = ['migrations/stock-batches', 'migrations/order-line-items', 'migrations/table-items']
  const violated = ['fixtures/specimens/stock-batches-as-planned', 'fixtures/specimens/order-line-items-as-planned']
  test.each([
    ...inGate(holding, 1).map((path) => [path, 'holds'] as const),
    ...inGate(violated, 1).map((path) => [path, 'violated'] as const),
  ])('%s %s', { timeout: 240_000 }, async (path, verdict) => {
    const { result } = await verify([path], { postgres: '15', runs: 20 })
    expect([result.postgres.version.split('.')[0], result.verdict]).toEqual(['15', verdict])
    // The first step of a history makes tables only, and needs no runs.
    expect(result.migrations.at(-1)?.runs).toBeGreaterThan(0)
    if (verdict === 'holds') expect(result.migrations.flatMap(({ disagreements }) => disagreements)).toEqual([])
  })
})
