-- Back to the legacy state, at any time before the old columns are dropped: in the transition, after it ("end-transition.sql"), and after
-- an emergency DROP TABLE "stock_batches". "items" never gave up its columns, so right after "up" nothing has to be brought back.
--
-- What was entered since: each item takes the sum of its batches and what its first batch says. In the transition the triggers have done
-- that already. What "items" has no column for (the second batch's dates, an arrival date) goes with the table, after a warning that
-- counts it: keep a backup of "stock_batches".

DROP TRIGGER IF EXISTS "items_to_stock_batches" ON "items";

DO $$
DECLARE
    dropped BIGINT;
BEGIN
    IF to_regclass('"stock_batches"') IS NULL THEN
        RETURN;
    END IF;

    UPDATE "items" AS i SET
        "quantityInStock" = b.total, "status" = b."status", "costPerUnitUSD" = b."costPerUnitUSD",
        "freightCostUSD" = b."freightCostUSD", "orderDate" = b."orderDate", "expectedArrival" = b."expectedArrival",
        "orderNumber" = b."orderNumber", "notes" = b."notes", "locationId" = b."locationId", "assignedUserId" = b."assignedUserId"
    FROM (
        SELECT DISTINCT ON (f."itemId") f.*, sum(f."quantity") OVER (PARTITION BY f."itemId") AS total
        FROM "stock_batches" AS f ORDER BY f."itemId", f."createdAt", f."id" COLLATE "C"
    ) AS b
    WHERE i."id" = b."itemId" AND (
        i."quantityInStock", i."status", i."costPerUnitUSD", i."freightCostUSD", i."orderDate", i."expectedArrival",
        i."orderNumber", i."notes", i."locationId", i."assignedUserId"
    ) IS DISTINCT FROM (
        b.total, b."status", b."costPerUnitUSD", b."freightCostUSD", b."orderDate", b."expectedArrival",
        b."orderNumber", b."notes", b."locationId", b."assignedUserId"
    );

    -- After the transition no trigger empties the columns of an item whose last batch is removed.
    IF to_regproc('"stock_batches_to_items"') IS NULL THEN
        UPDATE "items" AS i SET "quantityInStock" = 0
        WHERE i."useBatchSystem" AND NOT EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = i."id");
    END IF;

    SELECT count(*) INTO dropped FROM "stock_batches" WHERE "id" <> "itemId" OR "arrivedDate" IS NOT NULL;
    IF dropped > 0 THEN
        RAISE WARNING 'details of % batches entered since have no place in "items"', dropped;
    END IF;
END $$;

DROP TABLE IF EXISTS "stock_batches";
DROP FUNCTION IF EXISTS "stock_batches_first"();
DROP FUNCTION IF EXISTS "stock_batches_to_items"();
DROP FUNCTION IF EXISTS "stock_batches_lock_item"();
DROP FUNCTION IF EXISTS "items_to_stock_batches"();
ALTER TABLE "items" DROP COLUMN "useBatchSystem";
