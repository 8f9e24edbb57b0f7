import fc from 'fast-check'
import { claim } from 'godwit/vitest'
import type pg from 'pg'
import { describe, expect } from 'vitest'
import * as operations from '../../fixtures/apps/pos/items/operations.ts'
import { lockTables } from '../../fixtures/apps/pos/items/rows.ts'
import { layoutEditor, tableStatus, tabs } from '../../fixtures/apps/pos/statements.ts'
import { newOldModel, type OldCommand, type OldModel, OldVersion, oldCommands, type Statuses } from './old-version.ts'
import { type Model, newModel, type OperationCommand, operationCommands, readModel } from './operation-commands.ts'
import { everything, itemsCheck, monitorView, openPointOfSale, type PointOfSale, removal, setTables } from './point-of-sale.ts'
import { corrected } from './scripts.ts'

const up = `BEGIN; ${corrected.up}; COMMIT; ${itemsCheck}; ${monitorView}`
const down = `${removal}; BEGIN; ${corrected.down}; COMMIT`

/** A step of one of the sessions; `old` of the session before `up`, `late` of one that was opened after it. */
type Step = { readonly by: 'old' | 'late'; readonly command: OldCommand } | { readonly by: 'new'; readonly command: OperationCommand }

const oldStep = fc.record({ by: fc.constant('old' as const), command: oldCommands })
const newStep = fc.record({ by: fc.constant('new' as const), command: operationCommands })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  oldStep,
  fc.record({ by: fc.constant('late' as const), command: oldCommands }),
  newStep,
  newStep,
)

// The schema first, or the new version first: the way in of the plan and the one of a mistake. In the way back the new version goes last.
const evening = fc.record({
  before: fc.array(fc.oneof(oldStep, newStep), { maxLength: 4 }),
  together: fc.array(anyStep, { minLength: 2, maxLength: 14 }),
  after: fc.array(fc.oneof(oldStep, newStep), { maxLength: 4 }),
})

describe('table-items, two versions on one database', () => {
  claim('TI-7', 'in both orders of deployment and on the way back, each version is as its own model, with sessions from before up', () =>
    fc.assert(
      fc.asyncProperty(evening, async ({ before, together, after }) => {
        await using pos = await openPointOfSale([corrected.legacy])
        await setTables(pos.session)
        const floor = await openFloor(pos)
        for (const step of before) await floor.withoutColumn(step)
        await pos.session.script(up)
        for (const step of together) await floor.play(step)
        await pos.session.script(down)
        for (const step of after) await floor.withoutColumn(step)
        expect(await exported(pos)).toEqual(entered(floor.model))
      }),
      { numRuns: process.env.GODWIT_ALL_CASES === '1' ? 300 : 10 },
    ),
  )

  claim(
    'TI-7',
    'a cached plan of SELECT * fails with 0A000 after up, once in each session; no statement of the old version does',
    async () => {
      await using pos = await openPointOfSale([corrected.legacy])
      await setTables(pos.session)
      const client = await pos.connect()
      const old = new OldVersion(client)
      await old.warmUp()
      const careless = { name: 'all of a table', text: 'SELECT * FROM "tables" WHERE "id" = $1', values: ['t1'] }
      for (let n = 0; n < 7; n += 1) await client.query(careless)
      await pos.session.script(up)
      await expect(client.query(careless)).rejects.toMatchObject({ code: '0A000' })
      expect(await old.send(layoutEditor.table, 't1')).toHaveLength(1)
      expect(Object.keys((await old.send(tableStatus.change, 'RESERVED', '2026-06-12', 't1'))[0] ?? {})).not.toContain('items')
      await client.query('DEALLOCATE "all of a table"')
      expect((await client.query({ ...careless, name: 'again' })).rows).toEqual([expect.objectContaining({ id: 't1', items: null })])
    },
  )

  claim('TI-7', 'a status that the old version set is kept by the new one, until the table gets items', async () => {
    await using pos = await openPointOfSale()
    await setTables(pos.session)
    const client = await pos.connect()
    const old = new OldVersion(client)
    const bread = { id: 'a', productId: 'p', name: 'Bread', quantity: 1, price: '1.50' }
    for (const status of ['RESERVED', 'CLEANING'] as const) {
      await old.send(tableStatus.change, status, '2026-06-12', 't1')
      expect((await operations.clearItems(client, 't1')).status).toBe(status)
      expect((await operations.addItem(client, 't1', bread)).status).toBe('OCCUPIED')
      await old.send(tableStatus.change, status, '2026-06-12', 't1')
      expect((await operations.clearItems(client, 't1')).status).toBe(status)
    }
    await operations.addItem(client, 't1', bread)
    expect((await operations.clearItems(client, 't1')).status).toBe('AVAILABLE')
  })

  claim('TI-7', 'a tab is opened and a table is deleted in its turn while the new version works on the table', async () => {
    await using pos = await openPointOfSale()
    await setTables(pos.session)
    const [waiter, client] = [await pos.connect(), await pos.connect()]
    const old = new OldVersion(client)
    await client.query(`SET lock_timeout = '2s'`)
    await waiter.query('BEGIN')
    await lockTables(waiter, ['t1'])
    expect(await old.send(tabs.open, 'b1', 'Guests', '[]', 't1', '2026-06-12')).toHaveLength(1)
    await waiter.query('COMMIT')
    expect(await old.send(layoutEditor.removeTable, 't1')).toHaveLength(1)
    const bread = { id: 'a', productId: 'p', name: 'Bread', quantity: 1, price: '1.50' }
    await expect(operations.addItem(waiter, 't1', bread)).rejects.toMatchObject({ code: 'not-found' })
  })

  claim('TI-7', 'at the same time, neither version sees an error or loses what it wrote', async () => {
    await using pos = await openPointOfSale()
    await setTables(pos.session)
    const clients = [await pos.connect(), await pos.connect(), await pos.connect(), await pos.connect()] as const
    const rounds = Array.from({ length: 40 }, (_, at) => at)
    const layout = async (client: pg.Client, id: string) => {
      const old = new OldVersion(client)
      for (const round of rounds) {
        await old.send(layoutEditor.moveTable, round, round + 1, '2026-06-12', id)
        await old.show(id)
        await old.save(id)
      }
    }
    const waiter = async (client: pg.Client, name: string) => {
      for (const round of rounds) {
        const item = { id: `${name}${round}`, productId: 'p', name: 'Bread', quantity: 1, price: '1.50' }
        await operations.addItem(client, round % 2 === 0 ? 't1' : 't2', item)
      }
    }
    await Promise.all([layout(clients[0], 't1'), layout(clients[1], 't2'), waiter(clients[2], 'a'), waiter(clients[3], 'b')])
    const { tables } = await readModel(pos.session)
    const ids = (['t1', 't2'] as const).flatMap((id) => (tables.get(id)?.items ?? []).map((item) => item.id))
    expect(ids.toSorted()).toEqual(rounds.flatMap((round) => [`a${round}`, `b${round}`]).toSorted())
    const shown = (await new OldVersion(await pos.connect()).read()).tables
    expect([shown.get('t1'), shown.get('t2')]).toEqual(['T1', 'T2'].map((name) => ({ name, x: 39, y: 40, width: 80, height: 80 })))
  })
})

/** The sessions of both versions and what each of them must show. */
interface Floor {
  readonly model: Model
  /** A step on the migrated database. */
  play(step: Step): Promise<void>
  /** A step while there is no column: the old version works, the new one fails and changes nothing. */
  withoutColumn(step: Step): Promise<void>
}

async function openFloor(pos: PointOfSale): Promise<Floor> {
  const [oldClient, newClient] = [await pos.connect(), await pos.connect()]
  const old = new OldVersion(oldClient)
  await old.warmUp()
  const oldModel = { old: newOldModel(), late: newOldModel() }
  const model = newModel()
  let late: OldVersion | undefined

  const playOld = async (session: OldVersion, { by, command }: Extract<Step, { command: OldCommand }>) => {
    const statuses: Statuses = new Map([...model.tables].map(([id, { status }]) => [id, status]))
    const own: OldModel = { ...oldModel.old, screens: oldModel[by].screens }
    const told = await endOf(command.send(session))
    expect([command.name, told]).toEqual([command.name, command.predict(own, statuses)])
    for (const [id, status] of statuses) {
      const table = model.tables.get(id)
      if (table !== undefined) table.status = status
    }
  }

  const agree = async (session: OldVersion) => {
    const { statuses, ...shown } = await session.read()
    const { screens: _screens, ...known } = oldModel.old
    const tables = new Map([...model.tables.keys()].flatMap((id) => (known.tables.has(id) ? [] : [[id, made(id)] as const])))
    expect(shown).toEqual({ ...known, tables: new Map([...known.tables, ...tables]) })
    expect(statuses).toEqual(new Map([...model.tables].map(([id, { status }]) => [id, status])))
  }

  return {
    model,
    async play(step) {
      if (step.by === 'new') {
        expect([step.command.name, await endOf(step.command.send(newClient))]).toEqual([step.command.name, step.command.predict(model)])
      } else {
        late ??= new OldVersion(await pos.connect())
        await playOld(step.by === 'old' ? old : late, step)
      }
      await agree(old)
      const { tables, orders } = await readModel(pos.session)
      expect(tables).toEqual(model.tables)
      expect(new Map([...orders].filter(([id]) => !id.startsWith('old-')))).toEqual(model.orders)
    },
    async withoutColumn(step) {
      if (step.by === 'new') {
        const before = await everything(pos.session)
        const told = await endOf(step.command.send(newClient))
        expect(told).toBe(step.command.reachesDatabase ? '42703' : 'conflict')
        expect(await everything(pos.session)).toBe(before)
      } else {
        await playOld(old, step)
      }
      await agree(old)
    },
  }
}

/** A table that the new version has made, as the old one shows it. */
const made = (id: string) => ({ name: `T${id.slice(1)}`, x: 50, y: 50, width: 80, height: 80 })

/** What a request was told: done, a refusal's code, or an SQLSTATE. */
function endOf(request: Promise<unknown>): Promise<string> {
  return request.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
}

/** What the way back exported, by table. */
async function exported(pos: PointOfSale): Promise<ReadonlyMap<string, unknown>> {
  const [there] = await pos.session.query(`SELECT FROM pg_class WHERE oid = to_regclass('"table_items_export"')`)
  if (there === undefined) return new Map()
  const rows = await pos.session.query<{ id: string; items: unknown }>(
    `SELECT "tableId" AS id, "items" FROM "table_items_export" ORDER BY 1`,
  )
  return new Map(rows.map(({ id, items }) => [id, items]))
}

function entered({ tables }: Model): ReadonlyMap<string, unknown> {
  return new Map([...tables].flatMap(([id, { items }]) => (items === null ? [] : [[id, items] as const])))
}
