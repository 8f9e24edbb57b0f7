import { defineContract } from 'godwit'

// Doubles go to numeric by their text: a direct cast rounds to 15 digits, and a sum of doubles depends on the order of the rows.
// Unknown stock (NULL) counts as none; that NULL itself arrives as NULL is for zero-loss to say.
export default defineContract({
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
