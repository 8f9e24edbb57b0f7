import type { State } from '../../run/index.ts'

/**
 * The same legacy rows migrated several times, each time on a clone of its own: twice as they are, once inserted in the opposite order, and
 * once in a session with another time zone where that makes a difference.
 */
export interface Repetition {
  readonly legacy: State
  readonly first: State
  readonly second: State
  readonly reordered: State | undefined
  /** Undefined where the result is the same in a session with another time zone. */
  readonly elsewhere?: State | undefined
  /** Runs that ended alike, where there were more than these. */
  readonly runs?: number | undefined
}
