/** How thoroughly one migration is looked at. */
export interface Depth {
  /** Edge runs. */
  readonly runs: number
  /** Most runs beyond these, each aimed at what none before has reached; undefined for none. */
  readonly aimedRuns?: number
  /** Banded data sets. */
  readonly variants: 0 | 1 | 2 | 3
  /** Whether all relations are filled, or those that the migration can reach. */
  readonly scope: 'all' | 'reached'
  /** Whether the same rows are migrated several times. */
  readonly repeats: boolean
  /** Whether `up` is made to fail before each statement: needless where PostgreSQL undoes it as a whole. */
  readonly faults: 'each' | 'none'
  /** Most tries to shrink the rows that make `up` fail by one cause; undefined for the usual. */
  readonly shrinkAttempts?: number
  /** Invariants whose findings are wanted: no look is taken, and no rows are shrunk, for others alone. Undefined for all. */
  readonly wanted?: ReadonlySet<string>
  /** Why it is not looked at more thoroughly; empty when nothing is left out. */
  readonly because: string
}

/** A migration that stands alone. */
export function fullDepth(runs: number): Depth {
  return { runs, aimedRuns: 8, variants: 3, scope: 'all', repeats: true, faults: 'each', because: '' }
}
