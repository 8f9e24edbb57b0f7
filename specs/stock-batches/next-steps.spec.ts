import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readAllStock, readStock } from '../../migrations/stock-batches/reader.ts'
import { addBatch, changeBatch, removeBatch, writeItem } from '../../migrations/stock-batches/writes.ts'
import { noticesOf } from '../order-line-items/notices.ts'
import { inventoryCommands, setUp } from './inventory-commands.ts'
import { columnsOf, shown } from './inventory-model.ts'
import { parameters } from './parameters.ts'
import { corrected, failureOf, readText, rolledBack } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const RUNS = 30
const dropBatches = ['down.sql', 'emergency.sql'].map((file) => readText(`fixtures/specimens/stock-batches-as-planned/${file}`))
const dropColumns = readText('fixtures/specimens/stock-batches-as-planned/drop-columns.sql')
const endTransition = readText('migrations/stock-batches/end-transition.sql')

// What the plan does next: its emergency commands, its clean-up, and the end of the old columns.
describe('stock-batches, the next steps', () => {
  let bench: Workbench
  let legacyCatalog: readonly string[]
  beforeAll(async () => {
    await using legacy = await openWorkbench(corrected, 'legacy')
    legacyCatalog = (await readState(legacy.session)).catalog
    bench = await openWorkbench(corrected, 'migrated')
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  /** A lamp (5 pieces) with a batch, and a chair of which nothing is known. */
  const onTheInventory = (work: () => Promise<void>) =>
    rolledBack(bench.session, async () => {
      await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "status", "updatedAt")
        VALUES ('lamp', 'lamp', 4, 'Arrived', now()), ('chair', 'chair', NULL, NULL, now())`)
      await addBatch(bench.session, { id: 'one', itemId: 'lamp', quantity: 1 })
      await work()
    })

  const column = async (id: string, name: string) =>
    (await bench.session.one<{ cell: string | null }>(`SELECT "${name}"::text AS cell FROM "items" WHERE "id" = $1`, [id])).cell

  test.each(dropBatches)('SB-5: old-style writes go on after an emergency: %s', (drop) =>
    onTheInventory(async () => {
      await bench.session.script(drop)
      expect(await writeItem(bench.session, 'lamp', { quantityInStock: 7, notes: 'two came back' })).toBe(true)
      expect([await column('lamp', 'quantityInStock'), await column('lamp', 'notes')]).toEqual(['7', 'two came back'])
      await bench.session.script(`DELETE FROM "items" WHERE "id" = 'lamp'`)
    }),
  )

  test.each(dropBatches)('SB-6: rollback gives back the legacy schema after an emergency: %s', (drop) =>
    onTheInventory(async () => {
      await bench.session.script(drop)
      await bench.session.script(corrected.down)
      expect((await readState(bench.session)).catalog).toEqual(legacyCatalog)
      expect(await column('lamp', 'quantityInStock')).toBe('5')
    }),
  )

  test('SB-11: the old columns cannot be dropped while the transition goes on', () =>
    onTheInventory(async () => {
      expect(await failureOf(bench.session.script(dropColumns))).toBe('2BP01')
    }))

  test('SB-11: once the transition is ended the old columns can be dropped, and reading and batch-style writing go on', () =>
    onTheInventory(async () => {
      await bench.session.script(endTransition)
      await bench.session.script(dropColumns)
      await addBatch(bench.session, { id: 'two', itemId: 'lamp', quantity: 3, status: 'Ordered' })
      await changeBatch(bench.session, 'one', { quantity: 2 })
      await bench.session.script(`INSERT INTO "items" ("id", "name", "updatedAt") VALUES ('new', 'new', now())`)
      await addBatch(bench.session, { id: 'three', itemId: 'new', quantity: 1, costPerUnitUSD: '0.1' })
      const read = [...(await readAllStock(bench.session)).values()].map((each) => ({ ...each }))
      expect(read.sort((one, other) => (one.itemId < other.itemId ? -1 : 1))).toEqual([
        { itemId: 'chair', source: 'batches', total: null, value: '0', locations: [], statuses: [] },
        { itemId: 'lamp', source: 'batches', total: '9', value: '0', locations: [], statuses: ['Arrived', 'Ordered'] },
        { itemId: 'new', source: 'batches', total: '1', value: '0.1', locations: [], statuses: [] },
      ])
      expect(await removeBatch(bench.session, 'three')).toBe(true)
      expect(await readStock(bench.session, 'new')).toMatchObject({ source: 'batches', total: '0' })
    }))

  test('SB-11: the end of the transition leaves no trigger, no function and no default of it behind', () =>
    onTheInventory(async () => {
      await bench.session.script(endTransition)
      const { catalog } = await readState(bench.session)
      expect(catalog.filter((line) => /^(trigger|function) /.test(line))).toEqual([])
      expect(catalog).toContain('attribute items useBatchSystem boolean t true')
      const { unmarked } = await bench.session.one<{ unmarked: string }>(
        `SELECT count(*)::text AS unmarked FROM "items" WHERE NOT "useBatchSystem"`,
      )
      expect(unmarked).toBe('0')
    }))

  test.each([
    ['another quantity', `UPDATE "stock_batches" SET "quantity" = 9 WHERE "id" = 'one'`],
    ['another status', `UPDATE "stock_batches" SET "status" = 'Ordered' WHERE "id" = 'lamp'`],
    ['unknown stock', `UPDATE "items" SET "quantityInStock" = NULL WHERE "id" = 'lamp'`],
    ['another date', `UPDATE "stock_batches" SET "orderDate" = '2020-01-01' WHERE "id" = 'lamp'`],
    ['a marked item without its batches', `DELETE FROM "stock_batches"; UPDATE "items" SET "useBatchSystem" = true`],
  ])('SB-11: the transition does not end while one item mismatches: %s', (_, sabotage) =>
    onTheInventory(async () => {
      await bench.session.script(`SET LOCAL session_replication_role = replica; ${sabotage}; SET LOCAL session_replication_role = origin`)
      await bench.session.script('SAVEPOINT before')
      const before = await readState(bench.session)
      await expect(bench.session.script(endTransition)).rejects.toThrow('1 items differ from their batches: lamp')
      await bench.session.script('ROLLBACK TO SAVEPOINT before')
      expect(await readState(bench.session)).toEqual(before)
    }),
  )

  test('SB-5: any inventory reads the same before and after the end of the transition', () =>
    fc.assert(
      fc.asyncProperty(inventoryCommands(20), (commands) =>
        rolledBack(bench.session, async () => {
          const start = await setUp(bench.session)
          await fc.asyncModelRun(() => start, commands)
          await bench.session.script(endTransition)
          const read = [...(await readAllStock(bench.session)).values()].map(({ itemId, source, ...seen }) => [itemId, seen] as const)
          expect(new Map(read)).toEqual(new Map([...start.model.items.values()].map((item) => [item.id, shown(item)])))
        }),
      ),
      parameters(RUNS),
    ))

  test('SB-6: any inventory survives a rollback after the end of the transition, with what was written since', () =>
    fc.assert(
      fc.asyncProperty(inventoryCommands(20), fc.integer({ min: 1, max: 99 }), (commands, more) =>
        rolledBack(bench.session, async () => {
          const start = await setUp(bench.session)
          await fc.asyncModelRun(() => start, commands)
          const wanted = new Map([...start.model.items.values()].map((item) => [item.id, columnsOf(item).quantity]))
          await bench.session.script(endTransition)
          const [first, second] = wanted.keys()
          if (first !== undefined) {
            await addBatch(bench.session, { id: 'since', itemId: first, quantity: more })
            wanted.set(first, String(Number(wanted.get(first) ?? 0) + more))
          }
          if (second !== undefined) {
            await bench.session.query(`DELETE FROM "stock_batches" WHERE "itemId" = $1`, [second])
            wanted.set(second, '0')
          }
          await bench.session.script(corrected.down)
          const rows = await bench.session.query<{ id: string; quantity: string | null }>(
            `SELECT "id", "quantityInStock"::text AS quantity FROM "items"`,
          )
          expect(new Map(rows.map(({ id, quantity }) => [id, quantity]))).toEqual(wanted)
        }),
      ),
      parameters(RUNS),
    ))

  test('SB-6: after the end of the transition a rollback takes every detail of the first batch into the old columns', () =>
    onTheInventory(async () => {
      await bench.session.script(`INSERT INTO "locations" ("id", "name", "updatedAt") VALUES ('attic', 'attic', now());
        INSERT INTO "users" ("id", "email", "updatedAt") VALUES ('ann', 'ann@example.org', now())`)
      await bench.session.script(endTransition)
      const since = {
        status: 'InTransit',
        costPerUnitUSD: '0.1',
        freightCostUSD: '7',
        orderDate: '2026-01-01 00:00:00',
        expectedArrival: '2026-02-01 00:00:00',
        orderNumber: 'A 1',
        notes: 'since',
        locationId: 'attic',
        assignedUserId: 'ann',
      }
      await changeBatch(bench.session, 'lamp', since)
      await bench.session.script(corrected.down)
      expect((await readState(bench.session)).legacy.items.find(({ id }) => id === 'lamp')).toMatchObject(since)
    }))

  test('SB-6: a rollback counts the batches whose details have no place in the old columns', async () => {
    await using own = await openWorkbench(corrected, 'migrated')
    await own.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 4, now())`)
    for (const id of ['one', 'two']) await addBatch(own.session, { id, itemId: 'lamp', quantity: 1 })
    expect(await noticesOf(own.database, corrected.down)).toEqual(['details of 2 batches entered since have no place in "items"'])
  })
})
