/** One thing that an application on the new schema could do between `up` and `down`; the server says whether it may. */
export interface Write {
  /** Statements that do it, the next where the one before was refused or wrote no row. */
  readonly statements: readonly string[]
  /** A short statement that does it in every row: what a reader is shown, and what fewer rows show. Undefined where there is none. */
  readonly inEveryRow?: string
  /** Path of the migrated relation. */
  readonly relation: string
  /** What it is about; undefined where it is about the row as a whole. */
  readonly attribute: string | undefined
  /** Keys from the root of a JSON attribute. */
  readonly json: readonly string[]
  /** Whether the value is one that hardly any real row has. */
  readonly extreme: boolean
}

/** A value to write, as SQL over the row that it is written to. */
export interface WriteValue {
  readonly sql: string
  readonly json: readonly string[]
  readonly extreme: boolean
}
