import type { RowProfile } from '../online-safety/row-profile.ts'

/** How statements of clients are timed before and after a migration. */
export interface PerformanceOptions {
  /** Rows in each table that the migration touches. Default 20 000, fewer where it touches many. */
  readonly rows?: number | undefined
  /** How many times as long a statement may take after `up`. Default 1.25; a contract may say another. */
  readonly most?: number | undefined
  /** How long to measure, all statements of a migration together. Default 10; what is found slower is measured once more. */
  readonly seconds?: number | undefined
  /** How the growth of `up` is measured; false: not at all. */
  readonly growth?: GrowthOptions | boolean | undefined
  /** How wide and how frequent values are in a real database: the rows that are made follow it. */
  readonly profile?: RowProfile | undefined
}

/** How the growth of `up` is measured. */
export interface GrowthOptions {
  /** The largest number of rows, of all tables that are filled together. Default 1 000 000. */
  readonly rows?: number | undefined
  /** How long to measure. Default 20; then fewer numbers of rows, as many as there is time for. */
  readonly seconds?: number | undefined
}

export const growthDefaults = { rows: 1_000_000, seconds: 20 } as const

export const defaultMost = 1.25
export const defaultSeconds = 10
