import { defineContract } from 'godwit'
import { workload } from '../../../../../fixtures/apps/pos/workload.ts'

const statements = ['one table by id', 'the tables of a room', 'change the status of a table']

/** What `monitor.sql` watches and can be read right after `up`, when its functions are not there. The old version may have written wrong totals. */
const watched = [
  {
    name: 'tables with items that are not OCCUPIED',
    relation: 'public.tables',
    sql: `SELECT count(*) FROM "tables"
          WHERE CASE WHEN jsonb_typeof("items") = 'array' THEN jsonb_array_length("items") > 0 ELSE false END AND "status" <> 'OCCUPIED'`,
    max: 0,
  },
  {
    name: 'tables whose items are no list',
    relation: 'public.tables',
    sql: `SELECT count(*) FROM "tables" WHERE jsonb_typeof("items") <> 'array'`,
    max: 0,
  },
  {
    name: 'open orders whose total is not the sum of their items',
    relation: 'public.orders',
    sql: `SELECT count(*) FROM "orders"
          WHERE "status" = 'OPEN' AND "total" <> (
            SELECT coalesce(sum(CASE WHEN jsonb_typeof(item -> 'quantity') = 'number' AND item ->> 'price' ~ '^(0|[1-9][0-9]{0,5})[.][0-9]{2}$'
              THEN (item -> 'quantity')::numeric * (item ->> 'price')::numeric END), 0)
            FROM jsonb_array_elements(CASE WHEN jsonb_typeof("items") = 'array' THEN "items" ELSE '[]' END) AS each(item)
          )`,
    unchanged: true,
  },
] as const

export default defineContract({
  claims: [
    {
      id: 'TI-1',
      text: 'All existing tables are as they were, and none has items; SQL NULL, JSON null and the empty list stay three things.',
      restsOn: [{ invariant: 'zero-loss' }, { measure: 'tables with items' }],
    },
    {
      id: 'TI-2',
      text: 'Every statement of the legacy application gives the same results and errors before and after.',
      restsOn: [{ invariant: 'backward-compatibility' }],
    },
    {
      id: 'TI-3',
      text: 'Two waiters who work at the same time lose no item and double none; totals add up, and the status matches.',
      restsOn: [{ spec: 'TI-3' }],
    },
    {
      id: 'TI-4',
      text: 'The way back restores the legacy state; items that were entered since are exported first, and named.',
      restsOn: [{ invariant: 'rollback-restores-state' }, { spec: 'TI-4' }],
    },
    { id: 'TI-5', text: 'The column is added without a rewrite and within the lock budget, under load.', restsOn: [{ spec: 'TI-5' }] },
    { id: 'TI-6', text: 'Invalid items are refused with a clear error, and nothing changes.', restsOn: [{ spec: 'TI-6' }] },
    {
      id: 'TI-7',
      text: 'Old and new versions of the application run side by side without disturbing one another.',
      restsOn: [{ spec: 'TI-7' }],
    },
    {
      id: 'TI-8',
      text: 'Success, failure, payload size and switching of tables are measured, and a monitor watches consistency.',
      restsOn: [{ spec: 'TI-8' }, ...watched.map(({ name }) => ({ metric: name }))],
    },
    {
      id: 'TI-9',
      text: 'The legacy statements keep their speed as payloads grow.',
      restsOn: [
        { spec: 'TI-9' },
        ...[10, 100].flatMap((items) =>
          statements.map((statement) => ({
            benchmark: `${statement}, beside ${items} items, to the legacy table`,
            budget: { most: 1.1 },
          })),
        ),
      ],
    },
  ],
  workload,
  measures: [
    {
      // SQL NULL says that nobody has entered items; JSON null and the empty list say that somebody has.
      name: 'tables with items',
      relation: 'public.tables',
      before: `SELECT "id" AS key, 0 AS value FROM "tables"`,
      after: `SELECT "id" AS key, ("items" IS NOT NULL)::int AS value FROM "tables"`,
    },
  ],
  metrics: watched,
  online: { lockWaitMs: 500 },
})
