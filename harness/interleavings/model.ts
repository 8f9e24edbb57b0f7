import type { Session } from '../postgres/index.ts'

export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable'

/** What an operation gets: each statement that it sends is one step that the scheduler lets through. */
export interface Client {
  /**
   * Send one statement. Cells are decoded as by `Session.query`.
   *
   * @throws {StatementError} As the server refuses it; 40001 and 40P01 too, which an operation lets through to be retried.
   */
  query<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Result<Row>>
}

/** What the server answered to a statement. */
export interface Result<Row extends object = Record<string, unknown>> {
  /** The command tag's word, e.g. `UPDATE`. */
  readonly command: string
  /** Rows that were returned or touched; null where the command touches none. */
  readonly rowCount: number | null
  readonly rows: readonly Row[]
}

/** What a session does as one: it takes effect at one moment, or the interleaving is wrong. What it returns is what its caller is told. */
export type Operation = (client: Client, input?: unknown) => Promise<unknown>

/** A statement of a session. */
export interface SqlStep {
  readonly sql: string
  readonly parameters?: readonly unknown[] | undefined
}

/** A named operation with its input, which must survive JSON: so it can be saved and run again. */
export interface OperationStep {
  readonly operation: string
  readonly input?: unknown
}

export type Step = string | SqlStep | OperationStep | Operation

export interface SessionPlan {
  readonly steps: readonly Step[]
  /** Default: the level for all sessions. */
  readonly isolation?: IsolationLevel | undefined
}

/** Sessions by name. */
export type Sessions = Readonly<Record<string, readonly Step[] | SessionPlan>>

/** What takes effect at one moment: the statements from BEGIN to COMMIT, one statement outside of them, or an operation. */
export type Unit = { readonly id: string } & (
  | { readonly kind: 'sql'; readonly statements: readonly SqlStep[] }
  | { readonly kind: 'operation'; readonly name: string; readonly input?: unknown }
)

/** A session, its steps put into units. */
export interface UnitSession {
  readonly name: string
  readonly isolation: IsolationLevel
  readonly units: readonly Unit[]
}

/** What a session is told of a statement. */
export type Told = Result | { readonly sqlstate: string; readonly message: string }

/** A statement that was sent, in the order in which the scheduler let them through. */
export interface SentStatement {
  readonly session: string
  readonly unit: string
  readonly sql: string
  readonly parameters: readonly unknown[]
  /** Sessions that it waited for at first; empty where it did not wait. */
  readonly waitedFor: readonly string[]
  /** Of the statement after which it was answered, in the list of statements; its own where it did not wait. */
  readonly answeredAfter: number
  readonly told: Told
}

/** How a unit ended. */
export interface UnitOutcome {
  readonly session: string
  readonly unit: string
  /** `refused`: 40001 or 40P01 after all retries, so nothing was done. */
  readonly outcome: 'done' | 'refused'
  /** As JSON, rows without ORDER BY sorted: equal texts are the same answers. */
  readonly told: string
  /** Statements of all sessions that were sent before its first one that reads, writes or locks, and before its end; of the last attempt. */
  readonly from: number
  readonly to: number
}

/** What is wrong with an interleaving. */
export interface Violation {
  /** `serial order`, or the name of an invariant. */
  readonly kind: string
  readonly message: string
}

/** What an invariant reads. */
export type Reader = Pick<Session, 'query' | 'one'>

/** SQL that returns rows that must not be, or a function that returns sentences on what is wrong. */
export type StateInvariant = string | ((reader: Reader) => Promise<readonly string[]>)

/** Numbers of one or of many interleavings. */
export interface Counts {
  /** Statements that waited for a lock. */
  readonly waits: number
  /** Statements refused with 40P01. */
  readonly deadlocks: number
  /** Statements refused with 40001. */
  readonly serializationFailures: number
  /** Units begun once more after 40001 or 40P01. */
  readonly retries: number
}

/** One interleaving that was run. */
export interface Interleaving extends Counts {
  /** Session whose turn it was, for each statement. */
  readonly turns: readonly string[]
  readonly statements: readonly SentStatement[]
  readonly units: readonly UnitOutcome[]
  /** What an invariant found, on the committed state after a statement. */
  readonly violation: Violation | undefined
  /** Rows of the query for the state at the end, as JSON. */
  readonly endState: string
}
