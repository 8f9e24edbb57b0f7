import type { Relation } from '../../catalog/index.ts'
import type { AttributeLineage, ColumnTable, Knowledge, Recaptured, Recodes, RelationLineage, restoredCells } from '../../lineage/index.ts'
import type { RunObservation } from '../../run/index.ts'

/** One legacy relation in one run: its rows, and where they went. */
export interface RelationCase {
  readonly run: RunObservation
  readonly knowledge: Knowledge
  readonly migrated: ReadonlyMap<string, ColumnTable>
  readonly catalog: Relation
  readonly lineage: RelationLineage
  readonly rows: Recaptured
  /** What `down` brings back. */
  readonly restored: ReturnType<typeof restoredCells>
}

/** One attribute of it. */
export interface AttributeCase extends RelationCase {
  readonly learned: AttributeLineage
  /** `format_type` of the legacy attribute. */
  readonly type: string
  /** Where its cells stand in a legacy row. */
  readonly index: number
  /** The attribute's own: two that were recoded into one column do not share their values. */
  readonly recodes: Recodes
}

export function attributeCase(given: RelationCase, learned: AttributeLineage, type: string): AttributeCase {
  const index = given.rows.legacy.columns.findIndex((column) => column.attribute === learned.attribute && column.json.length === 0)
  return { ...given, learned, type, index, recodes: new Map() }
}

/** The attribute's cell in a legacy row. */
export function legacyCell({ rows, index }: AttributeCase, row: number): string | null {
  return rows.legacy.rows[row]?.[index] ?? null
}
