import type { ColumnTable, Destination } from '../../lineage/index.ts'
import { type CellFate, columnIndex, judgeCell, judgeComposition, judgeElements, judgeSplit } from '../../lineage/index.ts'
import { type AttributeCase, legacyCell } from './cases.ts'

export interface PlacedFate {
  readonly fate: CellFate
  readonly destination: Destination
}

/** What became of the attribute's cell of one legacy row in one of its destinations; nothing where no row stands there for it. */
export function fatesOf(given: AttributeCase, destination: Destination, row: number): readonly PlacedFate[] {
  const { rows, type, recodes } = given
  const cell = legacyCell(given, row)
  const place = rows.places.find((each) => each.place.relation === destination.relation)
  const { transform, where, composed, split, columns } = destination
  const tag = where === undefined || place === undefined ? -1 : columnIndex(place.table, where.column)
  const all = place?.byRow[row] ?? []
  const matches = where === undefined ? all : all.filter((at) => (place?.table.rows[at]?.[tag] ?? null) === where.value)
  if (place === undefined || matches.length === 0) return []
  if (transform.kind === 'elements') {
    const [value, order] = [columns[0], transform.order].map((column) => (column === undefined ? -1 : columnIndex(place.table, column)))
    const held = matches.flatMap((at) => place.table.rows.slice(at, at + 1))
    return [{ fate: judgeElements(cell, held, value ?? -1, order, type), destination }]
  }
  const values = matches.map((at) => destination.columns.map((column) => place.table.rows[at]?.[columnIndex(place.table, column)] ?? null))
  if (split !== undefined) return values.map((parts) => ({ fate: judgeSplit(cell, parts, split), destination }))
  if (composed !== undefined) {
    const at = composed.members.map((name) =>
      rows.legacy.columns.findIndex((column) => column.attribute === name && column.json.length === 0),
    )
    const cells = at.map((index) => rows.legacy.rows[row]?.[index] ?? null)
    const judged = values.map((each) => judgeComposition(given.learned.attribute, cells, each[0] ?? null, destination, type))
    if (judged.every((fate) => fate !== undefined)) return judged.map((fate) => ({ fate, destination }))
  }
  const found = transform.kind === 'part' ? [values.flat()] : values
  return found.map((cells) => ({ fate: judgeCell(cell, cells, destination, type, recodes), destination }))
}

export function showRow(table: ColumnTable, row: number): Readonly<Record<string, string | null>> {
  return Object.fromEntries(table.columns.slice(0, table.width).map((column, at) => [column.attribute, table.rows[row]?.[at] ?? null]))
}

/** What happens to a column of which values are altered so, as the verb of a sentence. */
export function phraseOf(alteration: string): string {
  const phrases: Readonly<Record<string, string>> = {
    'null-filled': 'gets a value where it was NULL',
    'empty-made-null': 'becomes NULL where it was empty',
    nulled: 'becomes NULL',
    trimmed: 'loses blanks',
    'case-folded': 'loses upper and lower case',
    truncated: 'loses its end',
    rounded: 'loses digits',
    'zone-shifted': 'is moved to another time zone',
    merged: 'has one value for several',
    rewritten: 'is rewritten',
    overwritten: 'is overwritten',
  }
  return phrases[alteration] ?? `is altered (${alteration})`
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
