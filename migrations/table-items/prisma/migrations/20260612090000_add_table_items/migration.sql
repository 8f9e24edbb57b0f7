-- Behind a long transaction this gives up instead of letting every waiter queue.
SET LOCAL lock_timeout = '500ms';

-- AlterTable
ALTER TABLE "tables" ADD COLUMN "items" JSONB;
