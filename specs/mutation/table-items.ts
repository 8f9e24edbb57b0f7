import type { Edit } from './edit.ts'

const step = 'migrations/table-items/prisma/migrations/20260612090000_add_table_items'
const up = `${step}/migration.sql`
const down = `${step}/down.sql`

const app = 'fixtures/apps/pos/items'

const column = 'ADD COLUMN "items" JSONB;'

export const tableItems: readonly Edit[] = [
  { claim: 'TI-1', file: up, find: column, replace: `ADD COLUMN "items" JSONB DEFAULT '[]';`, test: 'any row' },
  { claim: 'TI-1', file: up, find: column, replace: `${column} UPDATE "tables" SET "x" = round("x");`, test: 'any row' },
  {
    claim: 'TI-1',
    file: up,
    find: column,
    replace: `${column} UPDATE "tables" SET "items" = '[]' WHERE "status" = 'OCCUPIED';`,
    test: 'any row',
  },
  { claim: 'TI-1', file: up, find: column, replace: `ADD COLUMN "items" JSONB CHECK ("items" <> 'null');`, test: 'three things' },

  {
    claim: 'TI-2',
    file: up,
    find: column,
    replace: `${column} ALTER TABLE "tables" ALTER COLUMN "status" DROP DEFAULT;`,
    test: 'any evening',
  },
  {
    claim: 'TI-2',
    file: up,
    find: column,
    replace: `${column} ALTER TABLE "orders" ALTER COLUMN "tableId" SET DEFAULT NULL, DROP CONSTRAINT "orders_tableId_fkey";`,
    test: 'any evening',
  },
  {
    claim: 'TI-2',
    file: up,
    find: column,
    replace: `${column} ALTER TABLE "tables" ADD CHECK ("status" <> 'CLEANING') NOT VALID;`,
    test: 'any evening',
  },
  { claim: 'TI-2', file: up, find: column, replace: `${column} GRANT SELECT ("items") ON "tables" TO PUBLIC;`, test: 'roles with rights' },

  { claim: 'TI-4', file: down, find: 'SELECT t."id", t."name"', replace: 'SELECT t."id", t."id"', test: 'any items' },
  {
    claim: 'TI-4',
    file: down,
    find: 'WHERE t."items" IS NOT NULL;\n    RAISE',
    replace: `WHERE t."items" <> '[]';\n    RAISE`,
    test: 'any items',
  },
  { claim: 'TI-4', file: down, find: 'IF entered > 0 THEN', replace: 'IF entered >= 0 THEN', test: 'any items' },
  { claim: 'TI-4', file: down, find: 'AND grantee <> relowner', replace: 'AND grantee <> relowner AND grantee = 0', test: 'nobody reads' },
  { claim: 'TI-4', file: down, find: 'DROP COLUMN "items";', replace: 'DROP COLUMN "items" CASCADE;', test: 'a view over the items' },
  {
    claim: 'TI-4',
    file: down,
    find: 'DROP COLUMN "items";',
    replace: 'DROP COLUMN "items"; REVOKE ALL ("x") ON "tables" FROM PUBLIC; REVOKE SELECT ON "tables" FROM ti_manager CASCADE;',
    test: 'restores grants',
  },

  {
    claim: 'TI-4',
    file: down,
    find: 'CREATE TABLE IF NOT EXISTS "table_items_export"',
    replace: 'CREATE TABLE "table_items_export"',
    test: 'a second way back',
  },
  { claim: 'TI-5', file: up, find: `lock_timeout = '500ms'`, replace: `lock_timeout = '4s'`, test: 'gives up behind' },
  { claim: 'TI-5', file: down, find: `lock_timeout = '500ms'`, replace: `lock_timeout = '4s'`, test: 'gives up behind' },
  {
    claim: 'TI-5',
    file: up,
    find: column,
    replace: 'ADD COLUMN "items" JSONB, ADD COLUMN "stamp" TEXT DEFAULT gen_random_uuid()::text;',
    test: 'without a rewrite',
  },

  { claim: 'TI-3', file: `${app}/rows.ts`, find: `'FOR NO KEY UPDATE'`, replace: `''`, test: 'any operations' },
  { claim: 'TI-3', file: `${app}/client.ts`, find: `query('BEGIN')`, replace: `query('SELECT')`, test: 'any operations' },

  { claim: 'TI-6', file: `${app}/items.schema.json`, find: '"maximum": 999', replace: '"maximum": 1000', test: 'two parsers' },
  { claim: 'TI-6', file: `${app}/read-json.ts`, find: `? '0.5' : found`, replace: '? found : found', test: 'two parsers' },
  { claim: 'TI-6', file: `${app}/items-check.sql`, find: ' % 1 = 0', replace: ' % 1 >= 0', test: 'two parsers' },
  {
    claim: 'TI-6',
    file: `${app}/client.ts`,
    find: `client.query('ROLLBACK')`,
    replace: `client.query('COMMIT')`,
    test: 'any refused operation',
  },

  { claim: 'TI-7', file: `${app}/rows.ts`, find: `'FOR NO KEY UPDATE'`, replace: `'FOR UPDATE'`, test: 'a tab is opened' },
  {
    claim: 'TI-7',
    file: `${app}/rows.ts`,
    find: `"status" = $3::"TableStatus"`,
    replace: `"status" = $3::"TableStatus", "x" = 50`,
    test: 'in both orders',
  },
  { claim: 'TI-7', file: `${app}/rows.ts`, find: `? 'AVAILABLE' : before`, replace: `? 'AVAILABLE' : 'AVAILABLE'`, test: 'a status that' },
  {
    claim: 'TI-7',
    file: 'fixtures/apps/pos/statements.ts',
    find: `const table = columns('tables', 'id name x y width height status roomId createdAt updatedAt')`,
    replace: `const table = '"public"."tables".*'`,
    test: 'a cached plan',
  },

  {
    claim: 'TI-8',
    file: `${app}/metrics.ts`,
    find: `? 'refused' : 'failed'`,
    replace: `? 'failed' : 'failed'`,
    test: 'in the bucket',
  },
  { claim: 'TI-8', file: `${app}/monitor.sql`, find: 'HAVING count(*) > 1', replace: 'HAVING count(*) > 2', test: 'the monitor names' },
  { claim: 'TI-8', file: `${app}/monitor.sql`, find: `AND "total" <> "sum"`, replace: `AND "total" < "sum"`, test: 'the monitor names' },

  {
    claim: 'TI-8',
    file: `${step}/contract.ts`,
    find: `jsonb_array_length("items") > 0`,
    replace: `jsonb_array_length("items") < 0`,
    test: 'from-tabs',
  },

  { claim: 'TI-9', file: up, find: column, replace: `${column} CREATE INDEX ON "tables" ("status");`, test: 'are HOT' },
  {
    claim: 'TI-9',
    file: up,
    find: column,
    replace: `${column} ALTER TABLE "tables" ADD CHECK (length("items"::text) >= 0);`,
    test: 'keeps its plan',
  },
]
