import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'

describe('the verdict', () => {
  test('on the corrected migration holds after 100 runs, with a lineage for every attribute of items', { timeout: 120_000 }, async () => {
    const { result } = await verifyShared('migrations/stock-batches', { runs: 100 })
    const migration = result.migrations[0]
    const lineage = migration?.lineage.filter((each) => each.from.startsWith('public.items.')) ?? []
    expect({
      verdict: result.verdict,
      warnings: result.warnings,
      runs: migration?.runs,
      rung: migration?.rung,
      attributes: lineage.length,
      kept: lineage.every((each) => each.fate === 'kept' && each.to.includes(each.from)),
      copied: lineage.filter((each) => each.to.some((to) => to.startsWith('public.stock_batches.'))).length,
      disagreements: migration?.disagreements,
    }).toEqual({ verdict: 'holds', warnings: 0, runs: 100, rung: 'transaction', attributes: 15, kept: true, copied: 13, disagreements: [] })
  })

  test('on the plan as written names in one run what breaks it', { timeout: 120_000 }, async () => {
    const { result } = await verifyShared('fixtures/specimens/stock-batches-as-planned')
    const findings = result.migrations[0]?.findings.map((each) => [
      each.invariant,
      each.kind,
      each.severity,
      `${each.relation}.${each.attribute}`,
    ])
    expect(result.verdict).toBe('violated')
    expect(findings).toEqual(
      expect.arrayContaining([
        ...['quantityInStock', 'status', 'costPerUnitUSD', 'freightCostUSD'].map((name) => [
          'applies',
          '23502',
          'error',
          `public.items.${name}`,
        ]),
        ['zero-loss', 'cell-altered', 'warning', 'public.items.orderDate'],
        ['quantity-parity', 'difference', 'error', 'public.items.quantityInStock'],
        ['rollback-restores-state', 'schema', 'error', 'public.items.useBatchSystem'],
        ['determinism', 'random', 'info', 'public.stock_batches.id'],
      ]),
    )
  })
})
