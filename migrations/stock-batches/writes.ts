import type { Session } from 'godwit'

/** What an item, or one batch, says of its stock; timestamps as ISO texts without a zone, doubles as numbers or texts. */
export interface Lot {
  readonly status?: string | null
  readonly costPerUnitUSD?: number | string | null
  readonly freightCostUSD?: number | string | null
  readonly orderDate?: string | null
  readonly expectedArrival?: string | null
  readonly orderNumber?: string | null
  readonly notes?: string | null
  readonly locationId?: string | null
  readonly assignedUserId?: string | null
}

export interface ItemWrite extends Lot {
  readonly quantityInStock?: number | null
}

export interface BatchWrite extends Lot {
  readonly quantity?: number | null
  readonly arrivedDate?: string | null
}

export interface NewBatch extends BatchWrite {
  readonly id: string
  readonly itemId: string
  /** Orders the batches of an item; the clock's time where it is left out. */
  readonly createdAt?: string
}

/**
 * Write an item as the application did before there were batches: only its own columns. The database carries it over to the batches.
 *
 * @returns Whether there was such an item.
 */
export async function writeItem(session: Session, itemId: string, write: ItemWrite): Promise<boolean> {
  const { names, values } = attributesOf(write, ['quantityInStock', ...lotAttributes])
  const set = names.map((name, index) => `"${name}" = $${index + 2}`)
  const rows = await session.query(`UPDATE "items" SET ${[...set, `"updatedAt" = now()`].join(', ')} WHERE "id" = $1 RETURNING 1`, [
    itemId,
    ...values,
  ])
  return rows.length > 0
}

/**
 * Enter a batch; an item that was not moved yet is moved by the database first.
 *
 * @throws {StatementError} `23503` when there is no such item; `22003` when the item's total would leave the range of its column.
 */
export async function addBatch(session: Session, batch: NewBatch): Promise<void> {
  const { names, values } = attributesOf(batch, ['id', 'itemId', 'createdAt', ...batchAttributes])
  await session.query(
    `INSERT INTO "stock_batches" (${[...names, 'updatedAt'].map((name) => `"${name}"`).join(', ')})
    VALUES (${[...values.map((_, index) => `$${index + 1}`), 'now()'].join(', ')})`,
    values,
  )
}

/** Change a batch. Returns whether there was one. */
export async function changeBatch(session: Session, batchId: string, write: BatchWrite): Promise<boolean> {
  const { names, values } = attributesOf(write, batchAttributes)
  const set = names.map((name, index) => `"${name}" = $${index + 2}`)
  const rows = await session.query(
    `${lockItem} UPDATE "stock_batches" AS b SET ${[...set, `"updatedAt" = now()`].join(', ')}
    FROM item WHERE b."id" = $1 AND b."itemId" = item."id" RETURNING 1`,
    [batchId, ...values],
  )
  return rows.length > 0
}

/** Remove a batch and its stock. Returns whether there was one. */
export async function removeBatch(session: Session, batchId: string): Promise<boolean> {
  const rows = await session.query(
    `${lockItem} DELETE FROM "stock_batches" AS b USING item WHERE b."id" = $1 AND b."itemId" = item."id" RETURNING 1`,
    [batchId],
  )
  return rows.length > 0
}

// The item before its batch, as an old-style write takes them: two writers wait for one another and never deadlock.
const lockItem = `WITH item AS (
  SELECT i."id" FROM "items" AS i JOIN "stock_batches" AS b ON b."itemId" = i."id" WHERE b."id" = $1 FOR NO KEY UPDATE OF i
)`

const lotAttributes = [
  'status',
  'costPerUnitUSD',
  'freightCostUSD',
  'orderDate',
  'expectedArrival',
  'orderNumber',
  'notes',
  'locationId',
  'assignedUserId',
] as const satisfies readonly (keyof Lot)[]

const batchAttributes = ['quantity', 'arrivedDate', ...lotAttributes] as const

// Names come from the lists above, never from the caller: they need no more than their quotes.
function attributesOf<Name extends string>(
  write: Readonly<Partial<Record<Name, string | number | null>>>,
  allowed: readonly Name[],
): { readonly names: readonly Name[]; readonly values: readonly (string | number | null)[] } {
  const given = allowed.flatMap((name) => {
    const value = write[name]
    return value === undefined ? [] : [{ name, value }]
  })
  return { names: given.map(({ name }) => name), values: given.map(({ value }) => value) }
}
