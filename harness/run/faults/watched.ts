/** A lock on a relation that was there before, as one statement of the migration took it. */
export interface LockTaken {
  /** Path of the legacy relation. */
  readonly relation: string
  /** As in `pg_locks.mode`: `AccessExclusiveLock`. */
  readonly mode: string
  /** From when it was granted to the end of its transaction, what the harness itself held it longer left out. */
  readonly heldMs: number
}

/** Rows that one statement read by scanning the whole relation, and rows that it wrote. */
export interface WorkDone {
  readonly relation: string
  readonly scanned: number
  readonly written: number
}

/** One statement of the migration under traffic. */
export interface WatchedStatement {
  readonly text: string
  readonly file: string
  readonly line: number
  readonly durationMs: number
  /** Number of its transaction in the script: statements that share one share their locks. */
  readonly transaction: number
  /** Locks that it took and that no statement before it held. */
  readonly locks: readonly LockTaken[]
  readonly work: readonly WorkDone[]
  /** Relations that got another file with their rows in it. */
  readonly rewritten: readonly string[]
  /** What a linter says of it without running it; undefined where none is installed. */
  readonly opinion?: readonly string[] | undefined
}

/** A client's statement as findings name it. */
export interface ClientStatement {
  readonly name: string
  readonly operation: 'read' | 'insert' | 'update' | 'delete' | 'statement'
  /** Whether the author gave it. */
  readonly given: boolean
  readonly relation: string | undefined
  readonly sql: string
  /** How many times as long it may take after the migration, where the author says so. */
  readonly most?: number | undefined
}
