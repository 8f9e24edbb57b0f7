-- Do the columns of "items" and the batches tell the same? One row per check; everything is well when each "ok" is true.
-- Reads only, on any database that has the schema. Every total is taken over one relation at a time (a join of items to batches
-- counts an item once per batch), and absence is asked with NOT EXISTS (NOT IN answers nothing once a NULL is among the values).

WITH batch_totals AS (
    SELECT
        "itemId",
        count(*) AS batches,
        sum("quantity") AS quantity,
        sum("quantity" * "costPerUnitUSD"::text::numeric) AS value
    FROM "stock_batches"
    GROUP BY "itemId"
),
first_batches AS (
    SELECT DISTINCT ON ("itemId") * FROM "stock_batches" ORDER BY "itemId", "createdAt", "id" COLLATE "C"
),
found_keys AS (
    SELECT conname FROM pg_constraint
    WHERE conrelid = '"stock_batches"'::regclass AND contype = 'f' AND convalidated
        AND (confrelid, confdeltype) IN (('"items"'::regclass, 'c'), ('"locations"'::regclass, 'n'), ('"users"'::regclass, 'n'))
),
checks (number, "check", expected, found) AS (
    SELECT 1, 'items that have a batch, of those with anything to carry',
        count(*)::numeric,
        count(*) FILTER (WHERE i."useBatchSystem" OR EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = i."id"))::numeric
    FROM "items" AS i
    WHERE num_nonnulls(
        "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
        "notes", "locationId", "assignedUserId"
    ) > 0

    UNION ALL
    SELECT 2, 'quantity in total',
        (SELECT coalesce(sum("quantityInStock"), 0) FROM "items"),
        (SELECT coalesce(sum("quantity"), 0) FROM "stock_batches")

    -- An item knows one cost; where its batches have several, only they know the value.
    UNION ALL
    SELECT 3, 'value in total, of items with at most one batch',
        (
            SELECT coalesce(sum(i."quantityInStock" * i."costPerUnitUSD"::text::numeric), 0) FROM "items" AS i
            WHERE NOT EXISTS (SELECT FROM batch_totals AS t WHERE t."itemId" = i."id" AND t.batches > 1)
        ),
        (SELECT coalesce(sum(t.value), 0) FROM batch_totals AS t WHERE t.batches = 1)

    UNION ALL
    SELECT 4, 'items whose quantity is not that of their batches', 0, count(*)
    FROM "items" AS i LEFT JOIN batch_totals AS t ON t."itemId" = i."id"
    WHERE coalesce(i."quantityInStock", 0) <> coalesce(t.quantity, 0)
        OR (t."itemId" IS NOT NULL AND (i."quantityInStock" IS NULL) <> (t.quantity IS NULL))

    UNION ALL
    SELECT 5, 'items that say something else than their first batch', 0, count(*)
    FROM "items" AS i JOIN first_batches AS b ON b."itemId" = i."id"
    WHERE (
        i."status", i."costPerUnitUSD", i."freightCostUSD", i."orderDate", i."expectedArrival", i."orderNumber", i."notes",
        i."locationId", i."assignedUserId"
    ) IS DISTINCT FROM (
        b."status", b."costPerUnitUSD", b."freightCostUSD", b."orderDate", b."expectedArrival", b."orderNumber", b."notes",
        b."locationId", b."assignedUserId"
    )

    UNION ALL
    SELECT 6, 'batches without their item', 0, count(*)
    FROM "stock_batches" AS b WHERE NOT EXISTS (SELECT FROM "items" AS i WHERE i."id" = b."itemId")

    UNION ALL
    SELECT 7, 'batches whose location or user is missing', 0, count(*)
    FROM "stock_batches" AS b
    WHERE (b."locationId" IS NOT NULL AND NOT EXISTS (SELECT FROM "locations" AS l WHERE l."id" = b."locationId"))
        OR (b."assignedUserId" IS NOT NULL AND NOT EXISTS (SELECT FROM "users" AS u WHERE u."id" = b."assignedUserId"))

    UNION ALL
    SELECT 8, 'items whose location, user or company is missing', 0, count(*)
    FROM "items" AS i
    WHERE (i."locationId" IS NOT NULL AND NOT EXISTS (SELECT FROM "locations" AS l WHERE l."id" = i."locationId"))
        OR (i."assignedUserId" IS NOT NULL AND NOT EXISTS (SELECT FROM "users" AS u WHERE u."id" = i."assignedUserId"))
        OR (i."companyId" IS NOT NULL AND NOT EXISTS (SELECT FROM "companies" AS c WHERE c."id" = i."companyId"))

    UNION ALL
    SELECT 9, 'expenses whose item, user or company is missing', 0, count(*)
    FROM "expenses" AS e
    WHERE (e."itemId" IS NOT NULL AND NOT EXISTS (SELECT FROM "items" AS i WHERE i."id" = e."itemId"))
        OR (e."userId" IS NOT NULL AND NOT EXISTS (SELECT FROM "users" AS u WHERE u."id" = e."userId"))
        OR (e."companyId" IS NOT NULL AND NOT EXISTS (SELECT FROM "companies" AS c WHERE c."id" = e."companyId"))

    UNION ALL
    SELECT 10, 'valid foreign keys of batches to items (cascade), locations and users (set null)', 3, count(*) FROM found_keys
)
SELECT "check", expected IS NOT DISTINCT FROM found AS ok, expected::text AS expected, found::text AS found
FROM checks
ORDER BY number;
