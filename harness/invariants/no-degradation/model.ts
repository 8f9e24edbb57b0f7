import type { BenchmarkOutcome, GrowthMeasured, Pass } from '../../result/index.ts'

/** What the server makes of a statement, and how much it reads for it. */
export interface PlanSeen {
  /** The nodes that read tables, in the order of the plan: `Index Scan using orders_pkey on orders`. */
  readonly scans: readonly string[]
  /** Relations that a sequential scan reads, with the rows that it reads in one execution. */
  readonly sequential: readonly { readonly relation: string; readonly rows: number }[]
  /** Pages of 8 kB, read in one execution from memory or disk. */
  readonly pages: number
}

/** One statement of clients, sent in one way, before and after `up`. */
export interface StatementTimed {
  /** As findings name it: `read of public.orders by key`. */
  readonly name: string
  /** Whether it is of the author's workload. */
  readonly given: boolean
  /** Path of the legacy relation. */
  readonly relation: string | undefined
  readonly sql: string
  /** `prepared`: planned once and executed again and again; `plain`: parsed and planned each time. */
  readonly sent: 'plain' | 'prepared'
  /** Who sends it, where that is not the role that runs migrations. */
  readonly role: string | undefined
  /** How many times as long it may take. */
  readonly most: number
  /** Milliseconds of one execution: the median. */
  readonly beforeMs: number
  readonly afterMs: number
  /** One measurement; where it found the statement slower, a second one. */
  readonly measured: readonly BenchmarkOutcome[]
  /** Undefined for what the server does not explain. */
  readonly plans: { readonly before: PlanSeen; readonly after: PlanSeen } | undefined
}

/** The statements of clients before and after a migration, on databases with many rows. */
export interface DegradationObservation {
  readonly statements: readonly StatementTimed[]
  /** Rows of each relation that the migration touches, before it. */
  readonly rows: ReadonlyMap<string, number>
  /** Rows read by one statement that make it one that reads many. */
  readonly manyRows: number
  /** Undefined where it was not measured. */
  readonly growth: GrowthSeen | undefined
}

/** How long `up` takes by the number of rows in the tables that were filled, together. */
export interface GrowthSeen extends GrowthMeasured {
  readonly passes: readonly Pass[]
  /** The window that the contract declares. */
  readonly windowMs: number | undefined
}
