import type { Dataset } from '../data/index.ts'

/** What the edge runs of a migration came to. */
export interface EdgeRuns {
  readonly runs: number
  readonly passed: number
  readonly failed: number
  readonly datasets: readonly Dataset[]
  /** What was left out, and why. */
  readonly cut: string | undefined
}
