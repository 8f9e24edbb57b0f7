import fc from 'fast-check'
import type { Session } from 'godwit'
import type { Client } from '../../fixtures/apps/pos/items/client.ts'
import * as operations from '../../fixtures/apps/pos/items/operations.ts'
import type { RefusalCode } from '../../fixtures/apps/pos/items/refusal.ts'
import type { Item, ItemChange } from '../../fixtures/apps/pos/items/validate-items.ts'

/** Tables and open orders as plain values, written without a look at the application. Totals are in cents. */
export interface Model {
  readonly tables: Map<string, { status: string; items: readonly Item[] | null }>
  readonly orders: Map<string, { total: number; items: readonly Item[] }>
}

/** One operation: how it is sent, and what a model says of it; `predict` changes the model unless it predicts a refusal. */
export interface OperationCommand {
  readonly name: string
  readonly operation: 'addItem' | 'updateItem' | 'clearItems' | 'switchTable' | 'loadIntoOrder' | 'saveOrder' | 'createTable'
  send(client: Client): Promise<unknown>
  /** False where it is refused before its first statement. */
  readonly reachesDatabase: boolean
  /** The same as a request to the API. */
  readonly request: { readonly method: string; readonly url: string; readonly body?: unknown }
  predict(model: Model): 'done' | RefusalCode
}

/** What `setTables` makes. */
export function newModel(): Model {
  return {
    tables: new Map(['t1', 't2', 't3'].map((id) => [id, { status: 'AVAILABLE', items: null }])),
    orders: new Map(['o1', 'o2'].map((id) => [id, { total: 0, items: [] }])),
  }
}

export async function readModel(session: Session): Promise<Model> {
  const tables = await session.query<{ id: string; status: string; items: Item[] | null }>(
    `SELECT "id", "status", "items" FROM "tables" ORDER BY "id"`,
  )
  const orders = await session.query<{ id: string; total: number; items: Item[] }>(
    `SELECT "id", ("total" * 100)::int4 AS total, "items" FROM "orders" WHERE "status" = 'OPEN' ORDER BY "id"`,
  )
  return {
    tables: new Map(tables.map(({ id, ...rest }) => [id, rest])),
    orders: new Map(orders.map(({ id, ...rest }) => [id, rest])),
  }
}

const itemId = fc.constantFrom('a', 'b', 'c', 'd')
const tableId = fc.constantFrom('t1', 't2', 't3', 't1', 't2', 'nowhere')
const orderId = fc.constantFrom('o1', 'o2', 'o1', 'o2', 'nowhere')
const quantity = fc.integer({ min: 1, max: 9 })
const price = fc.constantFrom('0.10', '0.20', '1.50', '19.99')

const item: fc.Arbitrary<Item> = fc.record({ id: itemId, productId: fc.constant('p'), name: fc.constant('Bread'), quantity, price })
const change: fc.Arbitrary<ItemChange> = fc.oneof(
  fc.record({ quantity }),
  fc.record({ price }),
  fc.record({ quantity, note: fc.constant('hot') }),
)

const add = fc.tuple(tableId, item).map(
  ([table, added]): OperationCommand => ({
    name: `add ${added.id} to ${table}`,
    operation: 'addItem',
    reachesDatabase: true,
    request: { method: 'POST', url: `/tables/${table}/items`, body: added },
    send: (client) => operations.addItem(client, table, added),
    predict: (model) => changed(model, table, (items) => (has(items, added.id) ? 'conflict' : [...items, added])),
  }),
)

const update = fc.tuple(tableId, itemId, change).map(
  ([table, id, with_]): OperationCommand => ({
    name: `update ${id} on ${table}`,
    operation: 'updateItem',
    reachesDatabase: true,
    request: { method: 'PATCH', url: `/tables/${table}/items/${id}`, body: with_ },
    send: (client) => operations.updateItem(client, table, id, with_),
    predict: (model) =>
      changed(model, table, (items) =>
        has(items, id) ? items.map((each) => (each.id === id ? { ...each, ...with_ } : each)) : 'not-found',
      ),
  }),
)

const clear = tableId.map(
  (table): OperationCommand => ({
    name: `clear ${table}`,
    operation: 'clearItems',
    reachesDatabase: true,
    request: { method: 'DELETE', url: `/tables/${table}/items` },
    send: (client) => operations.clearItems(client, table),
    predict: (model) => changed(model, table, () => []),
  }),
)

const switchTables = fc.tuple(tableId, tableId).map(
  ([from, to]): OperationCommand => ({
    name: `switch ${from} to ${to}`,
    operation: 'switchTable',
    reachesDatabase: from !== to,
    request: { method: 'POST', url: `/tables/${from}/switch`, body: { tableId: to } },
    send: (client) => operations.switchTable(client, from, to),
    predict(model) {
      if (from === to) return 'conflict'
      const [source, target] = [model.tables.get(from), model.tables.get(to)]
      if (source === undefined || target === undefined) return 'not-found'
      const moved = source.items ?? []
      if (moved.length === 0 || moved.some(({ id }) => has(target.items ?? [], id))) return 'conflict'
      put(target, [...(target.items ?? []), ...moved])
      put(source, [])
      return 'done'
    },
  }),
)

const load = fc.tuple(tableId, orderId).map(
  ([from, to]): OperationCommand => ({
    name: `load ${from} into ${to}`,
    operation: 'loadIntoOrder',
    reachesDatabase: true,
    request: { method: 'POST', url: `/tables/${from}/load`, body: { orderId: to } },
    send: (client) => operations.loadIntoOrder(client, from, to),
    predict(model) {
      const [table, order] = [model.tables.get(from), model.orders.get(to)]
      if (table === undefined || order === undefined) return 'not-found'
      const moved = table.items ?? []
      if (moved.length === 0 || moved.some(({ id }) => has(order.items, id))) return 'conflict'
      order.items = [...order.items, ...moved]
      order.total = order.items.reduce((sum, each) => sum + each.quantity * Math.round(Number(each.price) * 100), 0)
      put(table, [])
      return 'done'
    },
  }),
)

const save = fc.tuple(orderId, tableId).map(
  ([from, to]): OperationCommand => ({
    name: `save ${from} to ${to}`,
    operation: 'saveOrder',
    reachesDatabase: true,
    request: { method: 'POST', url: `/orders/${from}/save`, body: { tableId: to } },
    send: (client) => operations.saveOrder(client, from, to),
    predict(model) {
      const [table, order] = [model.tables.get(to), model.orders.get(from)]
      if (table === undefined || order === undefined) return 'not-found'
      if (order.items.length === 0 || order.items.some(({ id }) => has(table.items ?? [], id))) return 'conflict'
      put(table, [...(table.items ?? []), ...order.items])
      order.items = []
      order.total = 0
      return 'done'
    },
  }),
)

const create = fc.tuple(fc.constantFrom('t3', 't4', 't5'), fc.option(fc.uniqueArray(item, { maxLength: 2, selector: ({ id }) => id }))).map(
  ([id, items]): OperationCommand => ({
    name: `create ${id}`,
    operation: 'createTable',
    reachesDatabase: true,
    request: { method: 'POST', url: '/tables', body: newTable(id, items) },
    send: (client) => operations.createTable(client, newTable(id, items)),
    predict(model) {
      if (model.tables.has(id)) return 'conflict'
      model.tables.set(id, { status: (items ?? []).length > 0 ? 'OCCUPIED' : 'AVAILABLE', items })
      return 'done'
    },
  }),
)

/** One operation on few tables, orders and items, so that they meet. */
export const operationCommands: fc.Arbitrary<OperationCommand> = fc.oneof(
  { weight: 4, arbitrary: add },
  { weight: 2, arbitrary: update },
  { weight: 1, arbitrary: clear },
  { weight: 2, arbitrary: switchTables },
  { weight: 2, arbitrary: load },
  { weight: 2, arbitrary: save },
  { weight: 1, arbitrary: create },
)

const newTable = (id: string, items: readonly Item[] | null) => ({
  id,
  name: `T${id.slice(1)}`,
  roomId: 'hall',
  ...(items === null ? {} : { items }),
})

const has = (items: readonly Item[], id: string) => items.some((each) => each.id === id)

function changed(model: Model, id: string, change: (items: readonly Item[]) => readonly Item[] | RefusalCode): 'done' | RefusalCode {
  const table = model.tables.get(id)
  if (table === undefined) return 'not-found'
  const next = change(table.items ?? [])
  if (typeof next === 'string') return next
  put(table, next)
  return 'done'
}

function put(table: { status: string; items: readonly Item[] | null }, items: readonly Item[]): void {
  table.items = items
  if (items.length > 0) table.status = 'OCCUPIED'
  else if (table.status === 'OCCUPIED') table.status = 'AVAILABLE'
}
