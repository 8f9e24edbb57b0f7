import type { ClientStatement, WatchedStatement } from '../../run/index.ts'

/** How long clients may be kept waiting, and what counts as much work under a lock. */
export interface OnlineBudget {
  /** Longest that a client's statement may wait behind the migration. */
  readonly lockWaitMs: number
  /** Rows read or written by one statement that make it one that grows with the table. */
  readonly manyRows: number
}

/** A client's statement that failed, as it did not without the migration. */
export interface ClientFailure {
  readonly statement: ClientStatement
  readonly sqlstate: string
  readonly message: string
  readonly times: number
  /** Milliseconds after the migration began. */
  readonly atMs: number
  /** Index of the migration's statement that ran; undefined after its end. */
  readonly during: number | undefined
  /** Whether it still fails once the migration is over. */
  readonly lasting: boolean
}

/** A client's statement that waited behind the migration. */
export interface ClientWait {
  readonly statement: ClientStatement | undefined
  readonly waitedMs: number
  /** Index of the migration's statement that ran when the wait began. */
  readonly during: number | undefined
}

/** What the clients went through in one stretch of time. */
export interface TrafficSeen {
  readonly statements: number
  readonly longestMs: number
}

/** One direction of a migration, applied under traffic. */
export interface DirectionSeen {
  readonly direction: 'up' | 'down'
  /** Why it failed under traffic, though it does not without; undefined when it went through. */
  readonly failure: { readonly sqlstate: string; readonly message: string; readonly file: string; readonly line: number } | undefined
  readonly durationMs: number
  /** Whether a statement could be told from the next; a program is seen as a whole. */
  readonly byStatement: boolean
  readonly statements: readonly WatchedStatement[]
  /** What its session says, e.g. `0` for none or `2s`; undefined where it is the harness's own. */
  readonly lockTimeout: string | undefined
  readonly traffic: TrafficSeen
  readonly failures: readonly ClientFailure[]
  /** The longest first. */
  readonly waits: readonly ClientWait[]
  /** Durations of the same statements on fewer rows, by index; where they were measured. */
  readonly smaller: { readonly rows: number; readonly durationsMs: ReadonlyMap<number, number> } | undefined
}

/** A migration under traffic. */
export interface OnlineObservation {
  readonly budget: OnlineBudget
  readonly clients: number
  /** Rows by relation when the migration began. */
  readonly rows: ReadonlyMap<string, number>
  /** The same traffic without a migration. */
  readonly quiet: TrafficSeen
  readonly directions: readonly DirectionSeen[]
}
