import fc from 'fast-check'
import { type Client, exploreInterleavings, type Operation } from 'godwit'
import { claim, useCluster } from 'godwit/vitest'
import { describe, expect } from 'vitest'
import * as pos from '../../fixtures/apps/pos/items/operations.ts'
import { Refusal } from '../../fixtures/apps/pos/items/refusal.ts'
import { itemsCheck } from './point-of-sale.ts'
import { corrected } from './scripts.ts'

interface Input {
  readonly from: string
  readonly to: string
  readonly id: string
}

/** What a waiter is told: `done`, or why it was refused. */
const told =
  (send: (client: Client, input: Input) => Promise<unknown>): Operation =>
  async (client, input) => {
    try {
      await send(client, input as Input)
      return 'done'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    }
  }

const operations: Readonly<Record<string, Operation>> = {
  add: told((client, { from, id }) => pos.addItem(client, from, { id, productId: 'p', name: 'Bread', quantity: 1, price: '1.50' })),
  update: told((client, { from, id }) => pos.updateItem(client, from, id, { quantity: 2 })),
  clear: told((client, { from }) => pos.clearItems(client, from)),
  switch: told((client, { from, to }) => pos.switchTable(client, from, to)),
  load: told((client, { from }) => pos.loadIntoOrder(client, from, 'o1')),
  save: told((client, { to }) => pos.saveOrder(client, 'o1', to)),
}

const table = fc.constantFrom('one', 'two')
const command = fc.record({
  operation: fc.constantFrom('add', 'add', 'update', 'clear', 'switch', 'switch', 'load', 'save'),
  input: fc.record({ from: table, to: table, id: fc.constantFrom('a', 'b', 'c') }),
})
const waiter = fc.array(command, { minLength: 1, maxLength: 2 })

describe('table-items, the operations with several waiters', () => {
  claim(
    'TI-3',
    'every schedule of any operations is explained by one waiter after the other: items, totals and status',
    { timeout: 600_000 },
    async () => {
      const schedules = Number(process.env.GODWIT_SCHEDULES ?? 200)
      const found = await exploreInterleavings(await useCluster(), {
        schema: `${corrected.legacy};\n${corrected.up};\n${itemsCheck}`,
        rows: `INSERT INTO "rooms" ("id", "name", "updatedAt") VALUES ('r', 'Hall', now());
        INSERT INTO "tables" ("id", "name", "roomId", "status", "items", "updatedAt") VALUES ('one', '1', 'r', 'OCCUPIED',
          '[{"id":"x","productId":"p","name":"Tea","quantity":1,"price":"2.00"}]', now()), ('two', '2', 'r', 'RESERVED', NULL, now());
        INSERT INTO "orders" ("id", "items", "total", "updatedAt") VALUES ('o1', '[]', 0, now())`,
        sessions: fc.record({ ann: waiter, ben: waiter }),
        operations,
        endState: `SELECT "id", "status"::text, "items", NULL AS total FROM "tables" UNION ALL SELECT "id", "status"::text, "items", "total" FROM "orders" ORDER BY 1`,
        schedules,
        seed: fc.readConfigureGlobal().seed ?? 1,
      })
      expect(found).toMatchObject({ outcome: 'holds', schedules, deadlocks: 0 })
      expect(found.waits).toBeGreaterThan(schedules / 20)
    },
  )
})
