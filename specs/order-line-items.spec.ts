import fc from 'fast-check'
import { applyStep, compareSnapshots, datasetArbitrary, readPair, seedDataset } from 'godwit'
import { describeMigration, verifyShared } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  asPlanned,
  corrected,
  linesOf,
  openWorkbench,
  rolledBack,
  type Scripts,
  stateOf,
  type Workbench,
} from './order-line-items/workbench.ts'
import { statementOf, type Write, write } from './order-line-items/writes.ts'

const RUNS = 50

describeMigration('migrations/order-line-items', { runs: 20 })

describe('order-line-items', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  const legacyRows = () => datasetArbitrary(bench.plan)
  type Lines = Awaited<ReturnType<typeof linesOf>>

  /** What contradicts a claim about the lines before `up`, and through both names after it. */
  const passes = (up: string, claim: (before: Lines, old: Lines, renamed: Lines) => readonly string[]) =>
    fc.asyncProperty(legacyRows(), (dataset) =>
      rolledBack(bench.session, async () => {
        await seedDataset(bench.session, bench.plan, dataset)
        const before = await linesOf(bench.session, 'order_line_items')
        await bench.session.script(up)
        const [old, renamed] = [await linesOf(bench.session, 'order_line_items'), await linesOf(bench.session, 'order_line_items_v2')]
        expect(claim(before, old, renamed)).toEqual([])
      }),
    )

  const countsKept = (before: Lines, old: Lines, renamed: Lines) =>
    [old, renamed].flatMap(({ rows }, at) =>
      rows.length === before.rows.length
        ? []
        : [`${before.rows.length} became ${rows.length} through the ${at === 0 ? 'old' : 'new'} name`],
    )

  const cellsKept = (before: Lines, old: Lines) => [
    ...before.columns.filter((each, at) => old.columns[at] !== each),
    ...before.rows.filter((each, at) => old.rows[at] !== each),
  ]

  test('OLI-1: any legacy table has as many rows through the old name and through the new one as before', async () => {
    await fc.assert(passes(corrected.up, countsKept), { numRuns: RUNS })
  })

  test('OLI-1 is refuted where the view leaves rows out', async () => {
    const filtered = replaced(corrected.up, 'FROM order_line_items_v2;', 'FROM order_line_items_v2 WHERE notes IS NOT NULL;')
    expect((await fc.check(passes(filtered, countsKept), { numRuns: RUNS })).failed).toBe(true)
  })

  test('OLI-2: any legacy row reads the same, cell by cell, through the old name', async () => {
    await fc.assert(passes(corrected.up, cellsKept), { numRuns: RUNS })
  })

  test('OLI-2 is refuted where the view trims a text', async () => {
    const trimmed = replaced(corrected.up, 'discount, notes, created_at', 'discount, trim(notes) AS notes, created_at')
    expect((await fc.check(passes(trimmed, cellsKept), { numRuns: 200 })).failed).toBe(true)
  })

  test('OLI-3: no sequence of statements tells the view from the table', async () => {
    const { result } = await verifiedOnce('migrations/order-line-items')
    const migration = result.migrations[0]
    const equivalence = migration?.invariants.find((each) => each.id === 'view-equivalence')
    expect(equivalence).toMatchObject({ verdict: 'holds', saw: { relations: 1 } })
    expect(equivalence?.saw.runs).toBeGreaterThan(100)
    expect(migration?.findings.filter((each) => each.severity !== 'info').map((each) => each.message)).toEqual([])
    expect(migration?.disagreements).toEqual([])
  })

  test('OLI-3 is refuted on the plan as written, in each of its parts', async () => {
    const { result } = await verifiedOnce('fixtures/specimens/order-line-items-as-planned')
    const found = result.migrations[0]?.findings.filter((each) => each.invariant === 'view-equivalence' && each.severity !== 'info')
    const named = found?.map((each) => `${each.kind} ${each.attribute ?? each.object}`) ?? []
    // Keys that are updated, rows that are returned, foreign keys, ON CONFLICT.
    for (const part of [
      /^contents id$/,
      /^rows /,
      /^sqlstate order_line_items_(order|product)_id_fkey$/,
      /^sqlstate shipment_lines_line_id_fkey$/,
    ])
      expect(named).toContainEqual(expect.stringMatching(part))
    expect(found?.map((each) => each.kind)).toContain('avoidable')
    for (const each of found ?? []) expect(each.kind === 'avoidable' || each.counterexample !== null).toBe(true)
  })

  test('OLI-4: clients that read and write the old name see no error and wait for no longer than the budget', async () => {
    const { result } = await verifyShared('migrations/order-line-items', { runs: 1, online: {} })
    const migration = result.migrations[0]
    expect(migration?.invariants.find((each) => each.id === 'online-safety')).toMatchObject({ verdict: 'holds' })
    const measured = migration?.findings.filter((each) => each.invariant === 'online-safety')
    // Behind a transaction that is left open clients wait for the lock_timeout of the migration, which is the budget.
    expect(measured?.map((each) => [each.kind, each.object, each.severity, each.evidence.endedBy])).toEqual([
      ['measured', 'down', 'info', undefined],
      ['measured', 'up', 'info', undefined],
      ['queue', 'down', 'info', 'lock-timeout'],
      ['queue', 'up', 'info', 'lock-timeout'],
    ])
  })

  test('OLI-4: a client that stays in its transaction stops up for the lock budget, and nobody behind it for longer', async () => {
    await using own = await openWorkbench()
    await using reader = await own.database.connect()
    await using migrator = await own.database.connect()
    await using client = await own.database.connect()
    const { up } = await readPair('migrations/order-line-items')
    await reader.script('BEGIN; SELECT count(*) FROM order_line_items')
    const applied = applyStep(migrator, up)
    await waitsForLock(own, migrator.processId)
    const began = performance.now()
    await client.script('SELECT count(*) FROM order_line_items')
    expect(performance.now() - began).toBeLessThan(2000)
    expect(await applied).toMatchObject({ outcome: 'failed', failure: { sqlstate: '55P03' } })
    await reader.script('SELECT count(*) FROM order_line_items; COMMIT')
    expect(await applyStep(migrator, up)).toMatchObject({ outcome: 'applied' })
  })

  /** The same writes with `up` and `down` between them, and without; what differs in the end. */
  const rollsBack = (scripts: Scripts) =>
    fc.asyncProperty(legacyRows(), fc.tuple(fc.array(write), fc.array(write), fc.array(write)), (dataset, [before, between, after]) =>
      rolledBack(bench.session, async () => {
        const { session } = bench
        await seedDataset(session, bench.plan, dataset)
        const send = async (writes: readonly Write[], from: number, migrated: boolean) => {
          for (const [at, each] of writes.entries()) await session.script(statementOf(each, from + at, migrated))
        }
        await session.script('SAVEPOINT seeded')
        await send([...before, ...between, ...after], 0, false)
        const expected = await stateOf(session)
        await session.script('ROLLBACK TO SAVEPOINT seeded')
        await send(before, 0, false)
        await session.script(scripts.up)
        await send(between, before.length, true)
        await session.script(scripts.down)
        await send(after, before.length + between.length, false)
        expect(compareSnapshots(expected, await stateOf(session))).toEqual([])
      }),
    )

  test('OLI-6: rollback at any time restores the legacy state, and keeps any rows written since', async () => {
    await fc.assert(rollsBack(corrected), { numRuns: RUNS })
  })

  test('OLI-6 is refuted on the plan as written: what was written since is lost', async () => {
    const result = await fc.check(rollsBack(asPlanned), { numRuns: RUNS })
    expect(result.failed).toBe(true)
    expect(result.counterexample?.[1].flat()).toHaveLength(1)
  })

  test.each([
    ['migrations/order-line-items', 'holds'],
    ['fixtures/specimens/order-line-items-as-planned', 'violated'],
  ])('CV-9: who could see or change which rows can after, and nobody else: %s %s', async (path, verdict) => {
    const { result } = await verifiedOnce(path)
    expect(result.migrations[0]?.invariants.find((each) => each.id === 'access-parity')).toMatchObject({ verdict })
  })

  test('both start from the same legacy schema', () => {
    expect(asPlanned.legacy).toBe(corrected.legacy)
  })
})

const verified = new Map<string, ReturnType<typeof verifyShared>>()

/** With the defaults; several claims look at one result. */
function verifiedOnce(path: string): ReturnType<typeof verifyShared> {
  const known = verified.get(path) ?? verifyShared(path)
  verified.set(path, known)
  return known
}

async function waitsForLock({ session }: Workbench, processId: number): Promise<void> {
  for (;;) {
    const { waits } = await session.one<{ waits: boolean }>('SELECT cardinality(pg_blocking_pids($1)) > 0 AS waits', [processId])
    if (waits) return
  }
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`"${from}" is not there any more`)
  return text.replace(from, to)
}
