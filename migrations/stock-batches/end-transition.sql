-- The transition ends: from here on only batches are read and written, and the old columns of "items" keep what they said last. Run it in
-- one transaction (psql -1 -f), when no old application code is left. "down.sql" still leads back.
--
-- Afterwards the plan's last step can run: ALTER TABLE "items" DROP COLUMN "quantityInStock", DROP COLUMN "status", DROP COLUMN "locationId".
-- Before, a trigger needs these columns and PostgreSQL refuses to drop them (2BP01).
SET LOCAL lock_timeout = '1s';

-- Readers go on; writers wait until this is done.
LOCK TABLE "items", "stock_batches" IN SHARE ROW EXCLUSIVE MODE;

-- Refuse while one item differs from its batches.
DO $$
DECLARE
    mismatched BIGINT;
    examples TEXT;
BEGIN
    SELECT count(*), string_agg(quote_ident(id), ', ' ORDER BY id COLLATE "C") FILTER (WHERE number <= 5) INTO mismatched, examples
    FROM (
        SELECT i."id" AS id, row_number() OVER (ORDER BY i."id" COLLATE "C") AS number
        FROM "items" AS i LEFT JOIN (
            SELECT DISTINCT ON (f."itemId") f.*, sum(f."quantity") OVER (PARTITION BY f."itemId") AS total
            FROM "stock_batches" AS f ORDER BY f."itemId", f."createdAt", f."id" COLLATE "C"
        ) AS b ON b."itemId" = i."id"
        WHERE (b."id" IS NULL AND i."useBatchSystem" AND coalesce(i."quantityInStock", 0) <> 0)
            OR (b."id" IS NOT NULL AND (
                i."quantityInStock", i."status", i."costPerUnitUSD", i."freightCostUSD", i."orderDate", i."expectedArrival",
                i."orderNumber", i."notes", i."locationId", i."assignedUserId"
            ) IS DISTINCT FROM (
                b.total, b."status", b."costPerUnitUSD", b."freightCostUSD", b."orderDate", b."expectedArrival",
                b."orderNumber", b."notes", b."locationId", b."assignedUserId"
            ))
    ) AS mismatches;
    IF mismatched > 0 THEN
        RAISE EXCEPTION '% items differ from their batches: %', mismatched, examples
            USING HINT = 'Run verification.sql, correct these items, and try again. Nothing was changed.';
    END IF;
END $$;

-- Every item has a batch from now on, those of which nothing was known included: unknown stock must go on reading as unknown. The id of an
-- item can be taken by a batch that was moved to another item.
INSERT INTO "stock_batches" (
    "id", "quantity", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
    "notes", "createdAt", "updatedAt", "itemId", "locationId", "assignedUserId"
)
SELECT
    CASE WHEN EXISTS (SELECT FROM "stock_batches" AS b WHERE b."id" = i."id") THEN gen_random_uuid()::text ELSE i."id" END,
    "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
    "notes", "createdAt", "updatedAt", "id", "locationId", "assignedUserId"
FROM "items" AS i
WHERE NOT i."useBatchSystem" AND NOT EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = i."id");

DROP TRIGGER "items_to_stock_batches" ON "items";
DROP TRIGGER "stock_batches_first" ON "stock_batches";
DROP TRIGGER "stock_batches_lock_item" ON "stock_batches";
DROP TRIGGER "stock_batches_to_items" ON "stock_batches";
DROP FUNCTION "items_to_stock_batches"();
DROP FUNCTION "stock_batches_first"();
DROP FUNCTION "stock_batches_lock_item"();
DROP FUNCTION "stock_batches_to_items"();

UPDATE "items" SET "useBatchSystem" = true WHERE NOT "useBatchSystem";
ALTER TABLE "items" ALTER COLUMN "useBatchSystem" SET DEFAULT true;
