import type { Session } from 'godwit'

/** What the application shows of an item's stock, whichever system holds it. */
export interface Stock {
  readonly itemId: string
  readonly source: 'batches' | 'columns'
  /** Exact decimal; `null` when nobody counted. */
  readonly total: string | null
  /** Quantity × cost per unit in USD, exact decimal; what has no cost or no quantity counts as nothing. */
  readonly value: string
  /** Distinct ids, in byte order. */
  readonly locations: readonly string[]
  /** Distinct statuses, in byte order. */
  readonly statuses: readonly string[]
}

/**
 * Read the stock of one item: from its batches when it has any or was marked with `useBatchSystem`, else from its own columns.
 *
 * @returns `undefined` when there is no such item.
 */
export async function readStock(session: Session, itemId: string): Promise<Stock | undefined> {
  const rows = await session.query<Stock>(`${select} WHERE i."id" = $1`, [itemId])
  return rows[0]
}

/** The same for every item, by id. */
export async function readAllStock(session: Session): Promise<ReadonlyMap<string, Stock>> {
  const rows = await session.query<Stock>(select)
  return new Map(rows.map((stock) => [stock.itemId, stock]))
}

// The columns of an item without batches are read as one more lot, so that both systems go through the same sums. The database does the
// arithmetic: a double goes to numeric by its text, since a direct cast rounds to 15 digits and JavaScript sums in binary. The columns of
// an item are read through jsonb, which gives NULL for a column that is not there: the reader still works when the old columns are dropped.
const select = `
SELECT i."id" AS "itemId", CASE WHEN s.batched THEN 'batches' ELSE 'columns' END AS source, t.*
FROM "items" AS i
CROSS JOIN LATERAL (
  SELECT i."useBatchSystem" IS TRUE OR EXISTS (SELECT FROM "stock_batches" AS b WHERE b."itemId" = i."id") AS batched
) AS s
CROSS JOIN LATERAL (
  SELECT
    CASE WHEN count(*) = 0 THEN '0' ELSE sum(lot."quantity")::text END AS total,
    trim_scale(coalesce(sum(lot."quantity" * lot."costPerUnitUSD"::numeric), 0))::text AS value,
    coalesce(json_agg(DISTINCT lot."locationId" COLLATE "C") FILTER (WHERE lot."locationId" IS NOT NULL), '[]') AS locations,
    coalesce(json_agg(DISTINCT lot."status" COLLATE "C") FILTER (WHERE lot."status" IS NOT NULL), '[]') AS statuses
  FROM (
    SELECT b."quantity", b."costPerUnitUSD"::text, b."locationId", b."status"::text
    FROM "stock_batches" AS b WHERE s.batched AND b."itemId" = i."id"
    UNION ALL
    SELECT (columns.of ->> 'quantityInStock')::integer, columns.of ->> 'costPerUnitUSD', columns.of ->> 'locationId', columns.of ->> 'status'
    FROM to_jsonb(i) AS columns (of) WHERE NOT s.batched
  ) AS lot
) AS t`
