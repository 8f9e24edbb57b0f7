-- Back to the legacy state: the columns of "items" were never given up.
DROP TABLE "stock_batches";
ALTER TABLE "items" DROP COLUMN "useBatchSystem";
