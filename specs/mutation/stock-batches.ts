import type { Edit } from './edit.ts'

const contract = 'migrations/stock-batches/contract.ts'
const up = 'migrations/stock-batches/up.sql'
const down = 'migrations/stock-batches/down.sql'
const end = 'migrations/stock-batches/end-transition.sql'
const endPlan = 'migrations/stock-batches/end-transition.ts'
const verification = 'migrations/stock-batches/verification.sql'
const reader = 'migrations/stock-batches/reader.ts'
const moveItem = 'migrations/stock-batches/move-item.ts'
const moveItems = 'migrations/stock-batches/move-items.ts'

/** In `up.sql`: after the new column of items is there, before anything is copied. */
const added = 'BOOLEAN NOT NULL DEFAULT false;'
/** In `up.sql`: after everything is copied. */
const copied = 'CREATE INDEX "stock_batches_itemId_idx"'

const inContract: readonly Edit[] = [
  {
    claim: 'SB-10',
    file: contract,
    find: 'coalesce("quantityInStock", 0)::numeric AS value FROM "items"',
    replace: 'coalesce("quantityInStock", 1)::numeric AS value FROM "items"',
  },
  {
    claim: 'SB-10',
    file: contract,
    find: 'coalesce("freightCostUSD"::text::numeric, 0) AS value FROM "items"',
    replace: 'coalesce("costPerUnitUSD"::text::numeric, 0) AS value FROM "items"',
  },
]

const inUp: readonly Edit[] = [
  { claim: 'SB-1', file: up, find: added, replace: `${added} UPDATE "items" SET "notes" = trim("notes");` },
  { claim: 'SB-1', file: up, find: added, replace: `${added} UPDATE "items" SET "quantityInStock" = coalesce("quantityInStock", 0);` },
  {
    claim: 'SB-1',
    file: up,
    find: copied,
    replace: `DELETE FROM "items" WHERE num_nonnulls("quantityInStock", "status", "notes") = 0; ${copied}`,
  },
  { claim: 'SB-1', file: up, find: copied, replace: `UPDATE "items" SET "updatedAt" = now(); ${copied}` },

  { claim: 'SB-2', file: up, find: 'SELECT\n    "id", "quantityInStock"', replace: 'SELECT\n    "id", greatest("quantityInStock", 0)' },
  { claim: 'SB-2', file: up, find: ') > 0;\n', replace: ') > 0 AND coalesce("quantityInStock", 1) >= 0;\n' },
  {
    claim: 'SB-2',
    file: up,
    find: 'SELECT\n    "id", "quantityInStock", "status", "costPerUnitUSD"',
    replace: 'SELECT\n    "id", "quantityInStock", "status", round("costPerUnitUSD"::numeric, 2)',
  },
  {
    claim: 'SB-2',
    file: up,
    find: 'SELECT\n    "id", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD"',
    replace: 'SELECT\n    "id", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD" * "quantityInStock"',
  },

  { claim: 'SB-3', file: up, find: 'ON DELETE CASCADE', replace: 'ON DELETE RESTRICT', test: 'batches follow' },
  {
    claim: 'SB-3',
    file: up,
    find: 'REFERENCES "locations"("id") ON DELETE SET NULL',
    replace: 'REFERENCES "locations"("id") ON DELETE CASCADE',
    test: 'batches follow',
  },
  {
    claim: 'SB-3',
    file: up,
    find: 'REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE',
    replace: 'REFERENCES "users"("id") ON DELETE SET NULL',
    test: 'batches follow',
  },
  {
    claim: 'SB-3',
    file: up,
    find: 'ALTER TABLE "stock_batches" ADD CONSTRAINT "stock_batches_assignedUserId_fkey" FOREIGN KEY ("assignedUserId") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;',
    replace: '',
    test: 'cannot point',
  },
  { claim: 'SB-3', file: up, find: '"itemId" TEXT NOT NULL', replace: '"itemId" TEXT', test: 'a batch without its' },
  {
    claim: 'SB-3',
    file: up,
    find: 'CREATE INDEX "stock_batches_locationId_idx" ON "stock_batches"("locationId");',
    replace: '',
    test: 'have indexes',
  },
  { claim: 'SB-3', file: up, find: copied, replace: `UPDATE "items" SET "companyId" = NULL; ${copied}`, test: 'no batch lacks' },

  {
    claim: 'SB-4',
    file: up,
    find: 'SELECT\n    "id", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate"',
    replace: 'SELECT\n    "id", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", coalesce("orderDate", now())',
    test: 'copied unchanged',
  },
  {
    claim: 'SB-4',
    file: up,
    find: '    "notes", "createdAt", "updatedAt", "id", "locationId", "assignedUserId"\nFROM',
    replace: '    trim("notes"), "createdAt", "updatedAt", "id", "locationId", "assignedUserId"\nFROM',
    test: 'copied unchanged',
  },
  {
    claim: 'SB-4',
    file: up,
    find: '    "notes", "createdAt", "updatedAt", "id", "locationId", "assignedUserId"\nFROM',
    replace: '    "notes", now(), "updatedAt", "id", "locationId", "assignedUserId"\nFROM',
    test: 'copied unchanged',
  },
  {
    claim: 'SB-4',
    file: up,
    find: '"orderDate" TIMESTAMP(3),\n    "expectedArrival" TIMESTAMP(3),',
    replace: '"orderDate" TIMESTAMP(3),\n    "expectedArrival" TIMESTAMP(0),',
    test: 'copied unchanged',
  },

  { claim: 'SB-5', file: up, find: '(SELECT sum("quantity") FROM', replace: '(SELECT max("quantity") FROM', test: 'any interleaving' },
  { claim: 'SB-5', file: up, find: 'THEN NEW."quantityInStock" - others', replace: 'THEN NEW."quantityInStock"', test: 'any interleaving' },
  {
    claim: 'SB-5',
    file: up,
    find: '"locationId" = CASE WHEN b."id" = first_id THEN NEW."locationId" ELSE b."locationId" END,',
    replace: '',
    test: 'any interleaving',
  },
  {
    claim: 'SB-5',
    file: up,
    find: 'FUNCTION "items_to_stock_batches"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER',
    replace: 'FUNCTION "items_to_stock_batches"() RETURNS trigger LANGUAGE plpgsql',
    test: 'an application with rights',
  },
  { claim: 'SB-5', file: up, find: 'ON "items" FROM "stock_batches" NOT', replace: 'ON "items" NOT', test: 'old-style writes go on' },
  {
    claim: 'SB-5',
    file: up,
    find: 'PERFORM FROM "items" WHERE "id" = NEW."itemId" FOR NO KEY UPDATE;',
    replace: '',
    test: 'two sessions that add',
  },
  { claim: 'SB-5', file: up, find: "SET lock_timeout = '400ms'", replace: "SET lock_timeout = '8s'", test: 'gives up on a locked item' },
  {
    claim: 'SB-5',
    file: up,
    find: 'ELSE ARRAY[least(OLD."itemId", NEW."itemId"), greatest(OLD."itemId", NEW."itemId")]',
    replace: 'ELSE ARRAY[NEW."itemId"]',
    test: 'goes to another item',
  },

  { claim: 'SB-7', file: up, find: 'ADD COLUMN "useBatchSystem"', replace: 'ADD COLUMN IF NOT EXISTS "useBatchSystem"', test: 'same name' },
  { claim: 'SB-7', file: up, find: copied, replace: 'CREATE INDEX IF NOT EXISTS "stock_batches_itemId_idx"', test: 'same name' },
  {
    claim: 'SB-7',
    file: up,
    find: '-- A constant default is kept in the catalog: no rewrite.',
    replace: 'COMMIT; BEGIN;',
    test: 'an error before',
  },
  {
    claim: 'SB-7',
    file: up,
    find: '-- From here on both systems write.',
    replace: 'COMMIT; BEGIN;\n-- From here on both systems write.',
    test: 'a backend killed',
  },
]

const afterwards: readonly Edit[] = [
  {
    claim: 'SB-5',
    file: reader,
    find: 'i."useBatchSystem" IS TRUE OR EXISTS',
    replace: 'EXISTS',
    test: 'marked with useBatchSystem is read',
  },
  { claim: 'SB-5', file: reader, find: 'FILTER (WHERE lot."locationId" IS NOT NULL)', replace: '', test: 'the reader gives' },
  {
    claim: 'SB-5',
    file: end,
    find: 'WHERE NOT i."useBatchSystem" AND NOT EXISTS',
    replace: 'WHERE coalesce(i."quantityInStock", 0) <> 0 AND NOT i."useBatchSystem" AND NOT EXISTS',
    test: 'any inventory reads',
  },

  { claim: 'SB-6', file: down, find: 'ALTER TABLE "items" DROP COLUMN "useBatchSystem";', replace: '', test: 'exactly the legacy state' },
  {
    claim: 'SB-6',
    file: down,
    find: 'DROP FUNCTION IF EXISTS "stock_batches_lock_item"();',
    replace: '',
    test: 'exactly the legacy state',
  },
  {
    claim: 'SB-6',
    file: down,
    find: 'DROP COLUMN "useBatchSystem";',
    replace: `DROP COLUMN "useBatchSystem", ALTER COLUMN "quantityInStock" DROP DEFAULT;`,
    test: 'exactly the legacy state',
  },
  {
    claim: 'SB-6',
    file: down,
    find: '"quantityInStock" = b.total',
    replace: '"quantityInStock" = b."quantity"',
    test: 'any inventory survives',
  },
  {
    claim: 'SB-6',
    file: down,
    find: 'WHERE i."useBatchSystem" AND NOT EXISTS',
    replace: 'WHERE false AND NOT EXISTS',
    test: 'any inventory survives',
  },
  { claim: 'SB-6', file: down, find: '"id" <> "itemId" OR', replace: '', test: 'counts the batches' },
  { claim: 'SB-6', file: down, find: `to_regclass('"stock_batches"') IS NULL`, replace: 'false', test: 'after an emergency' },
  { claim: 'SB-6', file: down, find: '"notes" = b."notes", ', replace: '', test: 'every detail' },

  {
    claim: 'SB-8',
    file: moveItem,
    find: 'WHERE NOT item."useBatchSystem"\n        AND',
    replace: 'WHERE',
    test: 'marked with useBatchSystem is not moved',
  },
  { claim: 'SB-8', file: moveItem, find: 'ON CONFLICT ("id") DO NOTHING', replace: '', test: 'two sessions that move' },
  { claim: 'SB-8', file: moveItem, find: ' FOR NO KEY UPDATE', replace: '', test: 'a move waits' },
  {
    claim: 'SB-8',
    file: moveItem,
    find: '"id", "quantityInStock", "status"',
    replace: '"id", coalesce("quantityInStock", 0), "status"',
    test: 'one by one',
  },
  { claim: 'SB-8', file: moveItem, find: 'AND num_nonnulls(', replace: 'AND 1 + num_nonnulls(', test: 'one by one' },
  { claim: 'SB-8', file: moveItem, find: `if (!found) return 'missing'`, replace: '', test: 'is not there' },
  { claim: 'SB-8', file: moveItems, find: 'counts.missing + counts.locked > 0', replace: 'counts.missing > 1', test: 'names an item' },
  {
    claim: 'SB-8',
    file: moveItems,
    find: 'if (preview === true) {',
    replace: 'if (preview === true && ids.length === 0) {',
    test: 'a preview moves none',
  },

  { claim: 'SB-9', file: verification, find: '<> coalesce(t.quantity, 0)', replace: '> coalesce(t.quantity, 0)', test: 'a check says no' },
  {
    claim: 'SB-9',
    file: verification,
    find: 'b."freightCostUSD", b."orderDate"',
    replace: 'b."freightCostUSD", i."orderDate"',
    test: 'a check says no',
  },
  { claim: 'SB-9', file: verification, find: 'AND t.batches > 1)', replace: 'AND t.batches > 0)', test: 'a check says no' },
  { claim: 'SB-9', file: verification, find: `'c')`, replace: `'n')`, test: 'a check says no' },
  { claim: 'SB-9', file: verification, find: 'AND convalidated', replace: '', test: 'a check says no' },
  {
    claim: 'SB-9',
    file: verification,
    find: 'expected IS NOT DISTINCT FROM found AS ok',
    replace: 'expected >= found AS ok',
    test: 'a check says no',
  },

  {
    claim: 'SB-12',
    file: up,
    find: copied,
    replace: `DELETE FROM "stock_batches" WHERE "quantity" > 98; ${copied}`,
    test: 'a rehearsal on a copy',
  },
  {
    claim: 'SB-12',
    file: up,
    find: added,
    replace: `${added} UPDATE "items" SET "notes" = upper("notes");`,
    test: 'a rehearsal on a copy',
  },

  { claim: 'SB-11', file: end, find: 'IF mismatched > 0', replace: 'IF mismatched > 1', test: 'does not end' },
  {
    claim: 'SB-11',
    file: end,
    find: '(b."id" IS NULL AND i."useBatchSystem"',
    replace: '(false AND i."useBatchSystem"',
    test: 'does not end',
  },
  { claim: 'SB-11', file: end, find: 'b.total, b."status"', replace: 'i."quantityInStock", b."status"', test: 'does not end' },
  {
    claim: 'SB-11',
    file: end,
    find: 'ALTER TABLE "items" ALTER COLUMN "useBatchSystem" SET DEFAULT true;',
    replace: '',
    test: 'leaves no trigger',
  },
  { claim: 'SB-11', file: end, find: 'DROP FUNCTION "stock_batches_first"();', replace: '', test: 'leaves no trigger' },
  { claim: 'SB-11', file: end, find: 'WHERE NOT i."useBatchSystem" AND NOT', replace: 'WHERE false AND NOT', test: 'can be dropped' },
  { claim: 'SB-11', file: endPlan, find: 'IS DISTINCT FROM sum(b."quantity")', replace: '<> sum(b."quantity")', test: 'the plan refuses' },
  { claim: 'SB-11', file: endPlan, find: 'ELSE i."useBatchSystem" AND', replace: 'ELSE false AND', test: 'the plan refuses' },
  { claim: 'SB-11', file: endPlan, find: `'status', 'costPerUnitUSD'`, replace: `'costPerUnitUSD'`, test: 'the plan refuses' },
  { claim: 'SB-11', file: endPlan, find: 'AND c.value IS DISTINCT FROM', replace: 'AND c.value <>', test: 'the plan refuses' },
  { claim: 'SB-11', file: endPlan, find: 'cleanDays: 7', replace: 'cleanDays: 6', test: 'clean week' },
]

export const stockBatches: readonly Edit[] = [...inContract, ...inUp, ...afterwards]
