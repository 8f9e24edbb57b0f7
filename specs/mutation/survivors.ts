import type { Survivor } from './edit.ts'

const stockBatches = 'migrations/stock-batches'

/** Edits that were tried and are right to stay green, each with the reason. */
export const survivors: readonly Survivor[] = [
  {
    claim: 'SB-6',
    file: `${stockBatches}/down.sql`,
    find: 'DROP TRIGGER IF EXISTS "items_to_stock_batches" ON "items";',
    replace: '',
    test: 'exactly the legacy state',
    equivalent: 'The trigger is declared FROM stock_batches, so DROP TABLE takes it along; until then it only writes to batches that go.',
  },
  {
    claim: 'SB-5',
    file: `${stockBatches}/up.sql`,
    find: 'PERFORM FROM "items" WHERE "id" = item_id FOR NO KEY UPDATE;',
    replace: '',
    test: 'two sessions that',
    equivalent: 'The item is locked already, by the trigger before the same statement or by moveItem.',
  },
  {
    claim: 'OLI-2',
    file: 'migrations/order-line-items/up.sql',
    find: 'product_id, "position", quantity',
    replace: 'product_id, position, quantity',
    test: 'any legacy row',
    equivalent: 'PostgreSQL reads the name of the column alike with and without quotes.',
  },
  {
    claim: 'TI-1',
    file: 'migrations/table-items/prisma/migrations/20260612090000_add_table_items/migration.sql',
    find: '"items" JSONB;',
    replace: '"items" JSONB NULL DEFAULT NULL;',
    test: 'any row',
    equivalent: 'A column that is declared without NOT NULL and without a default may be NULL, and is.',
  },
  {
    claim: 'KV-7',
    file: 'migrations/kv-to-tables/run/read-store.ts',
    find: 'const rowsPerRead = 100',
    replace: 'const rowsPerRead = 3',
    test: 'by their size',
    equivalent: 'How many rows a read of the cursor takes has no say in where a batch ends.',
  },
  {
    claim: 'KV-2',
    file: 'migrations/kv-to-tables/kinds/dates.ts',
    find: '(year % 100 !== 0 || year % 400 === 0)',
    replace: 'year > 0',
    test: '29 February',
    equivalent: 'The server refuses 29 February of 1900 too, and the record is set aside with its words.',
  },
  {
    claim: 'KV-5',
    file: 'migrations/kv-to-tables/run/decide.ts',
    find: 'if (present?.newer === true)',
    replace: 'if (present?.newer === true && record.position < 0)',
    test: 'that the application changed since',
    equivalent: 'The upsert itself leaves a newer row alone, and the record is counted as kept then.',
  },
]
