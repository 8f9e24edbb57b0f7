import { definePlan } from 'godwit'

// What end-transition.sql asks too, at its own end. Here each item is named with both values, every day of a week.
export default definePlan({
  cleanUp: 'end-transition.sql',
  cleanDays: 7,
  checks: [
    {
      id: 'quantity',
      text: 'The quantity of each item is the sum of the quantities of its batches.',
      sql: `SELECT i."id", i."quantityInStock" AS "in items", sum(b."quantity") AS "in batches"
            FROM "items" AS i LEFT JOIN "stock_batches" AS b ON b."itemId" = i."id"
            GROUP BY i."id"
            HAVING CASE WHEN count(b."id") > 0 THEN i."quantityInStock" IS DISTINCT FROM sum(b."quantity")
                        ELSE i."useBatchSystem" AND coalesce(i."quantityInStock", 0) <> 0 END
            ORDER BY i."id" COLLATE "C"`,
    },
    {
      id: 'first-batch',
      text: 'Every other column of an item says what its first batch says.',
      sql: `SELECT i."id", c.key AS "column", c.value AS "in items", to_jsonb(b) ->> c.key AS "in its first batch"
            FROM "items" AS i
            JOIN (SELECT DISTINCT ON ("itemId") * FROM "stock_batches" ORDER BY "itemId", "createdAt", "id" COLLATE "C") AS b
              ON b."itemId" = i."id"
            CROSS JOIN LATERAL jsonb_each_text(to_jsonb(i)) AS c
            WHERE c.key IN (
                'status', 'costPerUnitUSD', 'freightCostUSD', 'orderDate', 'expectedArrival', 'orderNumber', 'notes', 'locationId',
                'assignedUserId'
            ) AND c.value IS DISTINCT FROM to_jsonb(b) ->> c.key
            ORDER BY i."id" COLLATE "C", c.key`,
    },
  ],
})
