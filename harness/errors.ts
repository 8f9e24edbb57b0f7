/** What an error that stops the command carries: PostgreSQL's message style, and the exit code of the command. */
export interface ErrorDetail {
  /** Whole sentences: what is known beyond the message. */
  readonly detail?: string | undefined
  /** Whole sentences: what the reader can do. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** Base of what the harness throws; `message` is short, lower case and without a period, identifiers double-quoted. */
export abstract class GodwitError extends Error {
  abstract readonly exitCode: 2 | 3
  readonly detail: string | undefined
  readonly hint: string | undefined

  constructor(message: string, more: ErrorDetail = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = new.target.name
    this.detail = more.detail
    this.hint = more.hint
  }
}

/** Bad usage or input: a missing folder, SQL that does not parse, an unknown option. The command exits with 2. */
export class InputError extends GodwitError {
  readonly exitCode = 2
}

/** The run could not take place: no cluster, no rights, no room. The command exits with 3. */
export class EnvironmentError extends GodwitError {
  readonly exitCode = 3
}
