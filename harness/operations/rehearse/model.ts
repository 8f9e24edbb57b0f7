import type { FindingResult, GrowthMeasured, Outcome, Severity } from '../../result/index.ts'
import type { MeasureTotals, TableTotals } from '../evidence/document.ts'
import type { QuerySubject } from '../queries/query.ts'

/** A rehearsal as `rehearsal.json` has it: plain JSON throughout. */
export interface Rehearsal {
  readonly version: 1
  readonly godwit: string
  readonly migration: string
  /** Hex sha256 of its files. */
  readonly digest: string
  readonly verdict: Outcome
  /** Why it is unknown; empty otherwise. */
  readonly because: string
  /** ISO 8601 in UTC. */
  readonly startedAt: string
  readonly durationMs: number
  readonly copy: CopyResult
  readonly window: WindowResult
  /** Before the migration. */
  readonly totals: readonly TableRows[]
  /** Tables that `up` made. */
  readonly made: readonly { readonly table: string; readonly rows: number }[]
  readonly measures: readonly MeasureTotals[]
  /** The metrics of the contract; none where `up` failed. */
  readonly metrics: readonly ContractMetric[]
  readonly up: DirectionResult
  /** Null where the contract has no workload. */
  readonly workload: WorkloadResult | null
  readonly checks: readonly CheckResult[]
  /** Null where there is no `down`, or it was not run. */
  /** `equal` is null where it failed, or where a server that has rows did not answer any more. */
  readonly down: (DirectionResult & { readonly equal: boolean | null }) | null
  /** The way back by a backup; null where there was none. */
  readonly restore: RestoreResult | null
  readonly growth: GrowthResult
  /** The verdict on generated rows. */
  readonly predicted: Outcome
  readonly predictions: readonly Prediction[]
  readonly findings: readonly RehearsalFinding[]
  /** Where generated rows and real rows show different things, in sentences. */
  readonly disagreements: readonly string[]
  readonly notChecked: readonly string[]
}

/** A metric that the contract declares. */
export interface ContractMetric {
  readonly name: string
  /** `at most 0`. */
  readonly rule: string
  /** Null where it tells nothing: `because` says why. */
  readonly keeps: boolean | null
  readonly because: string
  /** How many rows its query gave. */
  readonly rows: number
  /** The first of them, labels masked; `before` is null where no rule compares. */
  readonly values: readonly { readonly labels: string; readonly before: string | null; readonly after: string | null }[]
}

export interface CopyResult {
  readonly kind: 'url' | 'dump'
  /** `host:port/database`, or the file. */
  readonly place: string
  /** PostgreSQL's version. */
  readonly server: string
  readonly role: string
  readonly bytes: number
}

export interface RestoreResult {
  readonly kind: 'dump' | 'evidence'
  /** The file or the folder. */
  readonly from: string
  /** Of restoring it into a throw-away server; null where it holds no dump. */
  readonly durationMs: number | null
}

export interface WindowResult {
  readonly ms: number
  /** Whether `up` ended within it; null where it failed. */
  readonly kept: boolean | null
}

/** Of one table; `after` is its rows after `up`, null where it is gone or `up` failed. */
export interface TableRows extends Omit<TableTotals, 'csv'> {
  readonly after: number | null
}

/** One direction as it was applied. */
export interface DirectionResult {
  readonly outcome: 'applied' | 'failed'
  readonly durationMs: number
  readonly walBytes: number
  /** Bytes of temporary files, of all its statements together. */
  readonly temporaryBytes: number
  /** How much larger the database is at its end. */
  readonly grownBytes: number
  readonly statements: readonly StatementResult[]
}

/** What clients went through while `up` ran, each sending the workload of the contract again and again. */
export interface WorkloadResult {
  readonly clients: number
  /** That were sent while it ran. */
  readonly statements: number
  /** The longest statement while it ran, and before it. */
  readonly longestMs: number
  readonly longestBeforeMs: number
  /** Longest that a statement may wait for a lock. */
  readonly budgetMs: number
  /** Waits behind a lock of the migration, the longest first; `file` and `line` of the statement that ran when the wait began. */
  readonly waits: readonly {
    readonly statement: string
    readonly waitedMs: number
    readonly file: string | null
    readonly line: number | null
  }[]
  /** Statements that the copy refused before `up` ran: nothing is said about them. */
  readonly refused: readonly { readonly statement: string; readonly because: string }[]
}

export interface StatementResult {
  /** The first line of its text. */
  readonly text: string
  readonly file: string
  readonly line: number
  readonly durationMs: number
  /** Statements with the same number share a transaction, and so their locks. */
  readonly transaction: number
  readonly locks: readonly { readonly relation: string; readonly mode: string; readonly heldMs: number }[]
  readonly rewritten: readonly string[]
  /** Null where it was not looked at: settings and transaction control. */
  readonly walBytes: number | null
  readonly grownBytes: number | null
  /** Null where it was not looked at, and where the role of the copy may not ask for it. */
  readonly temporaryBytes: number | null
}

/** One question to the copy after `up`. */
export interface CheckResult {
  readonly title: string
  /** `digest`: sums of hashes, of rows that are on other servers. */
  readonly check: QuerySubject['check'] | 'digest'
  readonly relation: string | null
  readonly attribute: string | null
  /** Null where the server refused the question; of a digest 1 where it is another one, since it tells no number of rows. */
  readonly differing: number | null
  /** How many items differ in each way. */
  readonly alterations: Readonly<Record<string, number>>
  /** A few of the items, masked unless asked for. */
  readonly samples: readonly string[]
  readonly durationMs: number
  /** What the server said where it refused. */
  readonly because: string
}

/** A finding of verification, and what real rows show of it. */
export interface Prediction extends Pick<FindingResult, 'id' | 'invariant' | 'severity' | 'relation' | 'attribute' | 'message'> {
  readonly accepted: boolean
  /** Legacy rows of the copy that it concerns; null where no query tells them. */
  readonly concerned: number | null
  readonly seen: 'seen' | 'not-seen' | 'not-looked-at'
  /** Real rows on which it was seen; null where it was not, or is no matter of rows. */
  readonly rows: number | null
}

export interface RehearsalFinding {
  readonly id: string
  readonly invariant: string
  readonly kind: string
  readonly severity: Severity
  readonly relation: string | null
  readonly attribute: string | null
  readonly file: string | null
  readonly line: number | null
  readonly sqlstate: string | null
  readonly message: string
  /** Real rows or items; null where it is no matter of rows. */
  readonly rows: number | null
  readonly alterations: Readonly<Record<string, number>>
  readonly samples: readonly string[]
  /** Id of the finding that it follows from. */
  readonly cause: string | null
  /** Id of the finding of verification that predicted it. */
  readonly predictedBy: string | null
  /** By whom and why the predicted finding is accepted. */
  readonly waived: FindingResult['waived']
  readonly hint: string | null
}

export type GrowthResult =
  | { readonly outcome: 'not-measured'; readonly because: string }
  | ({ readonly outcome: 'measured'; readonly passes: readonly GrowthPass[] } & GrowthMeasured)

export interface GrowthPass {
  /** Of the rows, in percent. */
  readonly sample: number
  /** Rows of the tables that the migration reaches. */
  readonly rows: number
  readonly durationMs: number
  /** Of temporary files, together; null where the server does not tell this role. */
  readonly temporaryBytes: number | null
}
