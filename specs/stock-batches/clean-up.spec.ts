import { claim } from 'godwit/vitest'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LoadedPlan, readPlan } from '../../harness/operations/index.ts'
import { StatementError } from '../../harness/postgres/index.ts'
import { addBatch } from '../../migrations/stock-batches/writes.ts'
import { observedBefore, observeIn, openStore, readyIn, reasonsOf, type Store } from '../harness/operations/ready-support.ts'
import { corrected } from './passage.ts'
import { readState } from './state.ts'

// The clean-up as `godwit observe` and `godwit ready --run` gate it.
describe('stock-batches, the gated clean-up', () => {
  let plan: LoadedPlan
  let store: Store
  beforeAll(async () => {
    plan = await readPlan('migrations/stock-batches/end-transition.ts')
  })
  beforeEach(async () => {
    await store?.[Symbol.asyncDispose]()
    store = await openStore(`${corrected.legacy};${corrected.up}`)
    await store.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "status", "updatedAt")
      VALUES ('lamp', 'lamp', 4, 'Arrived', now()), ('sofa', 'sofa', 2, NULL, now()), ('chair', 'chair', NULL, NULL, now())`)
    await addBatch(store.session, { id: 'one', itemId: 'lamp', quantity: 1 })
    await addBatch(store.session, { id: 'two', itemId: 'sofa', quantity: 1 })
  })
  afterAll(() => store?.[Symbol.asyncDispose]())

  /** A write past the triggers, as an error in them would leave it. */
  const sabotage = (sql: string) =>
    store.session.script(`SET session_replication_role = replica; ${sql}; SET session_replication_role = origin`)
  const triggers = async () => (await readState(store.session)).catalog.filter((line) => line.startsWith('trigger ')).length

  claim('SB-11', 'godwit ready runs the clean-up after a clean week, and not on its last day', async () => {
    await observedBefore(store, plan, [6, 5, 4, 3, 2, 1])
    const early = await readyIn(store, plan, true)
    expect([early.ready, early.ran, reasonsOf(early)]).toEqual([
      false,
      false,
      ['quantity: not observed on DAY (UTC)', 'first-batch: not observed on DAY (UTC)'],
    ])
    expect(await triggers()).toBe(4)
    await store.session.script('TRUNCATE godwit.observations')
    await observedBefore(store, plan)
    expect(await readyIn(store, plan)).toMatchObject({ ready: true, ran: false })
    expect(await triggers()).toBe(4)
    expect(await readyIn(store, plan, true)).toMatchObject({ ready: true, ran: true })
    expect(await triggers()).toBe(0)
  })

  claim('SB-11', 'godwit ready refuses while one item mismatches, names it with both values, and changes nothing', async () => {
    await observedBefore(store, plan)
    await sabotage(`UPDATE "stock_batches" SET "quantity" = 9 WHERE "id" = 'one'; UPDATE "items" SET "notes" = 'other' WHERE "id" = 'sofa'`)
    const before = await readState(store.session)
    const answer = await readyIn(store, plan, true)
    expect([answer.ready, answer.ran, reasonsOf(answer)]).toEqual([
      false,
      false,
      [
        'quantity: wrong now: 1 row: id=lamp in items=5 in batches=13',
        'first-batch: wrong now: 1 row: id=sofa column=notes in items=other in its first batch=NULL',
      ],
    ])
    expect(await readState(store.session)).toEqual(before)
    // Clean again, but a mismatch was observed in between.
    await observeIn(store, plan)
    await sabotage(`UPDATE "stock_batches" SET "quantity" = 1 WHERE "id" = 'one'; UPDATE "items" SET "notes" = NULL WHERE "id" = 'sofa'`)
    expect(reasonsOf(await readyIn(store, plan, true))).toEqual([
      'quantity: wrong at DAY (observation 15): 1 row: id=lamp in items=5 in batches=13',
      'first-batch: wrong at DAY (observation 16): 1 row: id=sofa column=notes in items=other in its first batch=NULL',
    ])
    expect(await triggers()).toBe(4)
  })

  test.each([
    ['commits a mismatch', 'COMMIT', false],
    ['gives up', 'ROLLBACK', true],
  ] as const)('SB-11: a writer who writes between the two looks, and %s, cannot slip through', async (_, end, ran) => {
    await observedBefore(store, plan)
    await using writer = await store.database.connect()
    await writer.script(`BEGIN; SET LOCAL session_replication_role = replica; UPDATE "stock_batches" SET "quantity" = 9 WHERE "id" = 'one'`)
    // Without its own lock and its own check: the gate alone guards it.
    const statements = plan.cleanUp.statements.filter(({ node }) => node !== 'LockStmt' && node !== 'DoStmt')
    expect(statements.length).toBe(plan.cleanUp.statements.length - 2)
    const answer = readyIn(store, { ...plan, cleanUp: { ...plan.cleanUp, statements } }, true)
    // It has looked once, and now waits for the writer's table.
    await vi.waitFor(async () => expect(await waiters()).toEqual(1), { timeout: 4_000 })
    // Who comes now waits behind it.
    await using later = await store.database.connect({ lockTimeoutMs: 30_000 })
    const late = later.script(`UPDATE "stock_batches" SET "notes" = 'late' WHERE "id" = 'one'`)
    await vi.waitFor(async () => expect(await waiters()).toEqual(2), { timeout: 4_000 })
    await writer.script(end)
    expect((await answer).ran).toBe(ran)
    await late
    expect(await triggers()).toBe(ran ? 0 : 4)
  })

  const waiters = async () =>
    (
      await store.session.one<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
    ).count

  test('SB-11: the plan refuses whatever end-transition.sql refuses', async () => {
    const sabotages = [
      `UPDATE "stock_batches" SET "quantity" = 9 WHERE "id" = 'one'`,
      `UPDATE "stock_batches" SET "status" = 'Ordered' WHERE "id" = 'lamp'`,
      `UPDATE "items" SET "quantityInStock" = NULL WHERE "id" = 'lamp'`,
      `UPDATE "stock_batches" SET "orderDate" = '2020-01-01' WHERE "id" = 'lamp'`,
      `DELETE FROM "stock_batches"; UPDATE "items" SET "useBatchSystem" = true`,
    ]
    await observedBefore(store, plan)
    for (const sql of sabotages) {
      await store.session.script(`BEGIN; SET LOCAL session_replication_role = replica; ${sql}; SET LOCAL session_replication_role = origin`)
      const refusal = await store.session.script(plan.cleanUp.text).catch((error: unknown) => error)
      await store.session.script('ROLLBACK')
      await sabotage(sql)
      const { checks } = await readyIn(store, plan)
      expect([sql, refusal instanceof StatementError && refusal.sqlstate, checks.some(({ now }) => now.wrong > 0)]).toEqual([
        sql,
        'P0001',
        true,
      ])
      await store.session.script('DELETE FROM "stock_batches" WHERE "id" NOT IN (\'lamp\', \'sofa\')')
      await store.session.script(`TRUNCATE "items" CASCADE`)
      await store.session.script(
        `INSERT INTO "items" ("id", "name", "quantityInStock", "status", "updatedAt") VALUES ('lamp', 'lamp', 4, 'Arrived', now())`,
      )
      await addBatch(store.session, { id: 'one', itemId: 'lamp', quantity: 1 })
    }
  })
})
