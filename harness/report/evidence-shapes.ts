export type JsonRecord = Readonly<Record<string, unknown>>

/** `RowDifference` of snapshot/, recognised by its shape. */
export interface RowDifference {
  readonly change: 'missing' | 'added' | 'changed'
  readonly key: JsonRecord
  readonly cells: readonly { readonly attribute: string; readonly before: unknown; readonly after: unknown }[]
}

export function isRowDifference(value: unknown): value is RowDifference {
  if (!isRecord(value) || !isRecord(value.key) || !Array.isArray(value.cells)) return false
  if (!['missing', 'added', 'changed'].includes(String(value.change))) return false
  return value.cells.every((one) => isRecord(one) && typeof one.attribute === 'string')
}

/** `RelationRows` of snapshot/, recognised by its shape. */
export function isRelationRows(
  value: unknown,
): value is { readonly attributes: readonly string[]; readonly rows: readonly (readonly unknown[])[] } {
  if (!isRecord(value)) return false
  const { attributes, rows } = value
  return (
    isArrayOf(attributes, (item): item is string => typeof item === 'string') &&
    isArrayOf(rows, (row): row is unknown[] => Array.isArray(row))
  )
}

export function isFlatRecord(value: unknown): value is JsonRecord {
  return isRecord(value) && Object.keys(value).length > 0 && Object.values(value).every(isScalar)
}

export function isScalars(value: unknown): boolean {
  return Array.isArray(value) && value.every(isScalar)
}

export function isArrayOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.length > 0 && value.every(isItem)
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isScalar(value: unknown): boolean {
  return value === null || value === undefined || typeof value !== 'object'
}
