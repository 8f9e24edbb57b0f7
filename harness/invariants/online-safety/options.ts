/** How a migration is looked at under live traffic. */
export interface OnlineOptions {
  /** Rows in each table that the migration touches. Default 20 000, fewer where it touches many. */
  readonly rows?: number | undefined
  /** Longest that a client's statement may wait behind the migration. Default 1 000; a contract may say another. */
  readonly lockWaitMs?: number | undefined
}
