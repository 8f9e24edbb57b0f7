-- Stock moves from columns of "items" to rows of "stock_batches"; the columns stay. One transaction.

-- Every attribute that "items" lets be NULL may be NULL here: an item without a status, or whose stock nobody counted, is legal
-- and is copied as it is.
CREATE TABLE "stock_batches" (
    "id" TEXT NOT NULL,
    "quantity" INTEGER,
    "status" "Status",
    "costPerUnitUSD" DOUBLE PRECISION,
    "freightCostUSD" DOUBLE PRECISION,
    "orderDate" TIMESTAMP(3),
    "expectedArrival" TIMESTAMP(3),
    "orderNumber" TEXT,
    "arrivedDate" TIMESTAMP(3),
    "notes" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3) NOT NULL,
    "itemId" TEXT NOT NULL,
    "locationId" TEXT,
    "assignedUserId" TEXT,

    CONSTRAINT "stock_batches_pkey" PRIMARY KEY ("id")
);

-- A constant default is kept in the catalog: no rewrite.
ALTER TABLE "items" ADD COLUMN "useBatchSystem" BOOLEAN NOT NULL DEFAULT false;

-- The batch of an item bears the item's own id: the same in each run, never the same for two items, and no longer than an id that is
-- known to fit an index. Zero and negative stock are copied too; only an item with nothing to carry has no batch. "arrivedDate" stays
-- NULL, because the legacy database never knew it.
INSERT INTO "stock_batches" (
    "id", "quantity", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
    "notes", "createdAt", "updatedAt", "itemId", "locationId", "assignedUserId"
)
SELECT
    "id", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
    "notes", "createdAt", "updatedAt", "id", "locationId", "assignedUserId"
FROM "items"
WHERE num_nonnulls(
    "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
    "notes", "locationId", "assignedUserId"
) > 0;

CREATE INDEX "stock_batches_itemId_idx" ON "stock_batches"("itemId");
CREATE INDEX "stock_batches_locationId_idx" ON "stock_batches"("locationId");

ALTER TABLE "stock_batches" ADD CONSTRAINT "stock_batches_itemId_fkey" FOREIGN KEY ("itemId") REFERENCES "items"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "stock_batches" ADD CONSTRAINT "stock_batches_locationId_fkey" FOREIGN KEY ("locationId") REFERENCES "locations"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "stock_batches" ADD CONSTRAINT "stock_batches_assignedUserId_fkey" FOREIGN KEY ("assignedUserId") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- From here on both systems write. The columns of an item and its batches are kept telling the same, by whomever they are written:
-- the quantity in stock is the sum over the batches, everything else is what the first batch (by "createdAt", then "id") says.
-- Old application code needs no change and no rights on the new table, hence SECURITY DEFINER.

-- Old-style write: the first batch takes what the item now says, and the difference in quantity; the other batches stay. Unknown
-- stock makes every batch's unknown. One statement, or the trigger on "stock_batches" would see half of it.
CREATE FUNCTION "items_to_stock_batches"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    first_id TEXT;
    total BIGINT;
    others BIGINT;
BEGIN
    SELECT "id" INTO first_id FROM "stock_batches" WHERE "itemId" = NEW."id" ORDER BY "createdAt", "id" COLLATE "C" LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT sum("quantity"), coalesce(sum("quantity") FILTER (WHERE "id" <> first_id), 0) INTO total, others
    FROM "stock_batches" WHERE "itemId" = NEW."id";

    UPDATE "stock_batches" AS b SET
        "quantity" = CASE
            WHEN NEW."quantityInStock" IS NOT DISTINCT FROM total THEN b."quantity"
            WHEN NEW."quantityInStock" IS NULL OR b."id" = first_id THEN NEW."quantityInStock" - others
            ELSE b."quantity" END,
        "status" = CASE WHEN b."id" = first_id THEN NEW."status" ELSE b."status" END,
        "costPerUnitUSD" = CASE WHEN b."id" = first_id THEN NEW."costPerUnitUSD" ELSE b."costPerUnitUSD" END,
        "freightCostUSD" = CASE WHEN b."id" = first_id THEN NEW."freightCostUSD" ELSE b."freightCostUSD" END,
        "orderDate" = CASE WHEN b."id" = first_id THEN NEW."orderDate" ELSE b."orderDate" END,
        "expectedArrival" = CASE WHEN b."id" = first_id THEN NEW."expectedArrival" ELSE b."expectedArrival" END,
        "orderNumber" = CASE WHEN b."id" = first_id THEN NEW."orderNumber" ELSE b."orderNumber" END,
        "notes" = CASE WHEN b."id" = first_id THEN NEW."notes" ELSE b."notes" END,
        "locationId" = CASE WHEN b."id" = first_id THEN NEW."locationId" ELSE b."locationId" END,
        "assignedUserId" = CASE WHEN b."id" = first_id THEN NEW."assignedUserId" ELSE b."assignedUserId" END,
        "updatedAt" = CASE WHEN b."id" = first_id THEN NEW."updatedAt" ELSE b."updatedAt" END
    WHERE b."itemId" = NEW."id" AND (b."id" = first_id OR NEW."quantityInStock" IS NULL)
        AND EXISTS (
            SELECT FROM "stock_batches" AS f WHERE f."id" = first_id AND (
                total, f."status", f."costPerUnitUSD", f."freightCostUSD", f."orderDate", f."expectedArrival",
                f."orderNumber", f."notes", f."locationId", f."assignedUserId"
            ) IS DISTINCT FROM (
                NEW."quantityInStock", NEW."status", NEW."costPerUnitUSD", NEW."freightCostUSD", NEW."orderDate", NEW."expectedArrival",
                NEW."orderNumber", NEW."notes", NEW."locationId", NEW."assignedUserId"
            )
        );
    RETURN NULL;
END $$;

-- FROM "stock_batches": the trigger depends on that table. DROP TABLE "stock_batches", with CASCADE or without, takes the trigger along;
-- otherwise it would stay on "items", and every old-style write would fail on the missing table.
CREATE CONSTRAINT TRIGGER "items_to_stock_batches" AFTER UPDATE OF
    "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber", "notes",
    "locationId", "assignedUserId"
ON "items" FROM "stock_batches" NOT DEFERRABLE FOR EACH ROW EXECUTE FUNCTION "items_to_stock_batches"();

-- An old-style write locks the item, then its batch. A plain UPDATE or DELETE of a batch locks the batch first: PostgreSQL does that before
-- any trigger runs. If both meet, one of them must give up. The batch-style write gives up, before PostgreSQL looks for deadlocks
-- ("deadlock_timeout", 1 s): the old application never sees an error. Who locks the item first ("writes.ts") waits and never gives up.
CREATE FUNCTION "stock_batches_lock_item"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '400ms' AS $$
BEGIN
    PERFORM FROM "items" WHERE "id" = least(OLD."itemId", NEW."itemId") FOR NO KEY UPDATE;
    IF NEW."itemId" <> OLD."itemId" THEN
        PERFORM FROM "items" WHERE "id" = greatest(OLD."itemId", NEW."itemId") FOR NO KEY UPDATE;
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;

CREATE TRIGGER "stock_batches_lock_item" BEFORE UPDATE OR DELETE
ON "stock_batches" FOR EACH ROW EXECUTE FUNCTION "stock_batches_lock_item"();

-- Batch-style write: the item takes the sum and what its first batch says; without batches its stock is none. The item is locked
-- before anything is summed up, so that of two writers the second sees what the first wrote.
CREATE FUNCTION "stock_batches_to_items"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    item_id TEXT;
BEGIN
    FOREACH item_id IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW."itemId"]
        WHEN 'DELETE' THEN ARRAY[OLD."itemId"]
        ELSE ARRAY[least(OLD."itemId", NEW."itemId"), greatest(OLD."itemId", NEW."itemId")] END
    LOOP
        PERFORM FROM "items" WHERE "id" = item_id FOR NO KEY UPDATE;

        UPDATE "items" AS i SET
            "quantityInStock" = b.total, "status" = b."status", "costPerUnitUSD" = b."costPerUnitUSD",
            "freightCostUSD" = b."freightCostUSD", "orderDate" = b."orderDate", "expectedArrival" = b."expectedArrival",
            "orderNumber" = b."orderNumber", "notes" = b."notes", "locationId" = b."locationId", "assignedUserId" = b."assignedUserId"
        FROM (
            SELECT f.*, (SELECT sum("quantity") FROM "stock_batches" WHERE "itemId" = item_id) AS total
            FROM "stock_batches" AS f WHERE f."itemId" = item_id ORDER BY f."createdAt", f."id" COLLATE "C" LIMIT 1
        ) AS b
        WHERE i."id" = item_id AND (
            i."quantityInStock", i."status", i."costPerUnitUSD", i."freightCostUSD", i."orderDate", i."expectedArrival",
            i."orderNumber", i."notes", i."locationId", i."assignedUserId"
        ) IS DISTINCT FROM (
            b.total, b."status", b."costPerUnitUSD", b."freightCostUSD", b."orderDate", b."expectedArrival",
            b."orderNumber", b."notes", b."locationId", b."assignedUserId"
        );

        UPDATE "items" AS i SET "quantityInStock" = 0
        WHERE i."id" = item_id AND i."quantityInStock" IS DISTINCT FROM 0
            AND NOT EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = item_id);
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER "stock_batches_to_items" AFTER INSERT OR UPDATE OR DELETE
ON "stock_batches" FOR EACH ROW EXECUTE FUNCTION "stock_batches_to_items"();

-- The first batch entered for an item that old code made since: its own columns become a batch before, or nobody would see their stock.
CREATE FUNCTION "stock_batches_first"() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM FROM "items" WHERE "id" = NEW."itemId" FOR NO KEY UPDATE;

    INSERT INTO "stock_batches" (
        "id", "quantity", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
        "notes", "createdAt", "updatedAt", "itemId", "locationId", "assignedUserId"
    )
    SELECT
        -- The id of an item can be taken by a batch that was moved to another item.
        CASE WHEN EXISTS (SELECT FROM "stock_batches" AS b WHERE b."id" = i."id") THEN gen_random_uuid()::text ELSE i."id" END,
        "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
        "notes", "createdAt", "updatedAt", "id", "locationId", "assignedUserId"
    FROM "items" AS i
    WHERE i."id" = NEW."itemId" AND NOT EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = NEW."itemId");
    RETURN NEW;
END $$;

CREATE TRIGGER "stock_batches_first" BEFORE INSERT
ON "stock_batches" FOR EACH ROW WHEN (NEW."id" <> NEW."itemId") EXECUTE FUNCTION "stock_batches_first"();
