-- Back to the legacy state. "items" never gave up its columns, so right after "up" nothing has to be brought back.
--
-- What was entered since: quantities survive, because the columns follow the batches; where triggers were off and the two disagree,
-- the columns take the quantity that the readers were shown. What "items" has no place for (the second batch's dates, an arrival
-- date) goes with the table, after a warning that counts it: keep a backup of "stock_batches".

DROP TRIGGER "items_to_stock_batches" ON "items";

UPDATE "items" AS i SET "quantityInStock" = b.total
FROM (SELECT "itemId", sum("quantity") AS total FROM "stock_batches" GROUP BY "itemId") AS b
WHERE b."itemId" = i."id" AND b.total IS DISTINCT FROM i."quantityInStock";

DO $$
DECLARE
    dropped BIGINT;
BEGIN
    SELECT count(*) INTO dropped FROM "stock_batches" WHERE "id" <> "itemId" OR "arrivedDate" IS NOT NULL;
    IF dropped > 0 THEN
        RAISE WARNING 'details of % batches entered since have no place in "items"', dropped;
    END IF;
END $$;

DROP TABLE "stock_batches";
DROP FUNCTION "stock_batches_first"();
DROP FUNCTION "stock_batches_to_items"();
DROP FUNCTION "items_to_stock_batches"();
ALTER TABLE "items" DROP COLUMN "useBatchSystem";
