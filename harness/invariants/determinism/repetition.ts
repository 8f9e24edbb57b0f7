import type { State } from '../../run/index.ts'

/** The same legacy rows migrated three times, each on a clone of its own; the third time they were inserted in the opposite order. */
export interface Repetition {
  readonly legacy: State
  readonly first: State
  readonly second: State
  readonly reordered: State | undefined
  /** Runs that ended alike, where there were more than these. */
  readonly runs?: number | undefined
}
