import fc from 'fast-check'

/** What a client does to a line: by the old name of the table or by the new one. */
export interface Write {
  readonly through: 'old' | 'new'
  readonly kind: 'insert' | 'update' | 'delete' | 'ship'
  /** Which row it means, in their order. */
  readonly at: number
}

export const write: fc.Arbitrary<Write> = fc.record({
  through: fc.constantFrom('old', 'new'),
  kind: fc.constantFrom('insert', 'update', 'delete', 'ship'),
  at: fc.nat({ max: 9 }),
})

/**
 * The statement of a write. Keys are given, as sequences do not come back with a rollback.
 *
 * @param ordinal  Of the write among all, so that no two give one key.
 * @param migrated  Whether the new name is there.
 */
export function statementOf({ through, kind, at }: Write, ordinal: number, migrated: boolean): string {
  const table = through === 'new' && migrated ? 'order_line_items_v2' : 'order_line_items'
  const nth = (of: string) => `(SELECT id FROM ${of} ORDER BY id LIMIT 1 OFFSET ${at} % greatest((SELECT count(*) FROM ${of}), 1))`
  const key = 1_000_000_000 + ordinal
  if (kind === 'insert')
    return `INSERT INTO ${table} (id, order_id, product_id, "position", unit_price, notes)
      SELECT ${key}, o, p, ${key}, 9.99, 'since' FROM (SELECT ${nth('orders')} AS o, ${nth('products')} AS p) AS given WHERE o IS NOT NULL AND p IS NOT NULL`
  if (kind === 'update') return `UPDATE ${table} SET quantity = quantity % 1000 + 1, notes = 'changed ${ordinal}' WHERE id = ${nth(table)}`
  if (kind === 'delete') return `DELETE FROM ${table} WHERE id = ${nth(table)} AND id NOT IN (SELECT line_id FROM shipment_lines)`
  return `INSERT INTO shipment_lines SELECT ${ordinal}, id, 1 FROM (SELECT ${nth(table)} AS id) AS given WHERE id IS NOT NULL ON CONFLICT DO NOTHING`
}
