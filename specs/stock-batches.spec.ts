import fc from 'fast-check'
import { datasetArbitrary, noHints, planGeneration, readCatalog, seedDataset } from 'godwit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Claim, itemsKept, linksKept, metadataCopied, parityKept, rollbackExact } from './stock-batches/claims.ts'
import { type LegacyData, legacyData } from './stock-batches/legacy-data.ts'
import { parameters } from './stock-batches/parameters.ts'
import { asPlanned, corrected, type Passage, pass, passSeeded, type Scripts } from './stock-batches/passage.ts'
import { openWorkbench, type Workbench } from './stock-batches/workbench.ts'

const RUNS = 100

describe('stock-batches', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench(corrected, 'legacy')
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  // One seed for all claims: they are asked of the same passages.
  const passages = new Map<string, Promise<Passage>>()
  const passOnce = (scripts: Scripts, data: LegacyData) => {
    const key = `${scripts.up}${JSON.stringify(data)}`
    const passage = passages.get(key) ?? pass(bench.session, scripts, data)
    passages.set(key, passage)
    return passage
  }

  /** The claim over any legacy state on which `up` runs; `refused` says what a state on which it does not run means. */
  const property = (scripts: Scripts, claim: Claim, refused: 'counterexample' | 'skipped') =>
    fc.asyncProperty(legacyData(), async (data) => {
      const passage = await passOnce(scripts, data)
      if (refused === 'skipped') fc.pre(passage.outcome === 'passed')
      expect(passage.outcome === 'passed' ? claim(passage) : [`up fails with ${passage.sqlstate}`]).toEqual([])
    })

  const holds = (claim: Claim) => fc.assert(property(corrected, claim, 'counterexample'), parameters(RUNS))

  const holdsOnThePlan = (claim: Claim) => fc.assert(property(asPlanned, claim, 'skipped'), parameters(RUNS))

  /** The smallest legacy state that contradicts the claim on the plan, and what contradicts it. */
  const counterexample = async (claim: Claim): Promise<{ readonly data: LegacyData; readonly problems: readonly string[] }> => {
    const result = await fc.check(property(asPlanned, claim, 'skipped'), parameters<[LegacyData]>(RUNS))
    const [data] = result.counterexample ?? []
    if (data === undefined) throw new Error('the plan as written was not refuted')
    const passage = await passOnce(asPlanned, data)
    return { data, problems: passage.outcome === 'passed' ? claim(passage) : [] }
  }

  test('the plan as written stops at an item with stock and without a status', async () => {
    const runs = fc.asyncProperty(legacyData(), async (data) => (await passOnce(asPlanned, data)).outcome === 'passed')
    const { counterexample: found } = await fc.check(runs, parameters<[LegacyData]>(RUNS))
    const [data] = found ?? []
    expect(data?.items).toEqual([expect.objectContaining({ status: null, quantityInStock: '1' })])
    expect(data && (await passOnce(asPlanned, data))).toEqual({ outcome: 'refused', sqlstate: '23502' })
  })

  test('SB-1 items keeps every row and every value', () => holds(itemsKept))

  test('SB-1 holds even on the plan as written, where it runs', () => holdsOnThePlan(itemsKept))

  test('SB-2 the quantity, its value and the freight are those of the batches, per item and in total', () => holds(parityKept))

  test('SB-2 is refuted on the plan as written: negative stock without a status is skipped', async () => {
    const { data, problems } = await counterexample(parityKept)
    expect(data.items).toEqual([expect.objectContaining({ status: null })])
    expect(problems.length).toBeGreaterThan(0)
  })

  test('SB-3 no batch lacks its item, and locations, users, companies and expenses are still linked', () => holds(linksKept))

  test('SB-3 holds even on the plan as written, where it runs', () => holdsOnThePlan(linksKept))

  test('SB-4 dates, notes, costs and order numbers are copied unchanged', () => holds(metadataCopied))

  test('SB-4 is refuted on the plan as written: it invents order dates and leaves out what has no status', async () => {
    const { data, problems } = await counterexample(metadataCopied)
    expect(data.items).toHaveLength(1)
    expect(problems).toEqual([expect.stringMatching(/is in no batch$|^orderDate of item .*: null became 20/)])
  })

  test('SB-6 rollback gives back exactly the legacy state', () => holds(rollbackExact))

  test('SB-6 is refuted on the plan as written: the new column stays', async () => {
    const { data, problems } = await counterexample(rollbackExact)
    expect(data).toEqual({ companies: [], users: [], locations: [], items: [], expenses: [] })
    expect(problems).toEqual(['left behind: attribute items useBatchSystem boolean t false'])
  })

  test('SB-1, SB-2, SB-3, SB-4 and SB-6 hold over any rows that the harness draws from the catalog alone', async () => {
    const { session } = bench
    const plan = await planGeneration(session, await readCatalog(session), noHints)
    const drawn = { rows: 0 }
    await fc.assert(
      fc.asyncProperty(datasetArbitrary(plan), async (dataset) => {
        const passage = await passSeeded(session, corrected, () => seedDataset(session, plan, dataset))
        if (passage.outcome === 'refused') throw new Error(`up fails with ${passage.sqlstate}`)
        drawn.rows += passage.before.legacy.items.length
        for (const claim of [itemsKept, parityKept, linksKept, metadataCopied, rollbackExact]) expect(claim(passage)).toEqual([])
      }),
      parameters(RUNS),
    )
    expect(drawn.rows).toBeGreaterThan(RUNS)
  })

  test('both start from the same legacy schema', () => {
    expect(asPlanned.legacy).toBe(corrected.legacy)
  })
})
