import fc from 'fast-check'
import type { Session } from 'godwit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { moveItem } from '../../migrations/stock-batches/move-item.ts'
import { inventoryCommands, setUp } from './inventory-commands.ts'
import { legacyData, seedLegacyData } from './legacy-data.ts'
import { parameters } from './parameters.ts'
import { asPlanned, corrected, failureOf, rolledBack } from './passage.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const RUNS = 100

const copied = 'items that have a batch, of those with anything to carry'
const quantity = 'quantity in total'
const value = 'value in total, of items with at most one batch'
const perItem = 'items whose quantity is not that of their batches'
const metadata = 'items that say something else than their first batch'
const orphans = 'batches without their item'
const batchLinks = 'batches whose location or user is missing'
const itemLinks = 'items whose location, user or company is missing'
const expenseLinks = 'expenses whose item, user or company is missing'
const keys = 'valid foreign keys of batches to items (cascade), locations and users (set null)'

describe('stock-batches, verification', () => {
  let legacy: Workbench
  let migrated: Workbench
  beforeAll(async () => {
    legacy = await openWorkbench(corrected, 'legacy')
    migrated = await openWorkbench(corrected, 'migrated')
  })
  afterAll(async () => {
    for (const bench of [legacy, migrated]) await bench[Symbol.asyncDispose]()
  })

  test('SB-9: any migrated legacy state passes every check', () =>
    fc.assert(
      fc.asyncProperty(legacyData(), (data) =>
        rolledBack(legacy.session, async () => {
          await seedLegacyData(legacy.session, data)
          await legacy.session.script(corrected.up)
          expect(await failedChecks(legacy.session, corrected.verification)).toEqual([])
        }),
      ),
      parameters(RUNS),
    ))

  test('SB-9: any interleaving of writes passes every check once all items are moved', () =>
    fc.assert(
      fc.asyncProperty(inventoryCommands(20), (commands) =>
        rolledBack(migrated.session, async () => {
          const start = await setUp(migrated.session)
          await fc.asyncModelRun(() => start, commands)
          for (const id of start.model.items.keys()) await moveItem(migrated.session, id)
          expect(await failedChecks(migrated.session, corrected.verification)).toEqual([])
        }),
      ),
      parameters(RUNS),
    ))

  // What somebody does who has the right to switch triggers and foreign keys off.
  test.each([
    {
      what: 'one more in a batch',
      sabotage: `UPDATE "stock_batches" SET "quantity" = "quantity" + 1 WHERE "id" = 'lamp'`,
      fails: [quantity, value, perItem],
    },
    {
      what: 'one more in one batch and one less in another',
      sabotage: `UPDATE "stock_batches" SET "quantity" = "quantity" + CASE "id" WHEN 'lamp' THEN 1 ELSE -1 END WHERE "id" IN ('lamp', 'sofa')`,
      fails: [value, perItem],
    },
    { what: 'another cost', sabotage: `UPDATE "stock_batches" SET "costPerUnitUSD" = 0.1 WHERE "id" = 'lamp'`, fails: [value, metadata] },
    { what: 'zero made unknown', sabotage: `UPDATE "stock_batches" SET "quantity" = NULL WHERE "id" = 'none'`, fails: [perItem] },
    { what: 'an invented order date', sabotage: `UPDATE "stock_batches" SET "orderDate" = now() WHERE "id" = 'lamp'`, fails: [metadata] },
    { what: 'a batch lost that held nothing', sabotage: `DELETE FROM "stock_batches" WHERE "id" = 'none'`, fails: [copied] },
    { what: 'a batch lost', sabotage: `DELETE FROM "stock_batches" WHERE "id" = 'lamp'`, fails: [copied, quantity, value, perItem] },
    { what: 'an item lost', sabotage: `DELETE FROM "items" WHERE "id" = 'none'`, fails: [orphans] },
    {
      what: 'a location that is not there',
      sabotage: `UPDATE "stock_batches" SET "locationId" = 'nowhere' WHERE "id" = 'lamp';
        UPDATE "items" SET "locationId" = 'nowhere' WHERE "id" = 'lamp'`,
      fails: [batchLinks, itemLinks],
    },
    { what: 'a company that is not there', sabotage: `UPDATE "items" SET "companyId" = 'nobody' WHERE "id" = 'lamp'`, fails: [itemLinks] },
    { what: 'an expense of no item', sabotage: `UPDATE "expenses" SET "itemId" = 'nothing'`, fails: [expenseLinks] },
    {
      what: 'a foreign key that no longer cascades',
      sabotage: `ALTER TABLE "stock_batches" DROP CONSTRAINT "stock_batches_itemId_fkey",
        ADD CONSTRAINT "stock_batches_itemId_fkey" FOREIGN KEY ("itemId") REFERENCES "items"("id") ON DELETE SET NULL`,
      fails: [keys],
    },
    {
      what: 'a foreign key that was not validated',
      sabotage: `ALTER TABLE "stock_batches" DROP CONSTRAINT "stock_batches_itemId_fkey",
        ADD CONSTRAINT "stock_batches_itemId_fkey" FOREIGN KEY ("itemId") REFERENCES "items"("id") ON DELETE CASCADE NOT VALID`,
      fails: [keys],
    },
  ])('SB-9: a check says no: $what', ({ sabotage, fails }) =>
    rolledBack(migrated.session, async () => {
      await inventory(migrated.session)
      expect(await failedChecks(migrated.session, corrected.verification)).toEqual([])
      await migrated.session.script(`SET LOCAL session_replication_role = replica; ${sabotage}`)
      expect(await failedChecks(migrated.session, corrected.verification)).toEqual(fails)
    }),
  )

  test('SB-9: the answers name the check, what was expected and what was found', () =>
    rolledBack(migrated.session, async () => {
      await inventory(migrated.session)
      await migrated.session.script(`SET LOCAL session_replication_role = replica; DELETE FROM "stock_batches" WHERE "id" = 'lamp'`)
      const answers = await migrated.session.query(corrected.verification)
      expect(answers).toHaveLength(10)
      expect(answers[0]).toEqual({ check: copied, ok: false, expected: '3', found: '2' })
    }))

  test('SB-9: the plan as written is told what it skipped', () =>
    rolledBack(legacy.session, async () => {
      await legacy.session.script(`INSERT INTO "items" ("id", "name", "quantityInStock", "updatedAt") VALUES ('debt', 'debt', -3, now())`)
      expect(await failureOf(legacy.session.script(asPlanned.up))).toBeUndefined()
      expect(await failedChecks(legacy.session, corrected.verification)).toEqual([copied, quantity, perItem])
    }))
})

/** Three items moved, one of them with nothing in stock, and an expense. */
async function inventory(session: Session): Promise<void> {
  await session.script(`
    INSERT INTO "locations" ("id", "name", "updatedAt") VALUES ('attic', 'attic', now());
    INSERT INTO "items" ("id", "name", "quantityInStock", "status", "costPerUnitUSD", "locationId", "updatedAt") VALUES
      ('lamp', 'lamp', 5, 'Arrived', 19.99, 'attic', now()), ('sofa', 'sofa', 2, 'Ordered', 450, NULL, now()),
      ('none', 'none', 0, NULL, NULL, NULL, now());
    INSERT INTO "expenses" ("id", "description", "amountUSD", "date", "itemId", "updatedAt") VALUES ('duty', 'duty', 3, now(), 'lamp', now())`)
  for (const id of ['lamp', 'sofa', 'none']) await moveItem(session, id)
}

async function failedChecks(session: Session, verification: string): Promise<readonly string[]> {
  const answers = await session.query<{ check: string; ok: boolean }>(verification)
  return answers.filter(({ ok }) => ok !== true).map(({ check }) => check)
}
