import { defineContract } from 'godwit'

// Doubles go to numeric by their text: a direct cast rounds to 15 digits, and a sum of doubles depends on the order of the rows.
// Unknown stock (NULL) counts as none; that NULL itself arrives as NULL is for zero-loss to say.
export default defineContract({
  claims: [
    { id: 'SB-1', text: '"items" keeps every row and every value.', restsOn: [{ invariant: 'zero-loss' }] },
    {
      id: 'SB-2',
      text: 'The quantity of each item is the sum of the quantities of its batches; so are the total quantity and the total value.',
      restsOn: [{ measure: 'quantity' }, { measure: 'value' }],
    },
    {
      id: 'SB-3',
      text: 'No batch is without its item; locations, users, companies and expenses are still linked.',
      restsOn: [{ invariant: 'no-orphans' }, { spec: 'SB-3' }],
    },
    { id: 'SB-4', text: 'Dates, notes, costs and order numbers are copied unchanged.', restsOn: [{ spec: 'SB-4' }] },
    {
      id: 'SB-5',
      text: 'During the transition both applications see the same total, location and status of an item, in whatever order they write.',
      restsOn: [{ spec: 'SB-5' }],
    },
    { id: 'SB-6', text: 'Rollback gives back exactly the legacy state.', restsOn: [{ invariant: 'rollback-restores-state' }] },
    { id: 'SB-7', text: 'An error anywhere leaves nothing behind.', restsOn: [{ invariant: 'atomicity' }] },
    {
      id: 'SB-8',
      text: 'Items can be moved one by one, any number of times and in any order, with the same result as all at once.',
      restsOn: [{ spec: 'SB-8' }],
    },
    { id: 'SB-9', text: 'The verification queries run on any database and give a plain answer.', restsOn: [{ spec: 'SB-9' }] },
    {
      id: 'SB-10',
      text: 'Before the migration there are a backup, a CSV export and a document of totals; restoring from them is proven.',
      restsOn: [{ spec: 'SB-10' }],
    },
    { id: 'SB-11', text: 'The clean-up refuses while one item mismatches.', restsOn: [{ spec: 'SB-11' }] },
    {
      id: 'SB-12',
      text: 'The migration fits into a window of 15 minutes.',
      restsOn: [{ benchmark: 'up of 100000 items, to 15 minutes', budget: { most: 1 } }],
    },
  ],
  measures: [
    {
      name: 'quantity',
      relation: 'public.items',
      attribute: 'quantityInStock',
      before: `SELECT "id" AS key, coalesce("quantityInStock", 0)::numeric AS value FROM "items"`,
      after: `SELECT i."id" AS key, coalesce(sum(b."quantity"), 0)::numeric AS value
              FROM "items" i LEFT JOIN "stock_batches" b ON b."itemId" = i."id" GROUP BY i."id"`,
    },
    {
      name: 'value',
      relation: 'public.items',
      attribute: 'costPerUnitUSD',
      before: `SELECT "id" AS key, coalesce("quantityInStock" * "costPerUnitUSD"::text::numeric, 0) AS value FROM "items"`,
      after: `SELECT i."id" AS key, coalesce(sum(b."quantity" * b."costPerUnitUSD"::text::numeric), 0) AS value
              FROM "items" i LEFT JOIN "stock_batches" b ON b."itemId" = i."id" GROUP BY i."id"`,
    },
    {
      name: 'freight',
      relation: 'public.items',
      attribute: 'freightCostUSD',
      before: `SELECT "id" AS key, coalesce("freightCostUSD"::text::numeric, 0) AS value FROM "items"`,
      after: `SELECT i."id" AS key, coalesce(sum(b."freightCostUSD"::text::numeric), 0) AS value
              FROM "items" i LEFT JOIN "stock_batches" b ON b."itemId" = i."id" GROUP BY i."id"`,
    },
  ],
})
