/** What one statement of a script answered; cells are the texts the server's output functions wrote, never decoded. */
export interface StatementResult {
  /** The command tag's word, e.g. `INSERT`, `SELECT`, `ALTER`. */
  readonly command: string
  readonly rowCount: number | null
  readonly fields: readonly { readonly name: string; readonly typeOid: number }[]
  readonly rows: readonly (readonly (string | null)[])[]
}

/** What the server answered to one statement, decoded as by `Session.query`. */
export interface Answered<Row extends object = Record<string, unknown>> {
  /** The command tag's word, e.g. `INSERT`, `SELECT`, `COMMIT`. */
  readonly command: string
  readonly rowCount: number | null
  readonly rows: readonly Row[]
}

/** A script that depends on whether a transaction is open when it is sent, behind what was sent before. */
export type ScriptOf = (inTransaction: boolean) => string

/** One connection to one database. Every driver error comes out as a `StatementError`. */
export interface Session {
  readonly database: string
  /** The backend's process id, as `pg_backend_pid()` gives it. */
  readonly processId: number
  /** Run one statement by the extended protocol, unnamed; int8 and numeric stay texts, json is parsed, the rest as `pg` decodes it. */
  query<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>
  /** The same, with the command tag and the number of rows that the statement touched. */
  answer<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Answered<Row>>
  /** Whether a transaction was open when the last statement had been answered, failed ones included. */
  readonly inTransaction: boolean
  /** The same as `query`, for a statement that gives exactly one row. */
  one<Row extends object = Record<string, unknown>>(sql: string, parameters?: readonly unknown[]): Promise<Row>
  /** Send a text in ONE simple-protocol message: one round trip for many statements (an implicit transaction when there is none). */
  script(sql: string | ScriptOf): Promise<readonly StatementResult[]>
  /** `COPY … FROM STDIN`: returns the rows copied. */
  copyFrom(sql: string, source: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>): Promise<number>
  /** `COPY … TO STDOUT`, chunk by chunk (chunks do not respect row borders). */
  copyTo(sql: string): AsyncIterable<Uint8Array>
  /** Read a large result by cursor, `batchRows` rows at a time, cells as texts. Wants an open transaction. */
  cursor(sql: string, batchRows: number): AsyncIterable<readonly (readonly (string | null)[])[]>
  /** Hear what the server says beside its answers (NOTICE, and LOG where `client_min_messages` lets it through), before the answer comes. */
  onNotice(listener: (message: string) => void): void
  /** Close the connection; a second call does nothing. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
