import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { type KindName, kindNames } from '../../fixtures/kv/kinds.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runRollback } from '../../migrations/kv-to-tables/run/run-rollback.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { seedBulk } from './seed-bulk.ts'
import { readState, readStore } from './state.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

/** Who refers to whom, by hand. */
const parents: Readonly<Record<KindName, readonly KindName[]>> = {
  clients: [],
  catalogs: ['clients'],
  sites: ['clients', 'catalogs'],
  products: ['catalogs'],
  employees: ['sites'],
  orders: ['sites', 'products', 'employees'],
}

const bulk = bulkStore(200, { dirtyPercent: 10 })

describe('KV-6: rollback', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
    await seedBulk(bench.session, bulk)
  })
  afterAll(() => bench[Symbol.asyncDispose]())
  const rollBack = async (options: { readonly confirm: boolean; readonly tables?: readonly string[]; readonly drop?: true }) =>
    runRollback(bench.session, await findStore(bench.session, 'kv_store'), { kinds, ...options })

  test('KV-6: any selection empties exactly its tables, or is refused with the tables that would be left with orphans; the store stays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...kindNames), { minLength: 1 }), async (tables) => {
        await bench.run()
        const [before, store] = [await readState(bench.session), await readStore(bench.session)]
        const staying = kindNames.filter((kind) => !tables.includes(kind))
        const orphaned = staying.filter((kind) => parents[kind].some((parent) => tables.includes(parent)))
        const traces = await readTraces(bench.session)
        if (orphaned.length > 0) {
          for (const confirm of [false, true]) {
            const refusal = await rollBack({ confirm, tables }).catch((error: unknown) => error)
            expect(refusal).toMatchObject({ exitCode: 2, message: 'this selection would leave orphans' })
            for (const kind of orphaned) expect(String((refusal as { hint: string }).hint)).toContain(`${kind}.`)
            const { named = '' } = /Name (?<named>[a-z, ]+) too\.$/.exec((refusal as { hint: string }).hint)?.groups ?? {}
            expect((await rollBack({ confirm: false, tables: [...tables, ...named.split(', ')] })).tables.length).toBeGreaterThan(
              tables.length,
            )
          }
          expect(await readTraces(bench.session)).toEqual(traces)
          return
        }
        const preview = await rollBack({ confirm: false, tables })
        expect(await readTraces(bench.session)).toEqual(traces)
        const done = await rollBack({ confirm: true, tables })
        expect({ ...preview, confirmed: true }).toEqual(done)
        const after = await readState(bench.session)
        expect(await readStore(bench.session)).toEqual(store)
        for (const kind of kindNames) expect(after.tables.get(kind)).toEqual(tables.includes(kind) ? new Map() : before.tables.get(kind))
        expect([...after.aside.values()].filter(({ kind }) => (tables as string[]).includes(kind))).toEqual([])
        expect([...after.aside.keys()]).toHaveLength(
          [...before.aside.values()].filter(({ kind }) => !(tables as string[]).includes(kind)).length,
        )
        await bench.run()
        expect(await readState(bench.session)).toEqual(before)
      }),
      { numRuns: 12, interruptAfterTimeLimit: 40_000, examples: [[['orders', 'employees']], [[...kindNames]]] },
    )
  })

  test('a table of the application that refers to a migrated row is seen too, wherever it is, and the hint can be followed', async () => {
    await bench.run()
    await bench.session.script(
      `CREATE SCHEMA IF NOT EXISTS shop; CREATE TABLE shop.reviews (order_id uuid REFERENCES orders ON DELETE CASCADE);
       INSERT INTO shop.reviews SELECT id FROM orders LIMIT 2`,
    )
    const refusal = await rollBack({ confirm: true, tables: ['sites'] }).catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      exitCode: 2,
      hint: expect.stringMatching(
        /shop\.reviews\.order_id refers to orders in 2 rows\. First delete those rows of shop\.reviews yourself, or drop the foreign key: .* Name employees, orders too\.$/,
      ),
    })
    await bench.session.script('DELETE FROM shop.reviews')
    expect((await rollBack({ confirm: true, tables: ['sites', 'employees', 'orders'] })).confirmed).toBe(true)
    await bench.session.script('DROP SCHEMA shop CASCADE')
  })

  test('it works under the lock of a run, and nobody writes a row meanwhile that refers to one that goes', async () => {
    await bench.run()
    await using holder = await openConnection(bench.database.url())
    await holder.query("SELECT pg_advisory_lock(hashtextextended('kv-to-tables public.kv_store', 0))")
    await expect(rollBack({ confirm: true })).rejects.toMatchObject({ exitCode: 3, message: 'another run is under way' })
    await holder.query('SELECT pg_advisory_unlock_all()')

    await bench.session.script('CREATE TABLE reviews (order_id uuid REFERENCES orders ON DELETE CASCADE)')
    await using own = await openConnection(bench.database.url())
    const refusals: unknown[] = []
    await holder.query("SET lock_timeout = '20ms'")
    const [order] = await bench.session.query<{ id: string }>('SELECT id FROM orders LIMIT 1')
    const writer = {
      ...own,
      query: async <Row extends object>(sql: string, parameters?: readonly unknown[]) => {
        if (sql.startsWith('DELETE FROM public.orders'))
          refusals.push(await holder.query('INSERT INTO reviews VALUES ($1)', [order?.id]).catch((error: unknown) => error))
        return own.query<Row>(sql, parameters)
      },
    }
    await runRollback(writer, await findStore(own, 'kv_store'), { kinds, confirm: true })
    expect(refusals).toEqual([expect.objectContaining({ code: '55P03' })])
    await bench.session.script('DROP TABLE reviews')
  })

  test('with --drop, a view of the team that needs a table is named, and nothing is dropped or emptied', async () => {
    await bench.run()
    await bench.session.script('CREATE VIEW names AS SELECT name FROM clients')
    const traces = await readTraces(bench.session)
    await using own = await openConnection(bench.database.url())
    const dropping = runRollback(own, await findStore(own, 'kv_store'), { kinds, confirm: true, drop: true })
    await expect(dropping).rejects.toMatchObject({
      exitCode: 2,
      message: 'the tables cannot be dropped',
      hint: expect.stringContaining('view names depends on table clients'),
    })
    expect(await readTraces(bench.session)).toEqual(traces)
    await bench.session.script('DROP VIEW names')
  })

  test('rows that the application made are named before they are lost', async () => {
    await bench.run()
    await bench.session.script("INSERT INTO clients (id, name, email) VALUES (gen_random_uuid(), 'New', 'new@acme.example')")
    expect((await rollBack({ confirm: false })).tables.at(-1)).toMatchObject({ table: 'clients', notFromStore: 1 })
    await rollBack({ confirm: true })
  })

  test('an unknown table is refused', async () => {
    await expect(rollBack({ confirm: true, tables: ['users'] })).rejects.toMatchObject({
      exitCode: 2,
      message: 'there is no table "users"',
    })
  })

  test('with --drop nothing but the store is left', async () => {
    await bench.run()
    await rollBack({ confirm: true, drop: true })
    expect((await readTraces(bench.session)).filter((trace) => !trace.startsWith('kv_store'))).toEqual([])
    expect((await rollBack({ confirm: true })).tables).toEqual([])
  })
})
