import type { Session } from 'godwit'

/**
 * Move one item to the batch system: copy its columns into its first batch, as `up.sql` does for all.
 *
 * Any number of times, in any order, by several sessions at once: an item that has batches, or nothing to carry, stays as it is.
 *
 * @returns `missing` when there is no such item.
 * @throws {StatementError} `23502` where the table demands what the item lacks (the plan as it was written did).
 */
export async function moveItem(session: Pick<Session, 'one'>, itemId: string): Promise<'moved' | 'unchanged' | 'missing'> {
  // The lock waits for a write under way and reads what it wrote. NOT EXISTS still sees the state from before the wait, hence ON CONFLICT.
  const { found, moved } = await session.one<{ found: boolean; moved: boolean }>(
    `WITH item AS (SELECT * FROM "items" WHERE "id" = $1 FOR NO KEY UPDATE),
    moved AS (
      INSERT INTO "stock_batches" (
        "id", "quantity", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
        "notes", "createdAt", "updatedAt", "itemId", "locationId", "assignedUserId"
      )
      SELECT
        "id", "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
        "notes", "createdAt", "updatedAt", "id", "locationId", "assignedUserId"
      FROM item
      WHERE NOT item."useBatchSystem"
        AND NOT EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = item."id")
        AND num_nonnulls(
          "quantityInStock", "status", "costPerUnitUSD", "freightCostUSD", "orderDate", "expectedArrival", "orderNumber",
          "notes", "locationId", "assignedUserId"
        ) > 0
      ON CONFLICT ("id") DO NOTHING
      RETURNING 1
    )
    SELECT EXISTS (SELECT FROM item) AS found, EXISTS (SELECT FROM moved) AS moved`,
    [itemId],
  )
  if (!found) return 'missing'
  return moved ? 'moved' : 'unchanged'
}
