import fc from 'fast-check'
import { describeMigration } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { storeArbitrary } from '../fixtures/kv/store-arbitrary.ts'
import { expectAllAccounted, shownCounts, shownModel } from './kv-to-tables/claims.ts'
import { Filled } from './kv-to-tables/filled.ts'
import { emptyState, judge, migrate } from './kv-to-tables/model.ts'
import { readState, readStore } from './kv-to-tables/state.ts'
import { openWorkbench, type StoreType, type Workbench } from './kv-to-tables/workbench.ts'

const RUNS = 25

describeMigration('migrations/kv-to-tables', { runs: 8 })

describe.each(['jsonb', 'json', 'text'] as const)('kv-to-tables, a store of %s', { timeout: 120_000 }, (type: StoreType) => {
  let bench: Workbench
  const codes = new Set<string>()
  const filled = new Filled()
  beforeAll(async () => {
    bench = await openWorkbench(type)
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  test('the model finds in any record what is wrong with it by its making', () => {
    fc.assert(
      fc.property(storeArbitrary({ type: 'text' }), (records) => {
        for (const { key, text, kind, faults } of records) {
          if (kind === 'unknown') continue
          const found = judge(kind, key, text ?? null).faults.map((fault) => (fault.endsWith(' encoding') ? '* encoding' : fault))
          expect({ key, text, found: found.sort() }).toEqual({ key, text, found: faults })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('KV-1, KV-2, KV-3: any store ends as the model says, cell by cell and reason by reason, and every record is accounted for', async () => {
    await fc.assert(
      fc.asyncProperty(storeArbitrary({ type, maxRecords: 42 }), async (records) => {
        await bench.fill(records)
        const result = await bench.run()
        const store = await readStore(bench.session)
        const model = emptyState()
        const counts = migrate(model, store)
        const state = await readState(bench.session)
        expect(state).toEqual(shownModel(model))
        expect(shownCounts(result)).toEqual(Object.fromEntries(counts))
        expectAllAccounted(result, state, store.keys())
        filled.add(result)
        for (const code of Object.keys(result.total.reasons)) codes.add(code)
      }),
      { numRuns: RUNS, interruptAfterTimeLimit: 70_000 },
    )
    // Not vacuous: most kinds of damage were drawn, and whole families of records moved.
    filled.expectEnough(`KV-1, KV-2, KV-3, ${type}`)
    expect(codes.size).toBeGreaterThan(12)
  })
})
