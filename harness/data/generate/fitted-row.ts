/** A row as it is meant: its own cells, and which rows it would like as parents. */
export interface IntendedRow {
  /** By position in `RelationPlan.attributes`. In an attribute that references, only whether NULL is meant, as its group has it. */
  readonly cells: readonly (string | null)[]
  /** By position in `RelationPlan.references`; null for none. */
  readonly parents: readonly (IntendedRow | null)[]
  /** Where nothing else is meant, the row is its own parent, or its descendants' child: which of `RelationPlan.references` makes the ring. */
  readonly ring?: number | undefined
  /** Violates a NOT VALID constraint: which of `RelationPlan.dirt`, with which tuple. */
  readonly dirt?: { readonly of: number; readonly tuple: number } | undefined
}

/** A row as it is inserted. */
export interface FittedRow {
  readonly intended: IntendedRow
  readonly cells: (string | null)[]
  /** By position in `RelationPlan.references`: the parent taken. */
  readonly parents: (FittedRow | null)[]
}

/** The rows that are placed already. */
export interface PlacedRows {
  rowsOf(path: string): readonly FittedRow[]
}
