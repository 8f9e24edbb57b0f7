import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Cluster, Database, Session } from 'godwit'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import type { RunResult } from '../../migrations/kv-to-tables/run/run-options.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { seedBulk } from './seed-bulk.ts'

const legacySql = readFileSync(resolve(import.meta.dirname, '../../migrations/kv-to-tables/legacy.sql'), 'utf8')

/** A database with a bulk store of so many records. */
export async function bulkDatabase(cluster: Cluster, size: number): Promise<{ readonly database: Database; readonly session: Session }> {
  const database = await cluster.createDatabase()
  const session = await database.connect({ statementTimeoutMs: 0 })
  await session.script(legacySql)
  await seedBulk(session, bulkStore(size))
  await session.script('VACUUM ANALYZE kv_store')
  return { database, session }
}

/** A live run on connections of its own; milliseconds, connecting included. */
export async function timedRun(url: string): Promise<{ readonly ms: number; readonly result: RunResult }> {
  const started = performance.now()
  await using writer = await openConnection(url)
  await using reader = await openConnection(url)
  const result = await runMigration(writer, reader, await findStore(reader, 'kv_store'), { kinds })
  return { ms: performance.now() - started, result }
}

/**
 * What a bare COPY of the same rows takes, ready-made, into the same tables, with the same keys, checks and indexes; once more into tables
 * without any.
 */
export async function timedCopy(session: Session): Promise<{ readonly same: number; readonly plain: number }> {
  const tables = kinds.map(({ name }) => name)
  const rows = new Map<string, readonly Uint8Array[]>()
  for (const table of tables) {
    const chunks: Uint8Array[] = []
    for await (const chunk of session.copyTo(`COPY ${table} TO STDOUT`)) chunks.push(Uint8Array.from(chunk))
    rows.set(table, chunks)
  }
  await session.script(`TRUNCATE ${tables.join(', ')}; ${tables.map((table) => `CREATE TABLE plain_${table} (LIKE ${table})`).join('; ')}`)
  const copy = async (prefix: string): Promise<number> => {
    const started = performance.now()
    for (const table of tables) await session.copyFrom(`COPY ${prefix}${table} FROM STDIN`, rows.get(table) ?? [])
    return performance.now() - started
  }
  const plain = await copy('plain_')
  return { same: await copy(''), plain }
}
