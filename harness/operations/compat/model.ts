import type { Attribute, Constraint, Index, Relation } from '../../catalog/index.ts'
import type { RelationName } from '../../postgres/index.ts'

/** What becomes of one table, checked against its catalog. */
export interface TablePlan {
  readonly legacy: Relation
  readonly to: RelationName
  /** The columns of the view, in the order of the old table. */
  readonly columns: readonly PlannedColumn[]
  /** The new columns that the table had not. */
  readonly added: readonly NewColumn[]
  readonly conversions: readonly Conversion[]
  readonly lookups: readonly Lookup[]
  readonly moves: readonly Move[]
  /** Whether PostgreSQL cannot write through the view by itself. */
  readonly triggers: boolean
  /** With whose rights the view reads and writes the table. */
  readonly rights: 'invoker' | 'owner'
  /** The key by which triggers find a row, by its new names; empty where there are no triggers. */
  readonly key: readonly KeptColumn[]
  /** Constraints and indexes over columns that go. */
  readonly remade: { readonly constraints: readonly Constraint[]; readonly indexes: readonly Index[] }
  /** Sequences of the table, by the attribute that owns each. */
  readonly sequences: ReadonlyMap<string, RelationName>
}

export type PlannedColumn = KeptColumn | GoneColumn

/** A column of the old table that is a column of the new one. */
export interface KeptColumn {
  readonly kind: 'kept'
  readonly attribute: Attribute
  /** Its new name. */
  readonly column: string
}

/** A column of the old table that the view computes. */
export interface GoneColumn {
  readonly kind: 'gone'
  readonly attribute: Attribute
  /** Its name while the migration runs: another one where a new column takes its own. */
  readonly meanwhile: string
  /** By the new columns. */
  readonly back: string
  /** Where the view finds it instead, in a table that it joins. */
  readonly joined?: { readonly alias: string; readonly column: string }
}

/** A column that the old table had not. */
export interface NewColumn {
  readonly name: string
  readonly type: string
  /** By old columns. */
  readonly value: string
  readonly from: readonly string[]
  readonly notNull: boolean
  readonly default: string | undefined
  readonly comment: string | undefined
}

/** A table that the view joins. */
export interface JoinedTable {
  readonly table: RelationName
  /** Its name in the view. */
  readonly alias: string
}

/** A column whose texts become rows of a table `(id, name)`. */
export interface Lookup extends JoinedTable {
  readonly attribute: Attribute
  /** The foreign key that takes its place. */
  readonly column: string
  /** All values of a closed lookup; undefined where missing ones are inserted. */
  readonly values: readonly string[] | undefined
  /** Checks of the old column: they hold for the names. */
  readonly checks: readonly Constraint[]
}

/** Columns that move to a table with the same key. */
export interface Move extends JoinedTable {
  readonly key: readonly { readonly column: KeptColumn; readonly name: string }[]
  readonly columns: readonly { readonly attribute: Attribute; readonly name: string }[]
  /** Constraints and indexes over these columns alone: they move along. */
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
}

/** Old columns, and the new ones that say the same. */
export interface Conversion {
  readonly old: readonly GoneColumn[]
  readonly new: readonly NewColumn[]
}
