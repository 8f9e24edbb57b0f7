import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { moveItem } from '../../migrations/stock-batches/move-item.ts'
import { readAllStock, readStock } from '../../migrations/stock-batches/reader.ts'
import { addBatch, writeItem } from '../../migrations/stock-batches/writes.ts'
import { inventoryCommands, setUp } from './inventory-commands.ts'
import { columnsOf } from './inventory-model.ts'
import { type LegacyData, legacyData, seedLegacyData } from './legacy-data.ts'
import { parameters } from './parameters.ts'
import { corrected, failureOf, rolledBack } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const RUNS = 100
const MAX_COMMANDS = 30

describe('stock-batches, the transition', () => {
  let legacy: Workbench
  let migrated: Workbench
  beforeAll(async () => {
    legacy = await openWorkbench(corrected, 'legacy')
    migrated = await openWorkbench(corrected, 'migrated')
  })
  afterAll(async () => {
    for (const bench of [legacy, migrated]) await bench[Symbol.asyncDispose]()
  })

  test('SB-5: the reader gives any item the same total, location and status before and after', () =>
    fc.assert(
      fc.asyncProperty(legacyData(), (data) =>
        rolledBack(legacy.session, async () => {
          await seedLegacyData(legacy.session, data)
          await legacy.session.script(corrected.up)
          const seen = [...(await readAllStock(legacy.session)).values()].map(({ itemId, total, locations, statuses }) => ({
            itemId,
            total,
            locations,
            statuses,
          }))
          expect(new Set(seen)).toEqual(new Set(data.items.map(legacyStock)))
        }),
      ),
      parameters(RUNS),
    ))

  test('SB-5: any interleaving of old-style and batch-style writes reads as the plain model, by either application', () =>
    fc.assert(
      fc.asyncProperty(inventoryCommands(MAX_COMMANDS), (commands) =>
        rolledBack(migrated.session, async () => {
          const start = await setUp(migrated.session)
          await fc.asyncModelRun(() => start, commands)
        }),
      ),
      parameters(RUNS),
    ))

  test('SB-5: a total that the old column cannot hold is refused, and nothing changes', () =>
    rolledBack(migrated.session, async () => {
      await migrated.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('sand', 'sand', 2147483647, now());
        SAVEPOINT before`)
      expect(await failureOf(addBatch(migrated.session, { id: 'grain', itemId: 'sand', quantity: 1 }))).toBe('22003')
      await migrated.session.script('ROLLBACK TO SAVEPOINT before')
      expect(await readStock(migrated.session, 'sand')).toMatchObject({ source: 'columns', total: '2147483647' })
    }))

  test('SB-5: an item marked with useBatchSystem is read from its batches, though it has none', () =>
    rolledBack(migrated.session, async () => {
      await migrated.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "status", "useBatchSystem", "updatedAt")
        VALUES ('lamp', 'lamp', 5, 'Arrived', true, now())`)
      expect(await readStock(migrated.session, 'lamp')).toEqual({
        itemId: 'lamp',
        source: 'batches',
        total: '0',
        value: '0',
        locations: [],
        statuses: [],
      })
    }))

  test('SB-5: an application with rights on the old tables only may go on writing', () =>
    rolledBack(migrated.session, async () => {
      await migrated.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now());
        CREATE ROLE stock_batches_old_application; GRANT SELECT, INSERT, UPDATE, DELETE ON "items" TO stock_batches_old_application`)
      await moveItem(migrated.session, 'lamp')
      await migrated.session.script('SET LOCAL ROLE stock_batches_old_application')
      await writeItem(migrated.session, 'lamp', { quantityInStock: 7, notes: 'two came back' })
      await migrated.session.script('RESET ROLE')
      expect((await readState(migrated.session)).batches).toEqual([expect.objectContaining({ quantity: '7', notes: 'two came back' })])
    }))

  test('SB-5: a batch that goes to another item takes its stock along', () =>
    rolledBack(migrated.session, async () => {
      await migrated.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt")
        VALUES ('lamp', 'lamp', 5, now()), ('sofa', 'sofa', 2, now())`)
      for (const id of ['lamp', 'sofa']) await moveItem(migrated.session, id)
      await addBatch(migrated.session, { id: 'mixed up', itemId: 'lamp', quantity: 3 })
      await migrated.session.script(`UPDATE "stock_batches" SET "itemId" = 'sofa' WHERE "id" = 'mixed up'`)
      expect(await quantities(migrated)).toEqual({ lamp: '5', sofa: '5' })
      expect([...(await readAllStock(migrated.session)).values()].map(({ itemId, total }) => [itemId, total]).sort()).toEqual([
        ['lamp', '5'],
        ['sofa', '5'],
      ])
    }))

  test('SB-6: any quantities, statuses and places written since, by either application, survive the rollback', () =>
    fc.assert(
      fc.asyncProperty(inventoryCommands(MAX_COMMANDS), (commands) =>
        rolledBack(migrated.session, async () => {
          const { model, real } = await setUp(migrated.session)
          await fc.asyncModelRun(() => ({ model, real }), commands)
          await migrated.session.script(corrected.down)
          const rows = await migrated.session.query<{
            id: string
            quantity: string | null
            status: string | null
            location: string | null
          }>(`SELECT "id", "quantityInStock"::text AS quantity, "status"::text, "locationId" AS location FROM "items"`)
          expect(new Map(rows.map(({ id, ...columns }) => [id, columns]))).toEqual(
            new Map([...model.items.values()].map((item) => [item.id, columnsOf(item)])),
          )
        }),
      ),
      parameters(RUNS),
    ))

  test('SB-6: where triggers were off, rollback gives the columns what the readers were shown', () =>
    rolledBack(migrated.session, async () => {
      await migrated.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt")
        VALUES ('lamp', 'lamp', 5, now()), ('sofa', 'sofa', 2, now())`)
      await moveItem(migrated.session, 'lamp')
      await migrated.session.script(`SET LOCAL session_replication_role = replica; UPDATE "stock_batches" SET "quantity" = 8;
        SET LOCAL session_replication_role = origin`)
      await migrated.session.script(corrected.down)
      expect(await quantities(migrated)).toEqual({ lamp: '8', sofa: '2' })
    }))

  test('SB-8: items moved one by one, any number of times and in any order, end as all at once', () =>
    fc.assert(
      fc.asyncProperty(withOrder, async ([data, order]) => {
        const atOnce = await rolledBack(legacy.session, async () => {
          await seedLegacyData(legacy.session, data)
          await legacy.session.script(corrected.up)
          return readState(legacy.session)
        })
        const singly = await rolledBack(migrated.session, async () => {
          await seedLegacyData(migrated.session, data)
          for (const id of order) await moveItem(migrated.session, id)
          return readState(migrated.session)
        })
        expect(singly).toEqual(atOnce)
      }),
      parameters(RUNS),
    ))

  test('SB-8: an item that was marked with useBatchSystem is not moved: it would have its old stock once more', () =>
    rolledBack(migrated.session, async () => {
      await migrated.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "useBatchSystem", "updatedAt")
        VALUES ('lamp', 'lamp', 5, true, now()), ('sofa', 'sofa', 2, false, now())`)
      expect(await moveItem(migrated.session, 'lamp')).toBe('unchanged')
      expect(await moveItem(migrated.session, 'sofa')).toBe('moved')
      expect((await readState(migrated.session)).batches).toEqual([expect.objectContaining({ itemId: 'sofa' })])
    }))

  test('SB-8: an item that is not there is missing, and nothing happens', async () => {
    expect(await moveItem(migrated.session, 'nobody')).toBe('missing')
  })

  test('SB-8: a move waits for an old-style write under way, and copies what it wrote', async () => {
    await using bench = await openWorkbench(corrected, 'migrated')
    await using mover = await bench.database.connect()
    await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now())`)
    // A message of its own: a BEGIN behind the INSERT would take it into the transaction.
    await bench.session.script('BEGIN')
    await writeItem(bench.session, 'lamp', { quantityInStock: 8 })
    const moved = moveItem(mover, 'lamp')
    await waitUntilBlocked(bench, mover.processId, moved)
    await bench.session.script('COMMIT')
    expect(await moved).toBe('moved')
    expect(await readStock(bench.session, 'lamp')).toMatchObject({ source: 'batches', total: '8' })
  })

  test('SB-8: two sessions that move one item make one batch', async () => {
    await using bench = await openWorkbench(corrected, 'migrated')
    await using other = await bench.database.connect()
    await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now())`)
    // A message of its own: a BEGIN behind the INSERT would take it into the transaction.
    await bench.session.script('BEGIN')
    expect(await moveItem(bench.session, 'lamp')).toBe('moved')
    const second = moveItem(other, 'lamp')
    await waitUntilBlocked(bench, other.processId, second)
    await bench.session.script('COMMIT')
    expect(await second).toBe('unchanged')
    expect((await readState(bench.session)).batches).toHaveLength(1)
  })

  test('SB-5: two sessions that add batches at once: both count', async () => {
    await using bench = await openWorkbench(corrected, 'migrated')
    await using other = await bench.database.connect()
    await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now())`)
    // A message of its own: a BEGIN behind the INSERT would take it into the transaction.
    await bench.session.script('BEGIN')
    await addBatch(bench.session, { id: 'one', itemId: 'lamp', quantity: 1 })
    const second = addBatch(other, { id: 'two', itemId: 'lamp', quantity: 2 })
    await waitUntilBlocked(bench, other.processId, second)
    await bench.session.script('COMMIT')
    await second
    expect((await readStock(bench.session, 'lamp'))?.total).toBe('8')
    expect((await readState(bench.session)).legacy.items[0]?.quantityInStock).toBe('8')
  })

  test('SB-5: two sessions that change two batches of one item at once, by whatever statement: both count', async () => {
    await using bench = await openWorkbench(corrected, 'migrated')
    await using other = await bench.database.connect()
    await bench.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('lamp', 'lamp', 5, now())`)
    await addBatch(bench.session, { id: 'one', itemId: 'lamp', quantity: 1 })
    await bench.session.script('BEGIN')
    await bench.session.script(`UPDATE "stock_batches" SET "quantity" = 10 WHERE "id" = 'one'`)
    const second = other.script(`UPDATE "stock_batches" SET "quantity" = 50 WHERE "id" = 'lamp'`)
    await waitUntilBlocked(bench, other.processId, second)
    await bench.session.script('COMMIT')
    await second
    expect(await quantities(bench)).toEqual({ lamp: '60' })
  })
})

const withOrder: fc.Arbitrary<readonly [LegacyData, readonly string[]]> = legacyData().chain((data) => {
  const ids = data.items.flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
  const first = ids.length === 0 ? fc.constant([]) : fc.array(fc.constantFrom(...ids), { maxLength: 4 })
  const all = fc.shuffledSubarray(ids, { minLength: ids.length, maxLength: ids.length })
  return fc.tuple(
    fc.constant(data),
    fc.tuple(first, all).map((parts) => parts.flat()),
  )
})

function legacyStock({ id, quantityInStock, locationId, status }: LegacyData['items'][number]) {
  const known = (value: string | null | undefined) => (typeof value === 'string' ? [value] : [])
  return { itemId: id, total: quantityInStock, locations: known(locationId), statuses: known(status) }
}

async function quantities({ session }: Workbench): Promise<Readonly<Record<string, string | null>>> {
  const rows = await session.query<{ id: string; quantity: string | null }>(`SELECT "id", "quantityInStock"::text AS quantity FROM "items"`)
  return Object.fromEntries(rows.map(({ id, quantity }) => [id, quantity]))
}

/** Wait until the server says that the backend waits for another. Fails when its work is done instead. */
async function waitUntilBlocked({ session }: Workbench, processId: number, work: Promise<unknown>): Promise<void> {
  let done = false
  const end = () => {
    done = true
  }
  work.then(end, end)
  for (let blocked = false; !blocked; ) {
    if (done) throw new Error('nothing had to wait')
    ;({ blocked } = await session.one<{ blocked: boolean }>('SELECT cardinality(pg_blocking_pids($1)) > 0 AS blocked', [processId]))
  }
}
