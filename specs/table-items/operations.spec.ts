import fc from 'fast-check'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as operations from '../../fixtures/apps/pos/items/operations.ts'
import { totalOf } from '../../fixtures/apps/pos/items/total.ts'
import { type Model, newModel, operationCommands, readModel } from './operation-commands.ts'
import { openPointOfSale, type PointOfSale, setTables } from './point-of-sale.ts'

describe('table-items, the operations', () => {
  let pos: PointOfSale
  let client: pg.Client
  beforeAll(async () => {
    pos = await openPointOfSale()
    client = await pos.connect()
  })
  afterAll(() => pos[Symbol.asyncDispose]())

  test('any sequence of operations goes as the plain model, and the monitor names the ids that were given twice, and nothing else', () =>
    fc.assert(
      fc.asyncProperty(fc.array(operationCommands, { minLength: 1, maxLength: 15 }), async (commands) => {
        await setTables(pos.session)
        const model = newModel()
        for (const command of commands) {
          const told = await command.send(client).then(
            () => 'done' as const,
            (error: { code: string }) => error.code,
          )
          expect([command.name, told]).toEqual([command.name, command.predict(model)])
        }
        expect(await readModel(pos.session)).toEqual(model)
        const found = await pos.session.query<{ rule: string; detail: string }>(
          `SELECT rule, detail FROM "table_items_monitor" ORDER BY detail`,
        )
        expect(found).toEqual(repeated(model).map((detail) => ({ rule: 'an item is in two places', detail })))
      }),
      { numRuns: 60 },
    ))

  test('lines of an order that the old application placed get ids when they are saved to a table', async () => {
    await setTables(pos.session)
    const bread = { productId: 'p', name: 'Bread', quantity: 2, price: '1.50' }
    await pos.session.query(`UPDATE "orders" SET "items" = $1::jsonb, "total" = 6 WHERE "id" = 'o1'`, [JSON.stringify([bread, bread])])
    const [table, order] = await operations.saveOrder(client, 'o1', 't1')
    expect(table.items).toEqual([
      { ...bread, id: expect.any(String) },
      { ...bread, id: expect.any(String) },
    ])
    expect(order.items).toEqual([])
    expect(await pos.session.query(`SELECT * FROM "table_items_monitor"`)).toEqual([])
  })

  test('an order whose total has more digits than its column is refused, and keeps its items', async () => {
    await setTables(pos.session)
    const costly = (id: string) => ({ id, productId: 'p', name: 'Pearl', quantity: 999, price: '999999.99' })
    await operations.addItem(client, 't1', costly('a'))
    await expect(operations.loadIntoOrder(client, 't1', 'o1')).rejects.toMatchObject({ code: 'conflict' })
    expect((await readModel(pos.session)).tables.get('t1')?.items).toEqual([costly('a')])
  })

  test('any total is the sum that the database computes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 999 }), cents: fc.integer({ min: 0, max: 99_999_999 }) })),
        async (lines) => {
          const items = lines.map(({ quantity, cents }) => ({
            quantity,
            price: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
          }))
          const { total } = await pos.session.one<{ total: string }>(
            `SELECT coalesce(sum((item ->> 'quantity')::numeric * (item ->> 'price')::numeric), 0.00)::text AS total
            FROM jsonb_array_elements($1::jsonb) AS each(item)`,
            [JSON.stringify(items)],
          )
          expect(totalOf(items)).toBe(total)
        },
      ),
      { numRuns: 50 },
    ))

  test('two switches of the same tables in opposite directions end without a deadlock, and no item is lost or doubled', async () => {
    await setTables(pos.session)
    const other = await pos.connect()
    const item = (id: string) => ({ id, productId: 'p', name: 'Bread', quantity: 1, price: '1.50' })
    await operations.addItem(client, 't1', item('a'))
    await operations.addItem(client, 't2', item('b'))
    for (let round = 0; round < 40; round += 1) {
      const ends = await Promise.allSettled([operations.switchTable(client, 't1', 't2'), operations.switchTable(other, 't2', 't1')])
      const failed = ends.flatMap((end) => (end.status === 'rejected' && end.reason.code !== 'conflict' ? [end.reason] : []))
      expect(failed).toEqual([])
      const { tables } = await readModel(pos.session)
      expect(
        [...tables.values()]
          .flatMap(({ items }) => items ?? [])
          .map(({ id }) => id)
          .toSorted(),
      ).toEqual(['a', 'b'])
      // Both are on one table now: one goes back for the next round.
      const [full, empty] = tables.get('t1')?.items?.length === 2 ? (['t1', 't2'] as const) : (['t2', 't1'] as const)
      await operations.clearItems(client, full)
      await operations.addItem(client, full, item('a'))
      await operations.addItem(client, empty, item('b'))
    }
  })

  test('an operation that the database gives up for another session (40001) is run again, and both count', async () => {
    await setTables(pos.session)
    const other = await pos.connect()
    const item = (id: string) => ({ id, productId: 'p', name: 'Bread', quantity: 1, price: '1.50' })
    await other.query(`SET default_transaction_isolation = 'repeatable read'`)
    const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await client.query('BEGIN')
    await client.query(`UPDATE "tables" SET "items" = $1::jsonb, "status" = 'OCCUPIED' WHERE "id" = 't1'`, [JSON.stringify([item('a')])])
    const statements: string[] = []
    const watched = {
      query: (sql: string, parameters?: unknown[]) => {
        statements.push(sql.split(' ')[0] ?? '')
        return other.query(sql, parameters)
      },
    }
    const added = operations.addItem(watched, 't1', item('b'))
    let waits = false
    while (!waits) {
      const [blocked] = await pos.session.query<{ waits: boolean }>(`SELECT cardinality(pg_blocking_pids($1)) > 0 AS waits`, [rows[0]?.pid])
      waits = blocked?.waits === true
    }
    await client.query('COMMIT')
    expect((await added).items).toEqual([item('a'), item('b')])
    expect(statements).toEqual(['BEGIN', 'SELECT', 'ROLLBACK', 'BEGIN', 'SELECT', 'UPDATE', 'COMMIT'])
  })

  test('two waiters who add to one table at once both find their items there', async () => {
    await setTables(pos.session)
    const clients = [client, await pos.connect(), await pos.connect()]
    const added = await Promise.all(
      clients.map(async (each, waiter) => {
        for (let n = 0; n < 20; n += 1) {
          await operations.addItem(each, 't1', { id: `${waiter}-${n}`, productId: 'p', name: 'Bread', quantity: 1, price: '1.50' })
        }
        return 20
      }),
    )
    expect((await readModel(pos.session)).tables.get('t1')?.items).toHaveLength(added.reduce((sum, each) => sum + each))
  })
})

/** What the monitor says of ids that waiters gave to two items. */
function repeated({ tables, orders }: Model): readonly string[] {
  const places = [
    ...[...orders].flatMap(([id, { items }]) => items.map((item) => [item.id, `order ${id}`] as const)),
    ...[...tables].flatMap(([id, { items }]) => (items ?? []).map((item) => [item.id, `table ${id}`] as const)),
  ]
  const ids = [...new Set(places.map(([id]) => id))].toSorted()
  return ids.flatMap((id) => {
    const of = places.filter(([other]) => other === id).map(([, place]) => place)
    return of.length > 1 ? [`item ${id}: ${of.toSorted().join(', ')}`] : []
  })
}
