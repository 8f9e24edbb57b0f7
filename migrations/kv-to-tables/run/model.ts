/** A record as it stands in the store. */
export interface SourceRecord {
  readonly key: string
  /** Text of the value; null for an SQL NULL. */
  readonly value: string | null
  /** Hash of the text, made by the server. */
  readonly digest: string | null
  /** 1 for the first record of its kind, in byte order of the keys. */
  readonly position: number
}

/** Why a record is set aside. */
export interface Reason {
  /** The field, as a path into the value; '' for the record as a whole. */
  readonly path: string
  readonly code: string
  readonly message: string
}

/** A record that was read and judged by itself, without a look at the tables. */
export interface Prepared extends SourceRecord {
  /** Texts of the columns after `id`, as `columnsOf` names them; undefined when the record can not be moved as it is. */
  readonly row: readonly (string | null)[] | undefined
  readonly id: string | undefined
  /** By field, what it refers to, whether or not the rest is valid; other fields may be in it too. */
  readonly references: Readonly<Record<string, string | null>>
  /** Undefined where a part of it is NULL, or there is no row. */
  readonly identity: string | undefined
  readonly reasons: readonly Reason[]
}

export type Action = 'inserted' | 'updated' | 'unchanged' | 'kept' | 'set-aside'

/** What becomes of a record. */
export interface Decision {
  readonly record: Prepared
  readonly action: Action
  readonly reasons: readonly Reason[]
}

/** Counts of one kind. `inserted` + `updated` + `unchanged` + `kept` + `setAside` = `source`. */
export interface Counts {
  source: number
  inserted: number
  updated: number
  unchanged: number
  /** The row in the table is newer than the record, and was left alone. */
  kept: number
  setAside: number
  /** How many records have a reason of this code. */
  reasons: Record<string, number>
}

/** Keys under no known prefix are read as records of this kind, which has no rules and no table. */
export const unknownKind = 'unknown'
