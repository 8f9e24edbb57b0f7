import type { AttributeLineage, RelationLineage } from './model.ts'
import { columnIndex, type Recaptured } from './recapture.ts'

/**
 * Find a row in which a concatenation cannot be taken apart again: the text that stands between the parts stands in this part too.
 *
 * Only for attributes whose sole destination is a column that other attributes went into as well.
 *
 * @param isRestored  Whether `down` brings this attribute of a row back exactly: then it can be taken apart.
 */
export function isAmbiguous(
  rows: Recaptured,
  lineage: RelationLineage,
  learned: AttributeLineage,
  isRestored: (row: number) => boolean,
): { readonly row: number; readonly legacy: string; readonly migrated: string } | undefined {
  const target = learned.destinations.find((each) => each.transform.kind === 'concatenated')
  const column = target?.columns[0]
  const separator = target?.transform.kind === 'concatenated' ? target.transform.separator : undefined
  if (separator !== undefined) {
    const own = rows.legacy.columns.findIndex((each) => each.attribute === learned.attribute && each.json.length === 0)
    const row = rows.legacy.rows.findIndex((cells, at) => !isRestored(at) && (cells[own]?.includes(separator) ?? false))
    const legacy = rows.legacy.rows[row]?.[own]
    if (typeof legacy === 'string') return { row, legacy, migrated: `…${separator}${legacy}${separator}…` }
  }
  const place = rows.places.find((each) => each.place.relation === target?.relation)
  if (target === undefined || column === undefined || place === undefined || column.json.length > 0 || /json|\[\]/.test(column.type))
    return undefined
  const sharing = [...lineage.attributes.values()].filter(({ destinations }) =>
    destinations.some(
      (each) =>
        each.transform.kind === 'concatenated' && each.relation === target.relation && each.columns[0]?.attribute === column.attribute,
    ),
  )
  if (sharing.length < 2) return undefined
  const at = columnIndex(place.table, column)
  const positions = sharing.map(({ attribute }) => ({
    attribute,
    index: rows.legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0),
  }))
  for (const [row, cells] of rows.legacy.rows.entries()) {
    if (isRestored(row)) continue
    const whole = place.table.rows[place.byRow[row]?.[0] ?? -1]?.[at]
    if (whole === null || whole === undefined) continue
    const parts = positions
      .flatMap(({ attribute, index }) => {
        const cell = cells[index]
        return cell === null || cell === undefined || cell === '' ? [] : [{ attribute, cell, from: whole.indexOf(cell) }]
      })
      .sort((left, right) => left.from - right.from)
    for (const [position, part] of parts.entries()) {
      const next = parts[position + 1]
      if (next === undefined) continue
      const separator = whole.slice(part.from + part.cell.length, next.from)
      const culprit =
        separator === ''
          ? undefined
          : [part, next].find(({ attribute, cell }) => attribute === learned.attribute && cell.includes(separator))
      if (culprit !== undefined) return { row, legacy: culprit.cell, migrated: whole }
    }
  }
  return undefined
}
