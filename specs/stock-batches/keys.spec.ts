import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addBatch } from '../../migrations/stock-batches/writes.ts'
import { corrected, rolledBack } from './passage.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

describe('stock-batches, keys', () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench(corrected, 'legacy')
    await bench.session.script(`INSERT INTO "locations" ("id", "name", "updatedAt") VALUES ('attic', 'attic', now());
      INSERT INTO "users" ("id", "email", "updatedAt") VALUES ('ann', 'ann@example.org', now());
      INSERT INTO "items" ("id", "name", "quantityInStock", "locationId", "assignedUserId", "updatedAt")
      VALUES ('lamp', 'lamp', 5, 'attic', 'ann', now());`)
    await bench.session.script(corrected.up)
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  const links = { itemId: 'lamp', locationId: 'attic', assignedUserId: 'ann' }

  // Both batches: the first one follows its item by a trigger too, the second one by its keys alone.
  test.each([
    ['an item gets another id', `UPDATE "items" SET "id" = 'light'`, { ...links, itemId: 'light' }],
    ['a location gets another id', `UPDATE "locations" SET "id" = 'loft'`, { ...links, locationId: 'loft' }],
    ['a user gets another id', `UPDATE "users" SET "id" = 'anna'`, { ...links, assignedUserId: 'anna' }],
    ['a location goes', 'DELETE FROM "locations"', { ...links, locationId: null }],
    ['a user goes', 'DELETE FROM "users"', { ...links, assignedUserId: null }],
    ['an item goes', 'DELETE FROM "items"', undefined],
  ])('SB-3: batches follow when %s', (_, statement, wanted) =>
    rolledBack(bench.session, async () => {
      await addBatch(bench.session, { id: 'second', ...links, quantity: 1 })
      await bench.session.script(statement)
      const { batches, legacy } = await readState(bench.session)
      const found = batches?.map(({ itemId, locationId, assignedUserId }) => ({ itemId, locationId, assignedUserId }))
      expect(found).toEqual(wanted === undefined ? [] : [wanted, wanted])
      expect(legacy.items.map(({ quantityInStock }) => quantityInStock)).toEqual(wanted === undefined ? [] : ['6'])
    }),
  )

  test.each([
    ['itemId', '23502'],
    ['locationId', undefined],
    ['assignedUserId', undefined],
  ])('SB-3: a batch without its %s: %s', async (attribute, sqlstate) => {
    const { nullable } = await bench.session.one<{ nullable: boolean }>(
      `SELECT NOT attnotnull AS nullable FROM pg_attribute WHERE attrelid = '"stock_batches"'::regclass AND attname = $1`,
      [attribute],
    )
    expect(nullable).toBe(sqlstate === undefined)
  })

  test.each(['itemId', 'locationId', 'assignedUserId'])('SB-3: a batch cannot point by %s at what is not there', (attribute) =>
    rolledBack(bench.session, async () => {
      const batch = { id: 'second', ...links, [attribute]: 'nobody' }
      await expect(addBatch(bench.session, batch)).rejects.toMatchObject({ sqlstate: '23503' })
    }),
  )

  test('SB-3: the keys of batches to items and locations have indexes', async () => {
    const { catalog } = await readState(bench.session)
    expect(catalog.filter((line) => /^index .*"?stock_batches"? USING btree \("(itemId|locationId)"\)/.test(line))).toHaveLength(2)
  })
})
