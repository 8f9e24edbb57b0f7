/** What statistics of a real database say of one column: how often and how wide its values are, and never which. */
export interface ColumnProfile {
  /** Share of NULLs, 0 to 1. */
  readonly nullFraction: number
  /** Average bytes of a value, as the server stores it. */
  readonly width: number
  /** As `n_distinct` of `pg_stats`: how many different values there are, or, below zero, their share of the rows; 0 for not known. */
  readonly distinct: number
  /** Shares of all rows that the most common values have, the largest first. */
  readonly frequencies: readonly number[]
}

/** By path of a table, then by name of a column. */
export type RowProfile = Readonly<Record<string, Readonly<Record<string, ColumnProfile>>>>
