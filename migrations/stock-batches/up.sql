-- Stock moves from columns of "items" to rows of "stock_batches"; the columns stay. One transaction.

-- Every attribute that "items" lets be NULL may be NULL here: an item without a status, or whose stock nobody counted, is legal
-- and is copied as it is.
CREATE TABLE "stock_batches" (
    "id" TEXT NOT NULL,
    "quantity" INTEGER,
    "status" "ItemStatus",
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
