import fc from 'fast-check'
import { datasetArbitrary, noHints, planGeneration, readCatalog, seedDataset } from 'godwit'
import { describeMigration } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Claim, itemsKept, linksKept, metadataCopied, parityKept, rollbackExact } from './stock-batches/claims.ts'
import { type LegacyData, legacyData } from './stock-batches/legacy-data.ts'
import { parameters } from './stock-batches/parameters.ts'
import { asPlanned, corrected, demanded, type Passage, pass, passSeeded, type Scripts } from './stock-batches/passage.ts'
import { openWorkbench, type Workbench } from './stock-batches/workbench.ts'

const RUNS = 100

describeMigration('migrations/stock-batches')

describe('stock-batches', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench(corrected, 'legacy')
    await bench.session.script(dressed)
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

  const holds = (claim: Claim) =>
    fc.assert(
      fc.asyncProperty(legacyData(), async (data) => {
        const passage = await passOnce(corrected, data)
        expect(passage.outcome === 'passed' ? claim(passage) : [`up fails with ${passage.sqlstate}`]).toEqual([])
      }),
      parameters(RUNS),
    )

  /** The claim over any legacy state on which `up` of the plan runs. */
  const onThePlan = (claim: Claim, seen: (copied: number) => void = () => undefined) =>
    fc.asyncProperty(legacyData(demanded), async (data) => {
      const passage = await passOnce(asPlanned, data)
      if (passage.outcome === 'refused') return fc.pre(false)
      seen(passage.after.batches?.length ?? 0)
      expect(claim(passage)).toEqual([])
    })

  const holdsOnThePlan = async (claim: Claim) => {
    const copied: number[] = []
    await fc.assert(
      onThePlan(claim, (count) => copied.push(count)),
      parameters(RUNS),
    )
    expect(copied.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(RUNS / 2)
  }

  /** The smallest legacy state that contradicts the claim on the plan, and what contradicts it. */
  const counterexample = async (claim: Claim): Promise<{ readonly data: LegacyData; readonly problems: readonly string[] }> => {
    const result = await fc.check(onThePlan(claim), parameters<[LegacyData]>(RUNS))
    const [data] = result.counterexample ?? []
    if (data === undefined) throw new Error('the plan as written was not refuted')
    const passage = await passOnce(asPlanned, data)
    return { data, problems: passage.outcome === 'passed' ? claim(passage) : [] }
  }

  test.each([
    ['a status', 'status', ['quantityInStock', 'costPerUnitUSD', 'freightCostUSD']],
    ['a quantity', 'quantityInStock', ['status', 'costPerUnitUSD', 'freightCostUSD']],
    ['a cost', 'costPerUnitUSD', ['status', 'quantityInStock', 'freightCostUSD']],
    ['freight', 'freightCostUSD', ['status', 'quantityInStock', 'costPerUnitUSD']],
  ] as const)('the plan as written stops at an item without %s', async (_, attribute, others) => {
    const runs = fc.asyncProperty(legacyData(others), async (data) => (await passOnce(asPlanned, data)).outcome === 'passed')
    const { counterexample: found } = await fc.check(runs, parameters<[LegacyData]>(RUNS))
    const [data] = found ?? []
    expect(data?.items).toEqual([expect.objectContaining({ [attribute]: null })])
    expect(data && (await passOnce(asPlanned, data))).toEqual({ outcome: 'refused', sqlstate: '23502' })
  })

  test('SB-1: items keeps every row and every value', () => holds(itemsKept))

  test('SB-1 holds even on the plan as written, where it runs', () => holdsOnThePlan(itemsKept))

  test('SB-2: the quantity, its value and the freight are those of the batches, per item and in total', () => holds(parityKept))

  test('SB-2 is refuted on the plan as written: negative stock without a status is skipped', async () => {
    const { data, problems } = await counterexample(parityKept)
    expect(data.items).toEqual([expect.objectContaining({ status: null })])
    expect(problems.length).toBeGreaterThan(0)
  })

  test('SB-3: no batch lacks its item, and locations, users, companies and expenses are still linked', () => holds(linksKept))

  test('SB-3 holds even on the plan as written, where it runs', () => holdsOnThePlan(linksKept))

  test('SB-4: dates, notes, costs and order numbers are copied unchanged', () => holds(metadataCopied))

  test('SB-4 is refuted on the plan as written: it invents order dates and leaves out what has no status', async () => {
    const { data, problems } = await counterexample(metadataCopied)
    expect(data.items).toHaveLength(1)
    expect(problems.length).toBeGreaterThan(0)
    for (const problem of problems) expect(problem).toMatch(/is in no batch$|^orderDate of item .*: null became 20/)
  })

  test('SB-6: rollback gives back exactly the legacy state', () => holds(rollbackExact))

  test('SB-6 is refuted on the plan as written: the new column stays', async () => {
    const { data, problems } = await counterexample(rollbackExact)
    expect(data).toEqual({ companies: [], users: [], locations: [], items: [], expenses: [] })
    expect(problems).toEqual([
      'left behind: attribute items useBatchSystem boolean f false',
      expect.stringMatching(/^left behind: place and storage items useBatchSystem/),
    ])
  })

  test('SB-1, SB-2, SB-3, SB-4, SB-6: hold over any rows that the harness draws from the catalog alone', async () => {
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

/** What a team sets on its tables besides columns and keys. A migration must leave all of it as it is. */
const dressed = `
  COMMENT ON TABLE "items" IS 'What we keep'; COMMENT ON COLUMN "items"."quantityInStock" IS 'Pieces';
  COMMENT ON CONSTRAINT "items_locationId_fkey" ON "items" IS 'Where it is'; COMMENT ON INDEX "items_status_idx" IS 'For the board';
  COMMENT ON TYPE "Status" IS 'On its way'; COMMENT ON COLUMN "locations"."name" IS 'On the door';
  ALTER TABLE "items" SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05), REPLICA IDENTITY FULL, CLUSTER ON "items_pkey",
    ALTER COLUMN "notes" SET STORAGE EXTERNAL, ALTER COLUMN "locationId" SET STATISTICS 500;
  ALTER INDEX "items_locationId_idx" SET (fillfactor = 80);
  ALTER TABLE "locations" REPLICA IDENTITY USING INDEX "locations_pkey";
  GRANT SELECT ("name", "quantityInStock"), UPDATE ("quantityInStock") ON "items" TO PUBLIC; GRANT SELECT ON "locations" TO PUBLIC;
  CREATE FUNCTION "items_noted"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
  CREATE TRIGGER "items_noted" BEFORE INSERT OR UPDATE ON "items" FOR EACH ROW EXECUTE FUNCTION "items_noted"();
  ALTER TABLE "items" ENABLE ALWAYS TRIGGER "items_noted"`
