/** How statements of clients are timed before and after a migration. */
export interface PerformanceOptions {
  /** Rows in each table that the migration touches. Default 20 000, fewer where it touches many. */
  readonly rows?: number | undefined
  /** How many times as long a statement may take after `up`. Default 1.25; a contract may say another. */
  readonly most?: number | undefined
  /** How long to measure, all statements of a migration together. Default 10; what is found slower is measured once more. */
  readonly seconds?: number | undefined
}

export const defaultMost = 1.25
export const defaultSeconds = 10
