import fc from 'fast-check'
import type { Session } from 'godwit'
import { expect } from 'vitest'
import { moveItem } from '../../migrations/stock-batches/move-item.ts'
import { readAllStock } from '../../migrations/stock-batches/reader.ts'
import { addBatch, changeBatch, removeBatch, writeItem } from '../../migrations/stock-batches/writes.ts'
import {
  addLot,
  changeLot,
  columnsOf,
  emptyInventory,
  type Inventory,
  type Item,
  type LotState,
  makeItem,
  move,
  removeLocation,
  removeLot,
  shown,
  writeWhole,
} from './inventory-model.ts'
import { statuses } from './legacy-data.ts'

export const locations = ['attic', 'barn', 'cellar'] as const

/** A step of either application; done to the model and to the database, after which both must show the same of every item. */
export type InventoryCommand = fc.AsyncCommand<Inventory, Session>

/** Any interleaving of old-style and batch-style writes and of moves, of a few items. */
export function inventoryCommands(maxCommands: number): fc.Arbitrary<Iterable<InventoryCommand>> {
  const at = fc.nat({ max: 4 })
  const day = fc.integer({ min: -3, max: 3 })
  return fc.commands(
    [
      fc.tuple(day, lotState).map(([made, state]) => makeItemCommand(made, state)),
      fc.tuple(at, fc.record(lotCells, { requiredKeys: [] })).map(([item, write]) => writeItemCommand(item, write)),
      at.map(moveCommand),
      fc.tuple(at, day, lotState).map(([item, made, state]) => addBatchCommand(item, made, state)),
      fc.tuple(at, at, fc.record(lotCells, { requiredKeys: [] })).map(([item, lot, write]) => changeBatchCommand(item, lot, write)),
      fc.tuple(at, at).map(([item, lot]) => removeBatchCommand(item, lot)),
      at.map(removeItemCommand),
      fc.constantFrom(...locations).map(removeLocationCommand),
    ],
    { maxCommands, size: 'max' },
  )
}

/** Model and database at the start: no items, three locations. In the session's open transaction. */
export async function setUp(session: Session): Promise<{ model: Inventory; real: Session }> {
  await session.query(`INSERT INTO "locations" ("id", "name", "updatedAt") SELECT l, l, now() FROM unnest($1::text[]) AS l`, [locations])
  return { model: emptyInventory(locations), real: session }
}

const lotCells = {
  quantity: fc.option(fc.integer({ min: -50, max: 1000 })),
  status: fc.option(fc.constantFrom<string>(...statuses)),
  location: fc.option(fc.constantFrom<string>(...locations)),
  costCents: fc.option(fc.integer({ min: 0, max: 9999 })),
}

const lotState: fc.Arbitrary<LotState> = fc.record(lotCells)

function makeItemCommand(made: number, state: LotState): InventoryCommand {
  return command(`make an item ${describe(state)}`, async (model, session) => {
    const id = `item ${++model.made}`
    const alive = withLivingLocation(model, state)
    makeItem(model, id, made, alive)
    await session.query(
      `INSERT INTO "items" ("id", "name", "quantityInStock", "status", "locationId", "costPerUnitUSD", "createdAt", "updatedAt")
      VALUES ($1, $1, $2, $3, $4, $5, $6, now())`,
      [id, alive.quantity, alive.status, alive.location, dollars(alive.costCents), timestampOf(made)],
    )
  })
}

function writeItemCommand(at: number, write: Partial<LotState>): InventoryCommand {
  return onItem(`old-style write to item ${at} ${describe(write)}`, at, async (model, session, item) => {
    const alive = withLivingLocation(model, write)
    writeWhole(item, alive)
    const { quantity, ...lot } = attributesOf(alive)
    expect(await writeItem(session, item.id, quantity === undefined ? lot : { ...lot, quantityInStock: quantity })).toBe(true)
  })
}

function moveCommand(at: number): InventoryCommand {
  return onItem(`move item ${at}`, at, async (_, session, item) => {
    const before = item.moved
    move(item)
    expect(await moveItem(session, item.id)).toBe(item.moved && !before ? 'moved' : 'unchanged')
  })
}

function addBatchCommand(at: number, made: number, state: LotState): InventoryCommand {
  return onItem(`add a batch to item ${at} ${describe(state)}`, at, async (model, session, item) => {
    const id = `batch ${++model.made}`
    const alive = withLivingLocation(model, state)
    addLot(item, { id, day: made, ...alive })
    await addBatch(session, { id, itemId: item.id, createdAt: timestampOf(made), ...attributesOf(alive) })
  })
}

function changeBatchCommand(at: number, lotAt: number, write: Partial<LotState>): InventoryCommand {
  return onItem(`change batch ${lotAt} of item ${at} ${describe(write)}`, at, async (model, session, item) => {
    const lot = item.lots[lotAt % item.lots.length]
    if (!item.moved || lot === undefined) return
    const alive = withLivingLocation(model, write)
    changeLot(item, lot.id, alive)
    expect(await changeBatch(session, lot.id, attributesOf(alive))).toBe(true)
  })
}

function removeBatchCommand(at: number, lotAt: number): InventoryCommand {
  return onItem(`remove batch ${lotAt} of item ${at}`, at, async (_, session, item) => {
    const lot = item.lots[lotAt % item.lots.length]
    if (!item.moved || lot === undefined) return
    removeLot(item, lot.id)
    expect(await removeBatch(session, lot.id)).toBe(true)
  })
}

function removeItemCommand(at: number): InventoryCommand {
  return onItem(`remove item ${at}`, at, async (model, session, item) => {
    model.items.delete(item.id)
    await session.query(`DELETE FROM "items" WHERE "id" = $1`, [item.id])
  })
}

function removeLocationCommand(location: string): InventoryCommand {
  return command(`remove the ${location}`, async (model, session) => {
    removeLocation(model, location)
    await session.query(`DELETE FROM "locations" WHERE "id" = $1`, [location])
  })
}

function onItem(name: string, at: number, run: (model: Inventory, session: Session, item: Item) => Promise<void>): InventoryCommand {
  const pick = ({ items }: Readonly<Inventory>) => [...items.values()][at % items.size]
  return {
    ...command(name, async (model, session) => {
      const item = pick(model)
      if (item !== undefined) await run(model, session, item)
    }),
    check: (model) => model.items.size > 0,
  }
}

function command(name: string, run: (model: Inventory, session: Session) => Promise<void>): InventoryCommand {
  return {
    check: () => true,
    run: async (model, session) => {
      await run(model, session)
      await expectSame(model, session)
    },
    toString: () => name,
  }
}

async function expectSame(model: Inventory, session: Session): Promise<void> {
  const stock = [...(await readAllStock(session)).values()].map(({ itemId, source, ...seen }) => [itemId, seen] as const)
  const columns = await session.query<{ id: string; quantity: string | null; status: string | null; location: string | null }>(
    `SELECT "id", "quantityInStock"::text AS quantity, "status"::text, "locationId" AS location FROM "items"`,
  )
  expect(new Map(stock), 'what the reader shows').toEqual(new Map([...model.items.values()].map((item) => [item.id, shown(item)])))
  expect(new Map(columns.map(({ id, ...rest }) => [id, rest])), 'what the old application finds').toEqual(
    new Map([...model.items.values()].map((item) => [item.id, columnsOf(item)])),
  )
}

function attributesOf({ quantity, status, location, costCents }: Partial<LotState>) {
  return {
    ...(quantity === undefined ? {} : { quantity }),
    ...(status === undefined ? {} : { status }),
    ...(location === undefined ? {} : { locationId: location }),
    ...(costCents === undefined ? {} : { costPerUnitUSD: dollars(costCents) }),
  }
}

function withLivingLocation<State extends Partial<LotState>>({ locations: living }: Inventory, state: State): State {
  return typeof state.location === 'string' && !living.has(state.location) ? { ...state, location: null } : state
}

function dollars(cents: number | null): number | null {
  return cents === null ? null : cents / 100
}

function timestampOf(day: number): string {
  return new Date(Date.UTC(2026, 0, 15 + day)).toISOString().slice(0, -1)
}

function describe(state: Partial<LotState>): string {
  return JSON.stringify(state)
}
