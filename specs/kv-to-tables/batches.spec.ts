import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { kindNames, uuidOf } from '../../fixtures/kv/kinds.ts'
import { ownParts, type Parts } from '../../migrations/kv-to-tables/run/parts.ts'
import { usualBatchSize } from '../../migrations/kv-to-tables/run/run-options.ts'
import { seedBulk } from './seed-bulk.ts'
import { readState } from './state.ts'
import { emptyTables, openWorkbench, type Workbench } from './workbench.ts'

describe('KV-7: batches as the defaults make them', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  /** The lengths in characters of the values of each batch that was read. */
  const watchBatches = (): { readonly parts: Partial<Parts>; readonly batches: (readonly number[])[] } => {
    const batches: (readonly number[])[] = []
    const parts: Partial<Parts> = {
      async *readStore(...given) {
        for await (const batch of ownParts.readStore(...given)) {
          batches.push(batch.map(({ value }) => value?.length ?? 0))
          yield batch
        }
      },
    }
    return { parts, batches }
  }

  test('full ones end as small ones do', async () => {
    const store = bulkStore(13_000, { dirtyPercent: 5 })
    await seedBulk(bench.session, store)
    const { parts, batches } = watchBatches()
    const result = await bench.run({ parts })
    expect(batches.filter((batch) => batch.length === usualBatchSize).length).toBeGreaterThan(3)
    for (const kind of kindNames)
      expect(result.kinds.find((each) => each.kind === kind)).toMatchObject({
        inserted: store.truth.moved[kind],
        setAside: store.truth.setAside[kind],
      })
    const state = await readState(bench.session)
    await emptyTables(bench.session)
    await seedBulk(bench.session, store)
    await bench.run({ batchSize: 170 })
    expect(await readState(bench.session)).toEqual(state)
  })

  test('those that end by their size in characters hold no more than a record above it, and end as one batch does', async () => {
    const records = Array.from({ length: 120 }, (_, n) => ({
      key: `client:${uuidOf('clients', n)}`,
      text: JSON.stringify({
        name: `C ${n}`,
        email: n % 9 === 0 ? 'nobody' : `c${n % 50}@acme.example`,
        note: 'x'.repeat(70_000 + n * 500),
      }),
      kind: 'clients' as const,
      faults: [],
    }))
    await bench.fill(records)
    const { parts, batches } = watchBatches()
    await bench.run({ parts })
    const most = 4 * 1024 * 1024
    expect(batches.length).toBeGreaterThan(2)
    const sum = (lengths: readonly number[]) => lengths.reduce((total, each) => total + each, 0)
    for (const batch of batches.slice(0, -1)) expect([sum(batch) >= most, sum(batch.slice(0, -1)) < most]).toEqual([true, true])
    const state = await readState(bench.session)
    expect([state.aside.size > 50, (state.tables.get('clients')?.size ?? 0) > 40]).toEqual([true, true])
    await bench.fill(records)
    await bench.run({ batchCharacters: Number.POSITIVE_INFINITY })
    expect(await readState(bench.session)).toEqual(state)
  })
})
