import type { ColumnTable } from '../lineage/columns.ts'
import { type CellFate, judgeCell, type Recodes } from '../lineage/judge-cell.ts'
import type { Destination } from '../lineage/model.ts'
import { columnIndex, type Recaptured } from '../lineage/recapture.ts'

export function fatesOf(
  rows: Recaptured,
  destination: Destination,
  row: number,
  cell: string | null,
  type: string,
  recodes: Recodes,
): readonly { fate: CellFate; destination: Destination }[] {
  const place = rows.places.find((each) => each.place.relation === destination.relation)
  const matches = place?.byRow[row] ?? []
  if (place === undefined || matches.length === 0) return []
  const values = matches.map((at) => destination.columns.map((column) => place.table.rows[at]?.[columnIndex(place.table, column)] ?? null))
  const found = destination.transform.kind === 'part' ? [values.flat()] : values
  return found.map((cells) => ({ fate: judgeCell(cell, cells, destination, type, recodes), destination }))
}

export function showRow(table: ColumnTable, row: number): Readonly<Record<string, string | null>> {
  return Object.fromEntries(table.columns.slice(0, table.width).map((column, at) => [column.attribute, table.rows[row]?.[at] ?? null]))
}

export function hintFor(alteration: string): string {
  const hints: Readonly<Record<string, string>> = {
    'null-filled': 'Leave NULL where nothing is known: the filler cannot be told from a real value.',
    'empty-made-null': 'An empty text and NULL are two states; keep both, or declare the discard.',
    trimmed: 'Keep the text as it is, or declare the discard.',
    'case-folded': 'Keep the text as it is and fold in an index or a generated column.',
    truncated: 'Widen the target, or fail on what does not fit.',
    rounded: 'Use a type that holds every digit.',
    'zone-shifted': 'Say in which zone the legacy values are: AT TIME ZONE, or SET LOCAL timezone.',
    merged: 'Give each legacy value a value of its own.',
    nulled: 'Copy the value; where the expression has a NULL operand, use concat_ws or COALESCE on that operand.',
  }
  return hints[alteration] ?? 'Keep the old value, or declare the discard.'
}
