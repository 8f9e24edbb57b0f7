import type { CatalogObjects } from '../catalog/index.ts'

/** Rows of one relation, any number, as one comparable value. */
export interface RelationDigest {
  readonly rows: number
  /** The 64-bit row hashes summed, as a decimal text; `0` for no rows. */
  readonly digest: string
}

/** All rows of one small relation, cells as the server's output functions write them. */
export interface RelationRows {
  readonly attributes: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface SequencePosition {
  /** `last_value`, or undefined when it was never called. */
  readonly last: string | undefined
  readonly ownedBy: { readonly relation: string; readonly attribute: string } | undefined
  /** What it will give first, while it was never called. */
  readonly next?: string | undefined
  /** The greatest value of the attribute that owns it, or whose default draws from it. */
  readonly maximum?: string | undefined
}

/** Everything that a rollback must restore. */
export interface Snapshot {
  readonly objects: CatalogObjects
  /** By relation path: tables, leaves of partitioned tables, materialised views. */
  readonly digests: ReadonlyMap<string, RelationDigest>
  readonly sequences: ReadonlyMap<string, SequencePosition>
}

/** One row or cell that two states of a relation do not share. */
export interface RowDifference {
  readonly change: 'missing' | 'added' | 'changed'
  /** The key's attributes (primary key, else a unique not-null key, else every attribute) with their texts. */
  readonly key: Readonly<Record<string, string | null>>
  /** For `changed`: each differing attribute. */
  readonly cells: readonly { readonly attribute: string; readonly before: string | null; readonly after: string | null }[]
}
