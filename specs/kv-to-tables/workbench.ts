import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Database, Session } from 'godwit'
import { useCluster } from 'godwit/vitest'
import type { MadeRecord } from '../../fixtures/kv/store-arbitrary.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { type Connection, openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import type { RunOptions, RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'

const legacySql = readFileSync(resolve(import.meta.dirname, '../../migrations/kv-to-tables/legacy.sql'), 'utf8')

export type StoreType = 'jsonb' | 'json' | 'text'

/** A database of its own with a store, and the connections of the program. */
export interface Workbench extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  /** Empty everything, and put these records into the store. */
  fill(records: readonly MadeRecord[]): Promise<void>
  /** Change the store as the application would: records come, and take the place of others of their key. */
  change(records: readonly MadeRecord[]): Promise<void>
  run(options?: Omit<RunOptions, 'kinds'>): Promise<RunResult>
}

export async function openWorkbench(type: StoreType = 'jsonb'): Promise<Workbench> {
  const cluster = await useCluster()
  const database = await cluster.createDatabase()
  const session = await database.connect()
  await session.script(legacySql.replace('value jsonb', `value ${type}`))
  const change = async (records: readonly MadeRecord[]): Promise<void> => {
    await session.query(
      `INSERT INTO kv_store SELECT key, value::${type} FROM unnest($1::text[], $2::text[]) AS u (key, value)
       ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [records.map(({ key }) => key), records.map(({ text }) => text ?? null)],
    )
  }
  let lines: Promise<readonly [Connection, Connection]> | undefined
  const connect = () => Promise.all([openConnection(database.url()), openConnection(database.url())] as const)
  return {
    database,
    session,
    async fill(records) {
      await emptyTables(session)
      await change(records)
    },
    change,
    async run(options = {}) {
      if (options.dryRun === true) {
        // A dry run leaves its session read-only.
        const [writer, reader] = await connect()
        await using _writer = writer
        await using _reader = reader
        return await runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, ...options })
      }
      lines ??= connect()
      const [writer, reader] = await lines
      return runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds, ...options })
    },
    async [Symbol.asyncDispose]() {
      for (const line of (await lines) ?? []) await line[Symbol.asyncDispose]()
      await session.close()
      await database.drop()
    },
  }
}

/** As if nothing had been migrated, and the store empty. */
export async function emptyTables(session: Session): Promise<void> {
  await session.script(
    `DO $$ DECLARE t text; BEGIN
       FOR t IN SELECT c.oid::regclass::text FROM pg_class AS c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY c.oid DESC
       LOOP EXECUTE 'DELETE FROM ' || t; END LOOP;
     END $$`,
  )
}
