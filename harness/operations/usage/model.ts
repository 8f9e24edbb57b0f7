/** What a statement may name to come to a relation: the relation itself, a view on it, a function whose body names it, a table whose trigger does. */
export interface Carrier {
  /** A materialised view keeps rows of its own: only REFRESH comes to what it was made of. */
  readonly kind: 'relation' | 'function' | 'materialized-view'
  readonly schema: string
  readonly name: string
  /** Writes that come to it, where others do not: nodes of the parser. */
  readonly by: readonly string[] | undefined
  /** From here inward to the relation, as messages name each; empty for the relation itself. */
  readonly through: readonly string[]
  /** Why it may not be so; null where it is certain. */
  readonly unsure: string | null
}

/** Statements of one role, as `pg_stat_statements` counts them. */
export interface CountedStatement {
  /** Hex sha256 of its text. */
  readonly text: string
  readonly role: string
  readonly calls: number
  /** When it was first counted, from PostgreSQL 17 on. */
  readonly since: string | null
}

/** What the server has counted up to one moment. Times are those of the server's clock, ISO 8601 in UTC. */
export interface Snapshot {
  readonly at: string
  /** Which server and database counted: its system identifier and oid. */
  readonly source: string
  /** When all counting began anew. */
  readonly reset: string
  /** How often since then entries were thrown out to make room. */
  readonly evicted: number
  /** `pg_stat_statements.track`, the least of all roles. */
  readonly track: 'none' | 'top' | 'all'
  /** `pg_stat_statements.track_utility`: COPY, DECLARE, PREPARE and the like. */
  readonly utility: boolean
  /** Replicas that stream from this server: what they are asked is counted there. */
  readonly replicas: number
  readonly statements: readonly CountedStatement[]
}

/** A snapshot as it is kept: with those texts that no earlier one has. */
export interface RecordedSnapshot extends Snapshot {
  readonly texts: Readonly<Record<string, string>>
}

/** A statement that uses the relation. */
export interface Use {
  readonly role: string
  readonly statement: string
  /** How it comes to the relation, from the statement inward: views, functions, triggers; empty where it names the relation itself. */
  readonly through: readonly string[]
  /** Why it may be another relation that it names; null where it is certain. */
  readonly unsure: string | null
  /** Counted since the last reset, at the last snapshot that has it. */
  readonly calls: number
  readonly first: string
  /** Between this snapshot and the one before, or at it, it was last seen to be sent. */
  readonly last: string
}

/** Calls of all uses between two snapshots. */
export interface Interval {
  readonly from: string
  readonly to: string
  readonly calls: number
  /** Why a use in it could stand unseen; empty where none could. */
  readonly broken: readonly string[]
}

export interface Usage {
  readonly place: string
  readonly relation: string
  readonly at: string
  /** `unused` since `since`; `used` last at `since`; `unknown` because of `because`. */
  readonly answer: 'unused' | 'used' | 'unknown'
  readonly since: string
  /** Since when observation is unbroken. */
  readonly observedSince: string
  readonly because: readonly string[]
  /** The latest first. */
  readonly uses: readonly Use[]
  readonly intervals: readonly Interval[]
  readonly notes: readonly string[]
}
