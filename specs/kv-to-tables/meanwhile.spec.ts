import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { uuidOf } from '../../fixtures/kv/kinds.ts'
import { storeArbitrary } from '../../fixtures/kv/store-arbitrary.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { shownCounts } from './claims.ts'
import { cutShort } from './cut-short.ts'
import { Filled } from './filled.ts'
import { catalog, client } from './records.ts'
import { runWhile } from './run-while.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => n + from)

describe('KV-1, KV-5: while the application goes on writing', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  /** Keys of the store that are neither in a table, with the value that they have, nor set aside with it. */
  const leftOut = async (): Promise<readonly string[]> => {
    const tables = kinds.map(({ name }) => `SELECT source_key, source_digest FROM ${name}`).join(' UNION ALL ')
    const rows = await bench.session.query<{ key: string }>(
      `SELECT key FROM kv_store AS s WHERE NOT EXISTS (SELECT FROM (${tables}) AS t WHERE t.source_key = s.key AND t.source_digest = hashtextextended(s.value::text, 0))
         AND NOT EXISTS (SELECT FROM kv_set_aside AS a WHERE a.key = s.key AND a.value IS NOT DISTINCT FROM s.value::text) ORDER BY key`,
    )
    return rows.map(({ key }) => key)
  }

  test('what comes behind the checkpoint of a killed run is moved, what changed there is changed, and what waited for it is moved too', async () => {
    await bench.fill([])
    await bench.run()
    await bench.fill([...range(10, 40).map((n) => client(n)), client(41, { email: 'nobody' }), catalog(1, 5), catalog(2, 10)])
    // Into the catalogs: the clients are through, and the catalog that refers to a client that is not there yet is set aside.
    for (let at = 20; ; at += 1) {
      await bench.session.script('DELETE FROM catalogs; DELETE FROM clients; DELETE FROM kv_set_aside; DELETE FROM kv_checkpoint')
      expect(await cutShort(bench, at, { batchSize: 7 })).toBe(true)
      if ((await bench.session.query("SELECT FROM kv_set_aside WHERE kind = 'catalogs'")).length > 0) break
    }
    await bench.change([client(5), client(12, { name: 'Changed' }), client(41)])
    await bench.session.script(`DELETE FROM kv_store WHERE key = 'client:${uuidOf('clients', 20)}'`)
    const result = await bench.run({ batchSize: 7 })
    expect(await leftOut()).toEqual([])
    expect(result.resumed).toEqual(['clients', 'catalogs'])
    expect(shownCounts(result)).toEqual({ clients: { inserted: 30, updated: 1 }, catalogs: { inserted: 2 } })
    expect(result.total.source).toBe(33)
    expect(await bench.session.query("SELECT name FROM clients WHERE email = 'c12@acme.example'")).toEqual([{ name: 'Changed' }])
    const ended = await readTraces(bench.session)
    await bench.run()
    expect(await readTraces(bench.session)).toEqual(ended)
  })

  test('any run that is cut off anywhere, with any changes before it is started again, leaves no record out and counts each once', async () => {
    const store = storeArbitrary({ type: 'jsonb', maxRecords: 36 })
    const filled = new Filled()
    let cut = 0
    await fc.assert(
      fc.asyncProperty(store, store, fc.integer({ min: 8, max: 60 }), fc.nat(5), async (records, changes, at, gone) => {
        await bench.fill(records)
        if (await cutShort(bench, at, { batchSize: 3 })) cut += 1
        await bench.change(changes)
        await bench.session.query('DELETE FROM kv_store WHERE key = ANY ($1::text[])', [records.slice(0, gone).map(({ key }) => key)])
        const result = await bench.run({ batchSize: 3 })
        filled.add(result)
        const keptBack = (await leftOut()).length
        expect(keptBack).toBe(result.total.kept)
        const { rows } = await bench.session.one<{ rows: number }>('SELECT count(*)::int AS rows FROM kv_store')
        const { source, inserted, updated, unchanged, kept, setAside } = result.total
        expect([source, inserted + updated + unchanged + kept + setAside]).toEqual([rows, rows])
        expect(await bench.session.query('SELECT FROM kv_checkpoint')).toEqual([])
      }),
      { numRuns: 15, interruptAfterTimeLimit: 70_000 },
    )
    expect(cut).toBeGreaterThan(5)
    filled.expectEnough('KV-5, cut off and changed')
  })

  test('what is written during a run is in the tables when it ends, whether the run had passed its place or not', async () => {
    await bench.fill([...range(10, 40).map((n) => client(n)), catalog(1, 10), catalog(2, 60)])
    const result = await runWhile(
      bench,
      async (call) => {
        if (call === 12) await bench.change([client(1), client(60), client(11, { name: 'Changed' }), catalog(0, 1)])
      },
      { batchSize: 10 },
    )
    expect(await leftOut()).toEqual([])
    expect(shownCounts(result)).toMatchObject({ catalogs: { inserted: 3 } })
    expect(result.total.source).toBe(35)
    expect(await bench.session.query('SELECT FROM kv_set_aside')).toEqual([])
  })

  test('an application that writes faster than the run follows: exit 3, with what is missing', async () => {
    await bench.fill(range(0, 20).map((n) => client(n)))
    await expect(runWhile(bench, (call) => bench.change([client(1000 - call)]), { batchSize: 10 })).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(
        /^the store and the tables do not agree: clients: \d+ records in the store, \d+ moved, 0 set aside, \d+ missing$/,
      ),
      hint: expect.stringContaining('run again'),
    })
    await bench.run()
    expect(await leftOut()).toEqual([])
  })

  test('a checkpoint that was made under other options is not taken up', async () => {
    // Makes the tables, in which the loop looks.
    await bench.run()
    await bench.fill([client(1), catalog(1, 1), catalog(2, 1), catalog(3, 1)])
    for (let at = 9; (await bench.session.query('SELECT FROM kv_set_aside')).length < 2; at += 1)
      await cutShort(bench, at, { batchSize: 1, only: ['catalogs'] })
    const result = await bench.run({ batchSize: 1 })
    expect(result.resumed).toEqual([])
    expect(shownCounts(result)).toEqual({ clients: { inserted: 1 }, catalogs: { inserted: 3 } })
  })
})
