import fc from 'fast-check'
import type { Dataset } from 'godwit'
import { describeMigration, verifyShared } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answersKept, entriesExported, rowsKept } from './table-items/claims.ts'
import { openRestaurant, type Restaurant } from './table-items/restaurant.ts'
import { corrected, type Scripts, specimen } from './table-items/scripts.ts'

const folder = 'migrations/table-items'
const step = '20260612090000_add_table_items'

type Claim = (pos: Restaurant, scripts: Scripts, evening: Dataset, entries: readonly (string | null)[]) => Promise<readonly string[]>

/** What waiters may have entered: nothing, or any JSON, its `null` and the empty list included. */
const entries = fc.array(
  fc.option(
    fc.oneof(
      fc.constantFrom('null', '[]', '{}'),
      fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
    ),
  ),
  { minLength: 1, maxLength: 4 },
)

describeMigration(folder, { runs: 20, failOn: 'warning' })

describe('table-items', () => {
  let pos: Restaurant
  beforeAll(async () => {
    pos = await openRestaurant()
  })
  afterAll(() => pos[Symbol.asyncDispose]())

  const holds = (claim: Claim) =>
    fc.assert(
      fc.asyncProperty(pos.evenings, entries, async (evening, entered) => {
        expect(await claim(pos, corrected, evening, entered)).toEqual([])
      }),
      { numRuns: 25 },
    )

  /** What contradicts the claim on a wrong plan, on the smallest legacy rows that do; empty where none does. */
  const refuted = async (claim: Claim, plan: string): Promise<readonly string[]> => {
    const wrong = specimen(plan)
    const property = fc.asyncProperty(
      pos.evenings,
      entries,
      async (evening, entered) => (await claim(pos, wrong, evening, entered)).length === 0,
    )
    const { counterexample } = await fc.check(property, { numRuns: 25 })
    return counterexample === null ? [] : claim(pos, wrong, ...counterexample)
  }

  const underTraffic = async (path: string, rows: number, only?: string) => {
    const options = { runs: 1, online: { rows }, ...(only === undefined ? {} : { only: [only] }) }
    const findings = (await verifyShared(path, options)).result.migrations.at(-1)?.findings ?? []
    return findings.filter((each) => each.invariant === 'online-safety' && each.object === 'up')
  }

  test('godwit finds nothing on it', async () => {
    const { result } = await verifyShared(folder, { runs: 20, failOn: 'warning' })
    expect(result.migrations.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      '20260301090000_point_of_sale holds',
      '20260612090000_add_table_items holds',
    ])
    expect(result.migrations.flatMap((each) => each.findings)).toEqual([])
    const metrics = result.migrations.at(-1)?.invariants.find(({ id }) => id === 'metrics-kept')
    expect([metrics?.verdict, (metrics?.saw?.cells ?? 0) >= 3 * 20]).toEqual(['holds', true])
  })

  test('TI-1: any row is as it was, and no table has items', () => holds(rowsKept))

  test.each(['empty-list', 'json-null', 'backfilled'])('TI-1 is refuted on the plan "%s"', async (plan) => {
    expect(await refuted(rowsKept, plan)).toEqual([expect.stringContaining('has items that nobody entered')])
  })

  test('TI-1: SQL NULL, JSON null and the empty list stay three things', () =>
    pos.rolledBack(async () => {
      await pos.session.script(corrected.up)
      await pos.session.script(
        `INSERT INTO "rooms" ("id", "name", "updatedAt") VALUES ('r', 'Hall', now());
         INSERT INTO "tables" ("id", "name", "roomId", "items", "updatedAt")
           VALUES ('1', 'never', 'r', NULL, now()), ('2', 'unset', 'r', 'null', now()), ('3', 'cleared', 'r', '[]', now())`,
      )
      expect(
        await pos.session.query(
          `SELECT "name", "items" IS NULL AS missing, jsonb_typeof("items") AS kind, "items" = '[]' AS empty FROM "tables" ORDER BY "id"`,
        ),
      ).toEqual([
        { name: 'never', missing: true, kind: null, empty: null },
        { name: 'unset', missing: false, kind: 'null', empty: false },
        { name: 'cleared', missing: false, kind: 'array', empty: true },
      ])
    }))

  test('TI-2: any evening of the legacy application goes as before, statement by statement', () => holds(answersKept))

  test.each([
    ['status-follows', 'change the status of a table: 1 rows, then 23514'],
    ['backfilled', 'add a table: 1 rows, then 23502'],
  ])('TI-2 is refuted on the plan "%s"', async (plan, difference) => {
    expect(await refuted(answersKept, plan)).toContain(difference)
  })

  test('TI-4: any items that were entered are exported by the name of their table, and the legacy state is back', () =>
    holds(entriesExported))

  test('TI-4 is refuted on the plan "down-drops"', async () => {
    expect(await refuted(entriesExported, 'down-drops')).toEqual([expect.stringMatching(/^not exported: /)])
  })

  test('TI-5: the column is added without a rewrite, and no client waits longer than the budget', async () => {
    const found = await underTraffic(folder, 20_000, step)
    const [measured, queue, ...others] = found.toSorted((a, b) => a.kind.localeCompare(b.kind))
    expect(others).toEqual([])
    // Behind a transaction that is left open clients wait for the lock_timeout of the migration, which is the budget.
    expect(queue).toMatchObject({ kind: 'queue', severity: 'info', evidence: { endedBy: 'lock-timeout' } })
    expect(measured).toMatchObject({
      kind: 'measured',
      evidence: {
        clients: 4,
        lockTimeout: '500ms',
        rows: { 'public.tables': 20_000 },
        locks: [{ relation: 'public.tables', lock: 'ACCESS EXCLUSIVE' }],
      },
    })
  })

  test.each([
    ['from-tabs', 'tables with items that are not OCCUPIED'],
    ['json-null', 'tables whose items are no list'],
  ])('TI-8 is refuted on the plan "%s": %s', async (plan, metric) => {
    const { result } = await verifyShared(`fixtures/specimens/table-items-${plan}`, { runs: 20 })
    const migration = result.migrations.at(-1)
    const found = migration?.findings.filter(({ invariant }) => invariant === 'metrics-kept')
    expect(found?.map(({ kind, object, evidence }) => [kind, object, evidence.after])).toEqual([['above-maximum', metric, '1']])
    expect(migration?.claims?.find(({ id }) => id === 'TI-8')).toMatchObject({ state: 'refuted', finding: found?.[0]?.id })
  })

  test.each([
    ['stamped', 'rewrite'],
    ['backfilled', 'held'],
  ])('TI-5 is refuted on the plan "%s": %s', async (plan, kind) => {
    const up = await underTraffic(`fixtures/specimens/table-items-${plan}`, 4000)
    expect(up).toContainEqual(expect.objectContaining({ kind, severity: 'warning', relation: 'public.tables' }))
  })
})
