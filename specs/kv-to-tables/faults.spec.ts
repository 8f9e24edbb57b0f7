import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { type Database, type Session, startCluster } from 'godwit'
import { describe, expect, test, vi } from 'vitest'
import { type BulkStore, bulkStore } from '../../fixtures/kv/bulk.ts'
import { kindNames, prefixes } from '../../fixtures/kv/kinds.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import type { RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'
import { createTables, findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { closesPortal, cutConnection } from '../cut-connection.ts'
import { shownModel } from './claims.ts'
import { emptyState, migrate } from './model.ts'
import { seedBulk } from './seed-bulk.ts'
import { readState, readStore } from './state.ts'
import { watchedWriter } from './watched-writer.ts'
import { emptyTables, openWorkbench } from './workbench.ts'

const bulk = bulkStore(240, { dirtyPercent: 10 })
const keys = [...bulk.records()].map(([key]) => key)
const batchSize = 20

/** Records over which a run can be stopped: those that reach a table's trigger. */
const anyKey = fc.constantFrom(...keys)

describe('KV-5: a run that is cut off and started again ends where an undisturbed one ends', { timeout: 180_000 }, () => {
  test('the backend of the writer is terminated before any call', async () => {
    await using bench = await openWorkbench()
    await fill(bench.session, bulk)
    const cut = { early: 0, resumed: 0 }
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 130 }), async (at) => {
        await emptyBut(bench.session)
        const broken = await runCut(bench.database, bench.session, at)
        if (broken) cut.early += 1
        const result = await bench.run({ batchSize })
        if (result.resumed.length > 0) cut.resumed += 1
        await expectUndisturbed(bench.session, bulk, result)
      }),
      { numRuns: 10, interruptAfterTimeLimit: 60_000 },
    )
    expect(cut.early).toBeGreaterThan(2)
    expect(cut.resumed).toBeGreaterThan(0)
  })

  test('the backend of the reader is terminated between two batches: the run fails, and does not wait', async () => {
    await using bench = await openWorkbench()
    await fill(bench.session, bulk)
    const reading = await openConnection(bench.database.url())
    const [reader] = await reading.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    await reading.script('BEGIN')
    const read = async () => {
      for await (const _ of reading.cursor('SELECT key FROM kv_store', [], 5))
        await bench.session.query('SELECT pg_terminate_backend($1, 5000)', [reader?.pid])
    }
    await expect(read()).rejects.toMatchObject({ code: '57P01' })
    await reading[Symbol.asyncDispose]()
  })

  test('the connection of the reader is lost after its last row: the run fails, and does not wait', { timeout: 20_000 }, async () => {
    await using bench = await openWorkbench()
    await fill(bench.session, bulk)
    await using way = await cutConnection(bench.database.url(), { sent: closesPortal })
    await using writer = await openConnection(bench.database.url())
    await using reader = await openConnection(way.url)
    const places = await findStore(reader, 'kv_store')
    await expect(runMigration(writer, reader, places, { kinds, batchSize })).rejects.toThrow('the connection ended')
    await expectUndisturbed(bench.session, bulk, await bench.run({ batchSize }))
  })

  test('the process is killed by SIGKILL at any record, in the middle of a batch', async () => {
    await using bench = await openWorkbench()
    await fill(bench.session, bulk)
    await fc.assert(
      fc.asyncProperty(anyKey, async (key) => {
        await emptyBut(bench.session)
        await killAt(bench.database, bench.session, key)
        await expectUndisturbed(bench.session, bulk, await bench.run({ batchSize }))
      }),
      { numRuns: 3, interruptAfterTimeLimit: 60_000, examples: [[keys[200] ?? '']] },
    )
  })

  test('the server crashes in the middle of a batch, and comes back', async () => {
    await using cluster = await startCluster(
      { kind: 'embedded' },
      { settings: { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' } },
    )
    await using database = await cluster.createDatabase()
    {
      await using session = await database.connect()
      await session.script('CREATE TABLE kv_store (key text PRIMARY KEY, value jsonb)')
      await fill(session, bulk)
      await stopAt(session, keys[150] ?? '')
      await using watch = await database.connect()
      const run = migrateIn(database)
      const outcome = run.then(
        () => 'finished',
        () => 'cut off',
      )
      await waitForStop(watch)
      // A backend that dies so takes the whole server down: it starts again from its log.
      process.kill(session.processId, 'SIGKILL')
      expect(await outcome).toBe('cut off')
    }
    await using session = await database.connect()
    await session.script('DROP FUNCTION stop_here CASCADE')
    const result = await migrateIn(database)
    expect(result.resumed.length).toBeGreaterThan(0)
    await expectUndisturbed(session, bulk, result)
  })

  test('a second run while one is under way is refused', async () => {
    await using bench = await openWorkbench()
    await fill(bench.session, bulk)
    await using holder = await openConnection(bench.database.url())
    await holder.query("SELECT pg_advisory_lock(hashtextextended('kv-to-tables public.kv_store', 0))")
    await expect(bench.run()).rejects.toMatchObject({ exitCode: 3, message: 'another run is under way' })
  })
})

async function fill(session: Session, store: BulkStore): Promise<void> {
  await seedBulk(session, store)
  await createTables(
    { query: session.query.bind(session), script: session.script.bind(session), copyFrom: session.copyFrom.bind(session) },
    { store: 'public.kv_store', schema: 'public', canonical: true },
    kinds,
  )
}

/** The tables, and not the store. */
async function emptyBut(session: Session): Promise<void> {
  await session.script('CREATE TEMPORARY TABLE kept AS SELECT * FROM kv_store; DROP FUNCTION IF EXISTS stop_here CASCADE')
  await emptyTables(session)
  await session.script('INSERT INTO kv_store SELECT * FROM kept; DROP TABLE kept')
}

async function expectUndisturbed(session: Session, store: BulkStore, result: RunResult): Promise<void> {
  const model = emptyState()
  migrate(model, await readStore(session))
  expect(await readState(session)).toEqual(shownModel(model))
  // The statistics are those of the whole, though two runs made it; unless the first had come to its end, and only the good-bye was cut off.
  const whole = result.resumed.length > 0 || result.total.unchanged === 0
  for (const kind of kindNames) {
    const [moved, setAside] = [store.truth.moved[kind], store.truth.setAside[kind]]
    expect(result.kinds.find((each) => each.kind === kind)).toMatchObject(
      whole ? { inserted: moved, unchanged: 0, setAside } : { inserted: 0, unchanged: moved, setAside },
    )
  }
}

async function migrateIn(database: Database): Promise<RunResult> {
  await using writer = await openConnection(database.url())
  await using reader = await openConnection(database.url())
  return await runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, batchSize })
}

/** Run with the writer's backend terminated before its n-th call; whether that came in time. */
async function runCut(database: Database, saboteur: Session, at: number): Promise<boolean> {
  await using own = await openConnection(database.url())
  await using reader = await openConnection(database.url())
  const [row] = await own.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  let calls = 0
  const writer = watchedWriter(own, async () => {
    if (calls++ === at) await saboteur.query('SELECT pg_terminate_backend($1, 5000)', [row?.pid])
  })
  return await runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, batchSize }).then(
    () => false,
    () => true,
  )
}

/** Make the writer wait, as long as this session lives, when it comes to the row of this key (or to the next sound one of its kind). */
async function stopAt(session: Session, key: string): Promise<void> {
  const kind = kindNames.find((each) => key.startsWith(prefixes[each])) ?? 'clients'
  await session.script(
    `SELECT pg_advisory_lock(4711);
     CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN new; END $$;
     CREATE TRIGGER stop_here BEFORE INSERT ON ${kind} FOR EACH ROW WHEN (new.source_key >= '${key}' COLLATE "C") EXECUTE FUNCTION stop_here()`,
  )
}

async function waitForStop(session: Session): Promise<void> {
  await vi.waitFor(
    async () => {
      const waiting = await session.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted")
      if (waiting.length === 0) throw new Error('the run has not come to the record')
    },
    { timeout: 60_000, interval: 20 },
  )
}

async function killAt(database: Database, session: Session, key: string): Promise<void> {
  await using holder = await database.connect()
  await stopAt(holder, key)
  const script = resolve(import.meta.dirname, '../../migrations/kv-to-tables/migrate.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script, '--no-backup', '--batch-size', String(batchSize)], {
    env: { ...process.env, DATABASE_URL: database.url(), VITEST: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exit = once(child, 'exit')
  // The last record of a kind may be one that is set aside: then nothing waits, and the run just ends.
  await Promise.race([waitForStop(session), exit])
  child.kill('SIGKILL')
  await exit
  await holder.script('SELECT pg_advisory_unlock_all()')
  await vi.waitFor(
    async () => {
      const left = await session.query(
        "SELECT FROM pg_stat_activity WHERE application_name = 'kv-to-tables' AND datname = current_database()",
      )
      // Those of the bench itself are idle outside a transaction, and hold no lock.
      const locks = await session.query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
      )
      if (left.length > 2 || locks.length > 0) throw new Error('the killed run is still there')
    },
    { timeout: 30_000, interval: 20 },
  )
  await session.script('DROP FUNCTION IF EXISTS stop_here CASCADE')
}
