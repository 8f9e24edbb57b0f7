import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../fixtures/kv/kinds.ts'
import { type MadeRecord, storeArbitrary } from '../../fixtures/kv/store-arbitrary.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import type { RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'
import { runRollback } from '../../migrations/kv-to-tables/run/run-rollback.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { shownCounts, shownModel } from './claims.ts'
import { Filled } from './filled.ts'
import { emptyState, migrate } from './model.ts'
import { catalog, client } from './records.ts'
import { readState, readStore } from './state.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

// A slow machine makes fewer runs in its time, not other ones.
const parameters = { numRuns: 12, interruptAfterTimeLimit: 70_000 }

/** The statistics without the clock. */
function statistics({ kinds, total }: RunResult) {
  return { kinds: kinds.map(({ durationMs: _, ...counts }) => counts), total }
}

const store = storeArbitrary({ type: 'jsonb' })
const batchSize = fc.constantFrom(1, 3, 7, 1000)

describe('kv-to-tables, run after run', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  const rollBack = async () => runRollback(bench.session, await findStore(bench.session, 'kv_store'), { kinds, confirm: true })

  test('KV-4, KV-5, KV-7: on any store a dry run leaves no trace and predicts the live run; a second run leaves none; any batch size ends alike', async () => {
    const filled = new Filled()
    await fc.assert(
      fc.asyncProperty(store, batchSize, batchSize, async (records, size, other) => {
        await bench.fill(records)
        const untouched = await readTraces(bench.session)
        const predicted = await bench.run({ dryRun: true, batchSize: size })
        expect(await readTraces(bench.session)).toEqual(untouched)
        const first = await bench.run({ batchSize: size })
        filled.add(first)
        expect(statistics(first)).toEqual(statistics(predicted))
        const ended = await readTraces(bench.session)
        const state = await readState(bench.session)
        const predictedAgain = await bench.run({ dryRun: true })
        const second = await bench.run({ batchSize: other })
        expect(await readTraces(bench.session)).toEqual(ended)
        expect(statistics(second)).toEqual(statistics(predictedAgain))
        expect(second.total.unchanged).toBe(first.total.inserted)
        await rollBack()
        expect(statistics(await bench.run({ batchSize: other }))).toEqual(statistics(first))
        expect(await readState(bench.session)).toEqual(state)
      }),
      parameters,
    )
    filled.expectEnough('KV-4, KV-5, KV-7')
  })

  test('KV-4, KV-5: when the store changed, any run does what the model does, and its dry run predicts it; rows that became newer stay', async () => {
    const filled = new Filled()
    await fc.assert(
      fc.asyncProperty(store, store, fc.boolean(), batchSize, async (records, changes, retry, size) => {
        await bench.fill(records)
        const model = emptyState()
        migrate(model, await readStore(bench.session))
        filled.add(await bench.run())
        await bench.change(changes)
        const predicted = await bench.run({ dryRun: true, retry, batchSize: size })
        const result = await bench.run({ retry, batchSize: size })
        const counts = migrate(model, await readStore(bench.session), { retry })
        expect(await readState(bench.session)).toEqual(shownModel(model))
        expect(shownCounts(result)).toEqual(Object.fromEntries(counts))
        expect(statistics(result)).toEqual(statistics(predicted))
      }),
      parameters,
    )
    filled.expectEnough('KV-4, KV-5, after changes')
  })

  test('KV-3: after any run every reference resolves', async () => {
    const filled = new Filled()
    await fc.assert(
      fc.asyncProperty(store, async (records) => {
        await bench.fill(records)
        filled.add(await bench.run())
        const { orphans } = await bench.session.one<{ orphans: number }>(
          `SELECT (SELECT count(*) FROM catalogs WHERE client_id NOT IN (SELECT id FROM clients))
             + (SELECT count(*) FROM sites WHERE client_id NOT IN (SELECT id FROM clients) OR (catalog_id IS NOT NULL AND catalog_id NOT IN (SELECT id FROM catalogs)))
             + (SELECT count(*) FROM products WHERE catalog_id NOT IN (SELECT id FROM catalogs))
             + (SELECT count(*) FROM employees WHERE site_id NOT IN (SELECT id FROM sites))
             + (SELECT count(*) FROM orders WHERE site_id NOT IN (SELECT id FROM sites) OR product_id NOT IN (SELECT id FROM products)
                  OR (employee_id IS NOT NULL AND employee_id NOT IN (SELECT id FROM employees)))::int AS orphans`,
        )
        const { invalid, keys } = await bench.session.one<{ invalid: number; keys: number }>(
          "SELECT count(*) FILTER (WHERE NOT convalidated)::int AS invalid, count(*)::int AS keys FROM pg_constraint WHERE contype = 'f'",
        )
        expect({ orphans: Number(orphans), invalid, keys }).toEqual({ orphans: 0, invalid: 0, keys: 8 })
      }),
      parameters,
    )
    filled.expectEnough('KV-3')
  })

  test('KV-5: a row that the application changed since is kept when its record changes, and one that it made is not taken', async () => {
    await bench.fill([client(1, { updatedAt: '2023-01-01' }), client(2)])
    await bench.run()
    await bench.session.script(`UPDATE clients SET name = 'New name', updated_at = '2024-01-01' WHERE email = 'c1@acme.example';
      INSERT INTO clients (id, name, email) VALUES ('${uuidOf('clients', 9)}', 'Made here', 'C3@acme.example')`)
    await bench.change([client(1, { name: 'Older', updatedAt: '2023-06-01' }), client(3)])
    const result = await bench.run()
    expect(shownCounts(result)).toEqual({ clients: { unchanged: 1, kept: 1, 'set-aside': 1 } })
    const names = await bench.session.query('SELECT name FROM clients ORDER BY name')
    expect(names).toEqual([{ name: 'Client 2' }, { name: 'Made here' }, { name: 'New name' }])
  })

  test('after a fix a retry takes up just what was set aside, what referred to it included, and leaves nothing doubled', async () => {
    await bench.fill([client(1, { email: 'nobody' }), catalog(1, 1), client(2), catalog(2, 2)])
    expect((await bench.run()).total).toMatchObject({ source: 4, inserted: 2, setAside: 2, reasons: { pattern: 1, reference: 1 } })
    await bench.change([client(1)])
    expect((await bench.run({ retry: true })).total).toMatchObject({ source: 2, inserted: 2, setAside: 0 })
    const state = await readState(bench.session)
    expect([state.aside.size, state.tables.get('clients')?.size, state.tables.get('catalogs')?.size]).toEqual([0, 2, 2])
  })

  test('poison: what only the server refuses is set aside alone, with its words, in any batch', async () => {
    await bench.fill([])
    await bench.run()
    await bench.session.script(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.name = 'poison' THEN RAISE 'no %', new.name; END IF; RETURN new; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON clients FOR EACH ROW EXECUTE FUNCTION refuse();
      ALTER TABLE clients ADD CONSTRAINT no_x CHECK (name <> 'x')`)
    try {
      const records = Array.from({ length: 50 }, (_, n) =>
        client(n, n === 17 ? { name: 'poison' } : n === 18 || n === 49 ? { name: 'x' } : {}),
      )
      await bench.fill(records)
      const result = await bench.run({ batchSize: 20 })
      expect(result.total).toMatchObject({ source: 50, inserted: 47, setAside: 3, reasons: { database: 3 } })
      const reasons = await bench.session.query("SELECT reasons->0->>'message' AS message FROM kv_set_aside ORDER BY position")
      expect(reasons).toEqual([
        { message: 'is refused by the server: no poison (P0001)' },
        { message: expect.stringMatching(/no_x.*\(23514\)$/) },
        { message: expect.stringMatching(/no_x.*\(23514\)$/) },
      ])
    } finally {
      await bench.session.script('DROP TRIGGER refuse ON clients; DROP FUNCTION refuse; ALTER TABLE clients DROP CONSTRAINT no_x')
    }
  })

  test('--skip-validation lets the database alone judge: bad addresses come in, impossible values are set aside', async () => {
    await bench.fill([
      client(1, { email: 'nobody' }),
      client(2, { name: '' }),
      client(3, { email: null }),
      client(4, { createdAt: 'yesterday-ish' }),
    ])
    const result = await bench.run({ skipValidation: true })
    expect(result.total).toMatchObject({ source: 4, inserted: 2, setAside: 2, reasons: { database: 2 } })
  })

  test('--only takes the named kinds, in the order of their foreign keys, and leaves the others', async () => {
    await bench.fill([client(1), catalog(1, 1)])
    expect(shownCounts(await bench.run({ only: ['catalogs'] }))).toEqual({ catalogs: { 'set-aside': 1 } })
    expect(shownCounts(await bench.run({ only: ['catalogs', 'clients'] }))).toEqual({ clients: { inserted: 1 }, catalogs: { inserted: 1 } })
  })

  test('a value of a megabyte, and one with more digits than a double has, arrive whole', async () => {
    const large = 'ü'.repeat(1 << 19)
    const product: MadeRecord = {
      key: `product:${uuidOf('products', 1)}`,
      text: `{"catalogId":"${uuidOf('catalogs', 1)}","sku":"X","name":"X","price":0.1000000000000000000001,"description":${JSON.stringify(large)},"n":123456789012345678901234567890.0}`,
      kind: 'products',
      faults: [],
    }
    await bench.fill([client(1), catalog(1, 1), product])
    expect((await bench.run()).total.inserted).toBe(3)
    const row = await bench.session.one("SELECT description, price::text AS price, extra->>'n' AS n FROM products")
    expect(row).toEqual({ description: large, price: '0.1000000000000000000001', n: '123456789012345678901234567890.0' })
  })
})
