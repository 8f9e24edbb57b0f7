import { verifyShared } from 'godwit/vitest'
import { expect, test } from 'vitest'

test('KV-1, KV-5, KV-6: the harness finds nothing against the program as a migration', { timeout: 180_000 }, async () => {
  const { result } = await verifyShared('migrations/kv-to-tables', { runs: 8 })
  const migration = result.migrations[0]
  const judged = Object.fromEntries(migration?.invariants.map(({ id, verdict }) => [id, verdict]) ?? [])
  expect({ verdict: result.verdict, findings: migration?.findings.map(({ message }) => message), judged }).toMatchObject({
    verdict: 'holds',
    findings: [],
    judged: {
      applies: 'holds',
      'zero-loss': 'holds',
      'quantity-parity': 'holds',
      'rollback-restores-state': 'holds',
      atomicity: 'holds',
      determinism: 'holds',
    },
  })
})
