import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { type KindName, kindNames } from '../../fixtures/kv/kinds.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
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

describe('KV-6, rollback', { timeout: 120_000 }, () => {
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

  test('a table of the application that refers to a migrated row is seen too', async () => {
    await bench.run()
    await bench.session.script(
      'CREATE TABLE reviews (order_id uuid REFERENCES orders ON DELETE CASCADE); INSERT INTO reviews SELECT id FROM orders LIMIT 2',
    )
    await expect(rollBack({ confirm: true })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining('reviews.order_id refers to orders in 2 rows'),
    })
    await bench.session.script('DROP TABLE reviews')
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
