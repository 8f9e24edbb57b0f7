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

/** A client's statement that came while the migration waited. Times are milliseconds after that wait began. */
export interface QueuedStatement {
  readonly statement: ClientStatement
  /** Whether the migration keeps it waiting, or the open transaction itself. */
  readonly behind: 'migration' | 'transaction'
  readonly fromMs: number
  readonly toMs: number
}

/** A statement of the migration that waits for a transaction which has only read. */
export interface QueueSeen {
  /** Index of the migration's statement. */
  readonly index: number
  readonly relation: string | undefined
  readonly mode: string
  /** How often it began to wait. */
  readonly attempts: number
  readonly waitedMs: number
  /** Whether its own `lock_timeout` ended the wait, or only the end of the open transaction did. */
  readonly endedBy: 'lock-timeout' | 'open-transaction'
  /** Those that had to wait. */
  readonly others: readonly QueuedStatement[]
}

/** The queues in one direction. */
export interface DirectionQueues {
  readonly direction: 'up' | 'down'
  readonly statements: readonly { readonly text: string; readonly file: string; readonly line: number }[]
  readonly queues: readonly QueueSeen[]
}

/** A migration under traffic. */
export interface UnderTraffic {
  readonly budget: OnlineBudget
  readonly clients: number
  /** Rows by relation when the migration began. */
  readonly rows: ReadonlyMap<string, number>
  /** The same traffic without a migration. */
  readonly quiet: TrafficSeen
  readonly directions: readonly DirectionSeen[]
}

/** All that is looked at with clients. */
export interface OnlineObservation extends UnderTraffic {
  /** The same migration behind a transaction that is left open. */
  readonly queues: readonly DirectionQueues[]
}
