import fc from 'fast-check'
import type pg from 'pg'
import { layoutEditor, orders, type PosStatement, tableStatus, tabs } from '../../fixtures/apps/pos/statements.ts'

/** What the old version shows of a table. */
export interface OldTable {
  readonly name: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** What the old version knows, as plain values; the status of a table is shared with the new version and is kept beside it. */
export interface OldModel {
  readonly tables: Map<string, OldTable>
  readonly tabs: Map<string, { readonly tableId: string; readonly items: unknown }>
  readonly orders: Map<string, { readonly tableId: string; readonly status: string }>
  /** Rows as a screen of the old version read them some time ago. */
  readonly screens: Map<string, OldTable & { readonly status: string }>
}

/** Status by table. */
export type Statuses = Map<string, string>

/** One request of the old version; `predict` says what it is told and changes the model. */
export interface OldCommand {
  readonly name: string
  send(old: OldVersion): Promise<void>
  predict(model: OldModel, statuses: Statuses): 'done' | '23505'
}

export function newOldModel(): OldModel {
  const table = { x: 50, y: 50, width: 80, height: 80 }
  return {
    tables: new Map(['t1', 't2', 't3'].map((id) => [id, { name: `T${id.slice(1)}`, ...table }])),
    tabs: new Map(),
    orders: new Map(),
    screens: new Map(),
  }
}

/** Columns that the old version knows, all of them written: what a layout editor does that saves what it shows. */
const saveWholeRow: PosStatement = {
  workflow: 'layout editor',
  name: 'save a table as it is shown',
  sql: `UPDATE "public"."tables" SET ("name", "x", "y", "width", "height", "status") = ROW ($2, $3, $4, $5, $6, $7::"TableStatus")
    WHERE "public"."tables"."id" = $1`,
}

/** A session of the old version: every statement is prepared once, as a pool with a cache of statements does it. */
export class OldVersion {
  readonly #client: pg.Client
  readonly #screens = new Map<string, Record<string, unknown>>()

  constructor(client: pg.Client) {
    this.#client = client
  }

  async send<Row extends object = Record<string, unknown>>(
    { name, sql }: PosStatement,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]> {
    return (await this.#client.query<Row>({ name, text: sql, values: [...values] })).rows
  }

  /** Send every read often enough for the server to keep one plan for it. */
  async warmUp(): Promise<void> {
    for (let n = 0; n < 7; n += 1) {
      await this.send(layoutEditor.table, 't1')
      await this.send(layoutEditor.tablesOfRoom, 'hall')
      await this.send(layoutEditor.moveTable, 50, 50, now, 't1')
      await this.send(tableStatus.change, 'AVAILABLE', now, 't1')
    }
  }

  async show(id: string): Promise<void> {
    const [row] = await this.send(layoutEditor.table, id)
    if (row !== undefined) this.#screens.set(id, row)
  }

  async save(id: string): Promise<void> {
    const row = this.#screens.get(id)
    if (row !== undefined) await this.send(saveWholeRow, id, row.name, row.x, row.y, row.width, row.height, row.status)
  }

  /** All that it shows, in the form of its model. */
  async read(): Promise<Omit<OldModel, 'screens'> & { readonly statuses: Statuses }> {
    const rows = await this.send<OldTable & { id: string; status: string }>(layoutEditor.tablesOfRoom, 'hall')
    const open = await this.send<{ id: string; tableId: string; items: unknown }>(tabs.all)
    const placed = await this.send<{ id: string; tableId: string; status: string }>(allOrders)
    return {
      tables: new Map(rows.map(({ id, name, x, y, width, height }) => [id, { name, x, y, width, height }])),
      tabs: new Map(open.map(({ id, tableId, items }) => [id, { tableId, items }])),
      orders: new Map(placed.map(({ id, tableId, status }) => [id, { tableId, status }])),
      statuses: new Map(rows.map(({ id, status }) => [id, status])),
    }
  }
}

const allOrders: PosStatement = {
  workflow: 'orders',
  name: 'orders of the old version',
  sql: `SELECT "id", "tableId", "status" FROM "public"."orders" WHERE "id" LIKE 'old-%' ORDER BY "id"`,
}

const now = '2026-06-12 19:30:00'
const tableId = fc.constantFrom('t1', 't2', 't3')
const place = fc.integer({ min: 0, max: 200 })
const lines = [{ productId: 'p', name: 'Bread', quantity: 2, price: '1.50' }]

const move = fc.tuple(tableId, place, place).map(
  ([id, x, y]): OldCommand => ({
    name: `move ${id}`,
    send: async (old) => void (await old.send(layoutEditor.moveTable, x, y, now, id)),
    predict: ({ tables }) => change(tables, id, { x, y }),
  }),
)

const resize = fc.tuple(tableId, place, place).map(
  ([id, width, height]): OldCommand => ({
    name: `resize ${id}`,
    send: async (old) => void (await old.send(layoutEditor.resizeTable, width, height, now, id)),
    predict: ({ tables }) => change(tables, id, { width, height }),
  }),
)

const rename = fc.tuple(tableId, fc.constantFrom('T1', 'T2', 'Window')).map(
  ([id, name]): OldCommand => ({
    name: `rename ${id} to ${name}`,
    send: async (old) => void (await old.send(layoutEditor.renameTable, name, now, id)),
    predict: ({ tables }) => (taken(tables, id, name) ? '23505' : change(tables, id, { name })),
  }),
)

const setStatus = fc.tuple(tableId, fc.constantFrom('AVAILABLE', 'OCCUPIED', 'RESERVED', 'CLEANING')).map(
  ([id, status]): OldCommand => ({
    name: `set ${id} ${status}`,
    send: async (old) => void (await old.send(tableStatus.change, status, now, id)),
    predict(_model, statuses) {
      statuses.set(id, status)
      return 'done'
    },
  }),
)

const show = tableId.map(
  (id): OldCommand => ({
    name: `show ${id}`,
    send: (old) => old.show(id),
    predict({ tables, screens }, statuses) {
      const table = tables.get(id)
      if (table !== undefined) screens.set(id, { ...table, status: statuses.get(id) ?? '' })
      return 'done'
    },
  }),
)

const save = tableId.map(
  (id): OldCommand => ({
    name: `save ${id} as shown`,
    send: (old) => old.save(id),
    predict({ tables, screens }, statuses) {
      const shown = screens.get(id)
      if (shown === undefined) return 'done'
      const { status, ...table } = shown
      if (taken(tables, id, table.name)) return '23505'
      statuses.set(id, status)
      return change(tables, id, table)
    },
  }),
)

const openTab = fc.tuple(tableId, fc.constantFrom('b1', 'b2')).map(
  ([table, id]): OldCommand => ({
    name: `open tab ${id} on ${table}`,
    send: async (old) => void (await old.send(tabs.open, id, 'Guests', JSON.stringify(lines), table, now)),
    predict({ tabs: open }) {
      if (open.has(id)) return '23505'
      open.set(id, { tableId: table, items: lines })
      return 'done'
    },
  }),
)

const placeOrder = fc.tuple(tableId, fc.constantFrom('old-1', 'old-2')).map(
  ([table, id]): OldCommand => ({
    name: `place ${id} on ${table}`,
    send: async (old) => void (await old.send(orders.place, id, JSON.stringify(lines), '3.00', table, now)),
    predict({ orders: placed }) {
      if (placed.has(id)) return '23505'
      placed.set(id, { tableId: table, status: 'OPEN' })
      return 'done'
    },
  }),
)

/** What waiters do with the old version, all day. */
export const oldCommands: fc.Arbitrary<OldCommand> = fc.oneof(
  move,
  resize,
  rename,
  { weight: 2, arbitrary: setStatus },
  { weight: 2, arbitrary: show },
  { weight: 2, arbitrary: save },
  openTab,
  placeOrder,
)

const taken = (tables: OldModel['tables'], id: string, name: string) =>
  [...tables].some(([other, each]) => other !== id && each.name === name)

function change(tables: OldModel['tables'], id: string, to: Partial<OldTable>): 'done' {
  const table = tables.get(id)
  if (table !== undefined) tables.set(id, { ...table, ...to })
  return 'done'
}
