import { type Destination, isReversible } from './model.ts'

const order = [
  'identical',
  'same-value',
  'recoded',
  'wrapped',
  'scaled',
  'encoded',
  'offset',
  'affine',
  're-keyed',
  'elements',
  'part',
  'concatenated',
  'shifted',
  'trimmed',
  'case-folded',
  'rounded',
  'truncated',
  'merged',
  'unknown',
]

/** What is declared first; what keeps the cell before what alters it; the attribute itself before another; a column of the relation before one behind a reference or in a document. */
export function rankDestinations(destinations: readonly Destination[]): readonly Destination[] {
  const weight = (each: Destination) =>
    (each.declared === undefined ? 0 : -10_000) +
    (isReversible(each.transform) ? 0 : 1000) +
    order.indexOf(each.transform.kind) * 10 +
    (each.own ? 0 : 4) +
    (each.columns.some((column) => column.via !== undefined) ? 2 : 0) +
    (each.columns.some((column) => column.json.length > 0) ? 1 : 0)
  return [...destinations].sort((left, right) => weight(left) - weight(right))
}
