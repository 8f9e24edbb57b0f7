import type { State } from '../../run/index.ts'

/** Settings of a session by which PostgreSQL reads texts, or writes them. */
export type SessionSetting = 'TimeZone' | 'DateStyle' | 'IntervalStyle' | 'bytea_output'

/** The same rows migrated in a session with one other setting. */
export interface SessionRun {
  readonly setting: SessionSetting
  readonly state: State
}

/**
 * The same legacy rows migrated several times, each time on a clone of its own: twice as they are, once inserted in the opposite order, and
 * once for each setting of the session that makes a difference.
 */
export interface Repetition {
  readonly legacy: State
  readonly first: State
  readonly second: State
  readonly reordered: State | undefined
  /** Empty where the result is the same in other sessions. */
  readonly sessions?: readonly SessionRun[] | undefined
  /** Runs that ended alike, where there were more than these. */
  readonly runs?: number | undefined
}
