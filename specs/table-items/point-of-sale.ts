import { readFileSync } from 'node:fs'
import type { Database, Session } from 'godwit'
import { useCluster } from 'godwit/vitest'
import pg from 'pg'
import { corrected } from './scripts.ts'

const appFile = (name: string) => readFileSync(`fixtures/apps/pos/items/${name}`, 'utf8')
export const itemsCheck = appFile('items-check.sql')
export const monitorView = appFile('monitor.sql')
/** Takes both away. */
export const removal = appFile('remove.sql')

/** A migrated database, and clients of `pg` as the application has them. */
export interface PointOfSale extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  connect(): Promise<pg.Client>
}

/** @param scripts  What is run, in this order; default: legacy schema, `up`, and the CHECK of the application. */
export async function openPointOfSale(
  scripts: readonly string[] = [corrected.legacy, corrected.up, itemsCheck, monitorView],
): Promise<PointOfSale> {
  const database = await (await useCluster()).createDatabase()
  const session = await database.connect()
  for (const script of scripts) await session.script(script)
  const clients: pg.Client[] = []
  return {
    database,
    session,
    async connect() {
      const client = new pg.Client({ connectionString: database.url() })
      // The end of a backend is told to the statement that waits for it; without a listener it ends the process.
      client.on('error', () => undefined)
      await client.connect()
      clients.push(client)
      return client
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
      await session.close()
      await database.drop()
    },
  }
}

/** Empty all tables, and make one room, three tables without items and two open orders. */
export async function setTables(session: Session): Promise<void> {
  await session.script(`TRUNCATE "rooms", "tables", "tabs", "orders";
    INSERT INTO "rooms" ("id", "name", "updatedAt") VALUES ('hall', 'Hall', '2026-06-01');
    INSERT INTO "tables" ("id", "name", "roomId", "updatedAt") SELECT 't' || n, 'T' || n, 'hall', '2026-06-01' FROM generate_series(1, 3) AS n;
    INSERT INTO "orders" ("id", "items", "total", "updatedAt") SELECT 'o' || n, '[]', 0, '2026-06-01' FROM generate_series(1, 2) AS n`)
}

/** Every cell of tables, orders and tabs, as texts. */
export async function everything(session: Session): Promise<string> {
  const { state } = await session.one<{ state: string }>(`SELECT
    (SELECT coalesce(string_agg(t::text, '; ' ORDER BY "id"), '') FROM "tables" AS t) || ' | ' ||
    (SELECT coalesce(string_agg(o::text, '; ' ORDER BY "id"), '') FROM "orders" AS o) || ' | ' ||
    (SELECT coalesce(string_agg(b::text, '; ' ORDER BY "id"), '') FROM "tabs" AS b) AS state`)
  return state
}
