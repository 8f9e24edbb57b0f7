import fc from 'fast-check'
import type { Session } from 'godwit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPlannedStock } from '../../fixtures/specimens/stock-batches-as-planned/reader.ts'
import { moveItem } from '../../migrations/stock-batches/move-item.ts'
import { writeItem } from '../../migrations/stock-batches/writes.ts'
import { type LegacyData, legacyData, seedLegacyData } from './legacy-data.ts'
import { parameters } from './parameters.ts'
import { asPlanned, demanded, failureOf, readText, rolledBack } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const RUNS = 100
const planned = (file: string) => readText(`fixtures/specimens/stock-batches-as-planned/${file}`)

// The plan clause by clause, after its copy and keys, which specs/stock-batches.spec.ts judges.
describe('stock-batches, the plan as written', () => {
  let bench: Workbench
  let session: Session
  beforeAll(async () => {
    bench = await openWorkbench(asPlanned, 'legacy')
    session = bench.session
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  /** An attic with a lamp (5 pieces) and a sofa (2 pieces), and the plan applied. */
  const onTheInventory = (work: () => Promise<void>) =>
    rolledBack(session, async () => {
      await session.script(`INSERT INTO "locations" ("id", "name", "updatedAt") VALUES ('attic', 'attic', now());
        INSERT INTO "users" ("id", "email", "updatedAt") VALUES ('ann', 'ann@example.org', now());
        INSERT INTO "items" ("id", "name", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "locationId", "assignedUserId", "updatedAt")
        VALUES ('lamp', 'lamp', 5, 'Arrived', 19.99, 0, 'attic', 'ann', now()), ('sofa', 'sofa', 2, 'Ordered', 450, 0, NULL, NULL, now())`)
      await session.script(asPlanned.up)
      await work()
    })

  const quantityOf = async (id: string) =>
    (await session.one<{ quantity: number | null }>(`SELECT "quantityInStock" AS quantity FROM "items" WHERE "id" = $1`, [id])).quantity

  const newBatch = (quantity: number) =>
    session.script(`INSERT INTO "stock_batches" ("id", "quantity", "costPerUnitUSD", "itemId", "updatedAt")
      VALUES ('new', ${quantity}, 20, 'lamp', now())`)

  describe('table', () => {
    test.each(['quantity', 'status', 'freightCostUSD'])('a batch may leave out its %s: NOT NULL, and a default', (attribute) =>
      onTheInventory(async () => {
        const { given } = await session.one<{ given: boolean }>(
          `SELECT attnotnull AND atthasdef AS given FROM pg_attribute WHERE attrelid = '"stock_batches"'::regclass AND attname = $1`,
          [attribute],
        )
        expect(given).toBe(true)
      }),
    )

    test.each(['costPerUnitUSD', 'updatedAt', 'itemId'])('a batch without %s is refused: NOT NULL, and no default', (attribute) =>
      onTheInventory(async () => {
        const cells = { id: "'new'", costPerUnitUSD: '1', updatedAt: 'now()', itemId: "'lamp'" }
        const given = Object.entries(cells).filter(([name]) => name !== attribute)
        const insert = `INSERT INTO "stock_batches" (${given.map(([name]) => `"${name}"`)}) VALUES (${given.map(([, cell]) => cell)})`
        expect(await failureOf(session.script(insert))).toBe('23502')
      }),
    )
  })

  describe('keys', () => {
    test.each([
      [`DELETE FROM "items" WHERE "id" = 'lamp'`, []],
      [`DELETE FROM "locations"`, [{ itemId: 'lamp', locationId: null, assignedUserId: 'ann' }]],
      [`DELETE FROM "users"`, [{ itemId: 'lamp', locationId: 'attic', assignedUserId: null }]],
    ])('SB-3 holds: %s', (statement, left) =>
      onTheInventory(async () => {
        await session.script(`DELETE FROM "items" WHERE "id" = 'sofa'; ${statement}`)
        const batches = (await readState(session)).batches?.map(({ itemId, locationId, assignedUserId }) => ({
          itemId,
          locationId,
          assignedUserId,
        }))
        expect(batches).toEqual(left)
      }),
    )

    test.each(['items', 'locations', 'users'])('SB-3 is refuted: no id of %s can change any more, although it could before', (table) =>
      onTheInventory(async () => {
        expect(await failureOf(session.script(`UPDATE "${table}" SET "id" = 'other' WHERE "id" IN ('lamp', 'attic', 'ann')`))).toBe('23503')
      }),
    )
  })

  describe('reader', () => {
    const sameBeforeAndAfter = fc.asyncProperty(legacyData(demanded), (data) =>
      rolledBack(session, async () => {
        await seedLegacyData(session, data)
        fc.pre((await failureOf(session.script(asPlanned.up))) === undefined)
        for (const { id, locationId } of data.items) {
          const seen = await readPlannedStock(session, id ?? '')
          expect(seen.locations).toEqual([locationId === null ? null : expect.objectContaining({ id: locationId })])
        }
      }),
    )

    test('SB-5 is refuted: the locations of a batch were never loaded', async () => {
      const { counterexample } = await fc.check(sameBeforeAndAfter, parameters<[LegacyData]>(RUNS))
      expect(counterexample?.[0].items).toHaveLength(1)
    })

    test('SB-5 is refuted: an item in two places shows one place, and none of them', () =>
      onTheInventory(async () => {
        await newBatch(3)
        expect(await readPlannedStock(session, 'lamp')).toEqual({
          total: 8,
          locations: [undefined],
          statuses: expect.arrayContaining(['Arrived', 'ToOrder']),
          useBatchSystem: true,
        })
      }))

    test('SB-5 is refuted: an old-style write to a copied item is not seen', () =>
      onTheInventory(async () => {
        await writeItem(session, 'lamp', { quantityInStock: 7 })
        expect((await readPlannedStock(session, 'lamp')).total).toBe(5)
      }))

    test('SB-5 is refuted: a new batch is not seen by the old application', () =>
      onTheInventory(async () => {
        await newBatch(3)
        expect(await quantityOf('lamp')).toBe(5)
      }))
  })

  describe('verification queries', () => {
    const answers = async () => (await session.script(planned('verification.sql'))).map(({ rows }) => rows)

    test('all nine say that nothing is wrong right after the copy', () =>
      onTheInventory(async () => {
        const [perItem, items, itemsWithBatches, counts, differing, sideBySide, totals, orphans, withoutItem] = await answers()
        expect(perItem?.map((row) => [row[0], row.at(-1)])).toEqual([
          ['lamp', 'MATCH'],
          ['sofa', 'MATCH'],
        ])
        expect([items, itemsWithBatches, counts, differing, sideBySide, totals, orphans, withoutItem]).toEqual([
          [['2']],
          [['2']],
          [['2', '2', '0']],
          [],
          [['2', '2']],
          [['7', '7']],
          [['0']],
          [['0']],
        ])
      }))

    test('SB-9 is refuted: the total of the items counts an item once per batch', () =>
      onTheInventory(async () => {
        await session.script(`UPDATE "stock_batches" SET "quantity" = 2 WHERE "itemId" = 'lamp'`)
        await newBatch(3)
        expect((await answers())[4]).toEqual([])
        expect((await answers())[6]).toEqual([['12', '7']])
      }))

    test('SB-9 is refuted: an item of unknown stock is neither matched nor mismatched', () =>
      onTheInventory(async () => {
        await session.script(`UPDATE "items" SET "quantityInStock" = NULL WHERE "id" = 'lamp'`)
        const [, , , counts, differing] = await answers()
        expect([counts, differing]).toEqual([[['2', '1', '0']], []])
      }))

    test('SB-9 is refuted: wrong dates, costs and places are never asked for', () =>
      onTheInventory(async () => {
        const before = await answers()
        await session.script(
          `UPDATE "stock_batches" SET "orderDate" = '1999-01-01', "costPerUnitUSD" = 0, "locationId" = NULL, "notes" = 'lost'`,
        )
        expect(await answers()).toEqual(before)
      }))
  })

  describe('way back', () => {
    test.each(['down.sql', 'emergency.sql'])('SB-6 is refuted: %s leaves the flag, and takes the stock that was entered since', (file) =>
      onTheInventory(async () => {
        await newBatch(3)
        await session.script(planned(file))
        const { catalog, batches } = await readState(session)
        expect(batches).toBeUndefined()
        expect(catalog).toContain('attribute items useBatchSystem boolean f false')
        expect(await quantityOf('lamp')).toBe(5)
      }),
    )

    test('SB-6 is refuted: CASCADE takes views of other teams along, and the emergency command fails on them', () =>
      onTheInventory(async () => {
        await session.script(`CREATE VIEW "late" AS SELECT * FROM "stock_batches" WHERE "expectedArrival" < now(); SAVEPOINT before`)
        expect(await failureOf(session.script(planned('emergency.sql')))).toBe('2BP01')
        await session.script('ROLLBACK TO SAVEPOINT before')
        await session.script(planned('down.sql'))
        expect((await readState(session)).catalog.filter((line) => line.startsWith('relation late'))).toEqual([])
      }))
  })

  describe('clean-up', () => {
    test('SB-11 is refuted: marking asks for nothing, a mismatch included', () =>
      onTheInventory(async () => {
        await writeItem(session, 'lamp', { quantityInStock: 7 })
        await session.script(planned('clean-up.sql'))
        const { marked } = await session.one<{ marked: number }>(`SELECT count(*)::integer AS marked FROM "items" WHERE "useBatchSystem"`)
        expect(marked).toBe(2)
      }))

    test('SB-11 is refuted: dropping the old columns loses what old-style writes said, and the stock of items without batches', () =>
      onTheInventory(async () => {
        await session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('late', 'late', 9, now())`)
        await session.script(planned('clean-up.sql'))
        await session.script(planned('drop-columns.sql'))
        const { kept } = await session.one<{ kept: string }>(`SELECT coalesce(sum("quantity"), 0)::text AS kept FROM "stock_batches"`)
        expect(kept).toBe('7')
      }))
  })

  test('SB-8 is refuted: no two runs give a batch the same id', () =>
    rolledBack(session, async () => {
      const idsOf = async () => {
        await session.script('SAVEPOINT before')
        await session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "updatedAt")
          VALUES ('lamp', 'lamp', 5, 'Arrived', 1, 0, now())`)
        await session.script(asPlanned.up)
        const ids = (await readState(session)).batches?.map(({ id }) => id)
        const again = await moveItem(session, 'lamp')
        await session.script('ROLLBACK TO SAVEPOINT before')
        return { ids, again }
      }
      const [first, second] = [await idsOf(), await idsOf()]
      expect(first.ids).toHaveLength(1)
      expect(first.ids).not.toEqual(second.ids)
      expect(first.again).toBe('unchanged')
    }))
})
