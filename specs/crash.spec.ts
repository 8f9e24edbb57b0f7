import { verifyShared } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { inGate } from './in-gate.ts'

/** How often the server is killed in the middle of each migration; `npm run soak` kills it 200 times. */
const kills = Number(process.env.GODWIT_CRASHES ?? 2)

const migrations = ['stock-batches', 'order-line-items', 'table-items', 'kv-to-tables']

test.each(inGate(migrations, 1))(
  '%s, killed with its server, is as before or as after, or can be run again',
  { timeout: 120_000 + kills * 6000 },
  async (name) => {
    const { result } = await verifyShared(`migrations/${name}`, { runs: 1, crash: { kills }, seed: process.env.GODWIT_SEED })
    const migration = result.migrations.at(-1)
    const judged = migration?.invariants.find(({ id }) => id === 'atomicity')
    expect([judged?.verdict, migration?.findings.filter(({ invariant }) => invariant === 'atomicity')]).toEqual(['holds', []])
    expect(judged?.saw?.runs).toBeGreaterThanOrEqual(kills)
  },
)
