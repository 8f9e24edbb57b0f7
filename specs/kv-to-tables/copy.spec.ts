import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { uuidOf } from '../../fixtures/kv/kinds.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { type Connection, openConnection, type Writer } from '../../migrations/kv-to-tables/run/connection.ts'
import { CopyTurns } from '../../migrations/kv-to-tables/run/copy-batch.ts'
import { ownParts } from '../../migrations/kv-to-tables/run/parts.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import type { RunOptions } from '../../migrations/kv-to-tables/run/run-options.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { catalog, client } from './records.ts'
import { seedBulk } from './seed-bulk.ts'
import { readState } from './state.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => n + from)
const staged: RunOptions['parts'] = { writeBatch: (target, records) => ownParts.writeBatch({ ...target, turns: undefined }, records) }

describe('new batches go by COPY into the table itself', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
    await bench.run()
  })
  afterAll(() => bench[Symbol.asyncDispose]())
  beforeEach(() => bench.fill([]))

  /** A run; the table of each COPY, in their order. */
  const runWatched = async (
    options: Omit<RunOptions, 'kinds'> = {},
    { before = async () => undefined, another }: { before?: (table: string) => Promise<unknown>; another?: Connection['another'] } = {},
  ): Promise<readonly string[]> => {
    await using own = await openConnection(bench.database.url())
    await using reader = await openConnection(bench.database.url())
    const tables: string[] = []
    const writer: Writer = {
      query: own.query,
      script: own.script,
      copyFrom: async (sql, source) => {
        const table = /COPY (\S+)/.exec(sql)?.[1] ?? ''
        tables.push(table)
        await before(table)
        return own.copyFrom(sql, source)
      },
    }
    const places = await findStore(reader, 'kv_store')
    await runMigration(writer, another === undefined ? reader : { ...reader, another }, places, { kinds, ...options })
    return tables
  }

  test('and end as those that go by the staging table, with a third connection and without', async () => {
    const store = bulkStore(1500, { dirtyPercent: 8 })
    await seedBulk(bench.session, store)
    const direct = await runWatched({ batchSize: 70 })
    expect(new Set(direct.map((table) => table.split('.')[0]))).toEqual(new Set(['public']))
    const state = await readState(bench.session)
    for (const [options, more] of [
      [{ parts: staged }, {}],
      [{}, { another: () => Promise.reject(new Error('too many connections')) }],
    ] as const) {
      await bench.fill([])
      await seedBulk(bench.session, store)
      await runWatched({ batchSize: 70, ...options }, more)
      expect(await readState(bench.session)).toEqual(state)
    }
  })

  test('of two keys for one thing in different batches the first is moved; the batch after the refused one goes by staging, then COPY again', async () => {
    const records = range(0, 60).map((n) => client(n, n === 25 ? { email: 'C3@acme.example' } : {}))
    await bench.fill(records)
    const tables = await runWatched({ batchSize: 10 })
    const [own, staging] = ['public.clients', 'pg_temp.kv_staging_clients']
    expect(tables).toEqual([own, own, own, staging, staging, own, own])
    const state = await readState(bench.session)
    expect([...state.aside.keys()]).toEqual([`client:${uuidOf('clients', 25)}`])
    await bench.fill(records)
    await runWatched({ batchSize: 10, parts: staged })
    expect(await readState(bench.session)).toEqual(state)
  })

  test('what a batch refers to is not looked up before it is committed, however long that takes', async () => {
    await bench.fill([...range(0, 30).map((n) => client(n)), ...range(0, 30).map((n) => catalog(n, n))])
    const before = async (table: string) => {
      // Time enough for the look at what the catalogs refer to, if it were not held back.
      if (table === 'public.clients') for (const _ of range(0, 50)) await bench.session.query('SELECT 1')
    }
    expect(await runWatched({}, { before })).toEqual(['public.clients', 'public.catalogs'])
    expect((await readState(bench.session)).aside.size).toBe(0)
  })

  test('a row that goes after others were found to refer to it is noticed by its foreign key, and the run ends with all of them', async () => {
    await bench.fill([...range(0, 30).map((n) => client(n)), ...range(0, 30).map((n) => catalog(n, n))])
    let gone = 0
    const before = async (table: string) => {
      // Not in the first batch: what that refers to is looked up when its turn has come.
      if (table !== 'public.catalogs' || ++gone !== 2) return
      await bench.session.query('DELETE FROM clients WHERE id = $1', [uuidOf('clients', 14)])
    }
    const passes: (readonly string[])[] = []
    const tables = await runWatched({ batchSize: 10, onPass: (differences) => passes.push(differences) }, { before })
    expect(tables).toContain('pg_temp.kv_staging_catalogs')
    // The comparison at the end finds the row missing, and the next pass moves it and what refers to it.
    expect(passes).toEqual([[expect.stringMatching(/^clients: 30 records in the store, 29 moved, 0 set aside, 1 missing$/)]])
    const { rows } = await bench.session.one<{ rows: number }>('SELECT count(*)::int AS rows FROM catalogs')
    expect(rows).toBe(30)
  })

  test('not where a column of another type would be read otherwise, nor past a rule, which lets no batch in as before', async () => {
    await bench.fill([client(1), catalog(1, 1)])
    try {
      await bench.session.script('ALTER TABLE catalogs ALTER created_at TYPE timestamp')
      expect(await runWatched()).toEqual(['public.clients', 'pg_temp.kv_staging_catalogs'])
      await bench.session.script(
        `DELETE FROM catalogs; DELETE FROM clients; CREATE TABLE heard (id text);
         CREATE RULE hear AS ON INSERT TO clients DO ALSO INSERT INTO heard VALUES (NEW.id::text)`,
      )
      await expect(runWatched()).rejects.toThrow('rules')
      expect(await bench.session.query('SELECT id FROM clients')).toEqual([])
    } finally {
      await bench.session.script(
        'DROP RULE IF EXISTS hear ON clients; DROP TABLE IF EXISTS heard; ALTER TABLE catalogs ALTER created_at TYPE timestamptz',
      )
    }
  })

  test('after each refusal twice as many batches are staged as after the one before, until a COPY is taken', () => {
    const turns = new CopyTurns()
    const shown = range(0, 11).map(() => {
      const copied = turns.isNext()
      if (copied) turns.refused()
      return copied ? 'C' : 's'
    })
    expect(shown.join('')).toBe('CsCssCssssC')
    turns.taken()
    turns.refused()
    expect(range(0, 11).map(() => turns.isNext())).toEqual([false, ...range(0, 10).map(() => true)])
  })
})
