/** What the server said of a statement that failed. */
export interface StatementErrorFields {
  /** Five characters, e.g. `23502`; `08006` when the connection broke. */
  readonly sqlstate: string
  readonly message: string
  readonly detail?: string | undefined
  readonly hint?: string | undefined
  /** 1-based, in code points, into the text that was sent. */
  readonly position?: number | undefined
  readonly context?: string | undefined
  readonly schema?: string | undefined
  readonly table?: string | undefined
  readonly column?: string | undefined
  readonly constraint?: string | undefined
  readonly dataType?: string | undefined
}

/** A statement that the server refused, or a connection that broke under it; callers branch on `sqlstate`, never on the message. */
export class StatementError extends Error {
  readonly fields: StatementErrorFields
  /** Of a text of several statements: how many were complete before the one that failed. */
  completed: number | undefined

  constructor(fields: StatementErrorFields, cause?: unknown) {
    super(fields.message, cause === undefined ? undefined : { cause })
    this.name = 'StatementError'
    this.fields = fields
  }

  get sqlstate(): string {
    return this.fields.sqlstate
  }
}
