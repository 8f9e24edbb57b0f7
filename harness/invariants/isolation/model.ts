import type { SentStatement } from '../../interleavings/index.ts'
import type { ShownWrite } from '../../result/index.ts'

export type ClientWrite = ShownWrite

/** An interleaving of `up` with one write that no serial order explains. */
export interface UnexplainedWrite {
  readonly write: ClientWrite
  /** What happened, in order. */
  readonly statements: readonly SentStatement[]
  /** Statements of `up` that were sent before the write, a BEGIN of the harness's own left out. */
  readonly after: number
  /** The same before its COMMIT; undefined where the write commits by itself. */
  readonly committedAfter: number | undefined
  /** SQLSTATE or message with which `up` failed; undefined where it went through. */
  readonly upFailed: string | undefined
  /** The rows that were there before, as SQL. */
  readonly rowsSql: string
  /** Rows that the closest serial order with the same answers leaves, and the interleaving does not. */
  readonly missing: readonly RowLeft[]
  /** Rows that the interleaving leaves, and that order does not. */
  readonly extra: readonly RowLeft[]
}

export interface RowLeft {
  readonly relation: string
  readonly cells: Readonly<Record<string, string | null>>
}

/** What was seen of `up` beside the writes of a client. */
export interface IsolationObservation {
  readonly writes: number
  readonly relations: number
  readonly rows: number
  readonly schedules: number
  /** Of these, those in which the transaction of the write stayed open over statements of `up`. */
  readonly open: number
  readonly unexplained: readonly UnexplainedWrite[]
}
