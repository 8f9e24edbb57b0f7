import type { Session } from 'godwit'
import { layoutEditor, tableStatus } from '../../fixtures/apps/pos/statements.ts'

/** How large a restaurant is: its tables, over ten rooms, and kilobytes of items on every table, or on one table in `every`. */
export interface Size {
  readonly tables: number
  readonly kilobytes: number
  readonly every?: number
}

/** Bytes of one item below, as jsonb. */
const itemBytes = 600

/** Fill the tables, with texts that do not compress; 0 kB is SQL NULL. */
export async function fillTables(session: Session, { tables, kilobytes, every = 1 }: Size): Promise<void> {
  await session.script(`TRUNCATE "rooms", "tables", "tabs", "orders";
    INSERT INTO "rooms" ("id", "name", "updatedAt") SELECT 'r' || n, 'room ' || n, now() FROM generate_series(0, 9) AS n;
    INSERT INTO "tables" ("id", "name", "roomId", "updatedAt") SELECT 't' || n, 'table ' || lpad(n::text, 5, '0'), 'r' || n % 10, now()
    FROM generate_series(0, ${tables - 1}) AS n`)
  if (kilobytes > 0) {
    await session.query(
      `UPDATE "tables" SET "status" = 'OCCUPIED', "items" = (
        SELECT jsonb_agg(jsonb_build_object('id', n::text, 'productId', 'p', 'name', 'Bread', 'quantity', 1, 'price', '1.50', 'note', (
          SELECT string_agg(md5("tables"."id" || n || part), '') FROM generate_series(1, 15) AS part)))
        FROM generate_series(1, $1::int) AS n)
        WHERE substr("id", 2)::int % $2 = 0`,
      [Math.max(1, Math.round((kilobytes * 1024) / itemBytes)), every],
    )
  }
  await session.query('VACUUM FULL ANALYZE "tables"')
}

const literal = (sql: string, ...values: readonly string[]) => sql.replaceAll(/\$(\d)/g, (_, n: string) => `'${values[Number(n) - 1]}'`)

/** What both versions send to tables all day, with the parameters of the hundredth table. */
export const statements = {
  'one table by id': literal(layoutEditor.table.sql, 't100'),
  'the tables of a room': literal(layoutEditor.tablesOfRoom.sql, 'r3'),
  'change the status of a table': literal(tableStatus.change.sql, 'CLEANING', '2026-06-12', 't100'),
  'tables by status': tableStatus.counts.sql,
  'lock a table and read its items': `SELECT "id", "status", "items" FROM "tables" WHERE "id" = ANY('{t100}') ORDER BY "id" FOR NO KEY UPDATE`,
  'a page of the tables of a room': `SELECT "id", "name", "status" FROM "tables" WHERE "roomId" = 'r3' AND "name" > '' ORDER BY "name" LIMIT 21`,
  'a page of the items of a table': `SELECT jsonb_path_query_array(coalesce("items", '[]'), '$[0 to 19]'), jsonb_array_length(coalesce("items", '[]')) FROM "tables" WHERE "id" = 't100'`,
  'write the items of a table': `UPDATE "tables" SET "items" = "items" || '[]' WHERE "id" = 't100'`,
} as const

/** Bytes that a statement writes to the log, the second time in a transaction: the first time may clean its page. */
export async function logBytes(session: Session, sql: string): Promise<number> {
  const results = await session.script(`BEGIN; ${sql}; EXPLAIN (ANALYZE, WAL, COSTS OFF, TIMING OFF, FORMAT JSON) ${sql}; ROLLBACK`)
  const text = results.find(({ command }) => command === 'EXPLAIN')?.rows[0]?.[0] ?? '[]'
  const [explained] = JSON.parse(text) as readonly { readonly Plan: { readonly 'WAL Bytes': number } }[]
  if (explained === undefined) throw new Error(`not explained: ${sql}`)
  return explained.Plan['WAL Bytes']
}
