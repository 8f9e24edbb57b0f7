import type { StatementErrorFields } from '../postgres/index.ts'

/** One text that a program sent to be run: a statement, or several in one message. */
export interface Sent {
  /** Which of the program's connections sent it, from 0. */
  readonly connection: number
  /** With `$1`, `$2`, … where `parameters` has values. */
  readonly text: string
  /** In the server's text format; `null` is NULL; undefined for a value that was sent in the binary format. */
  readonly parameters: readonly (string | null | undefined)[]
  /** The type of each parameter as the program said it; 0 or nothing where the server had to find out. */
  readonly parameterTypes: readonly number[]
  /** The transaction block that it was sent in, numbered over all connections; undefined outside of one. */
  readonly transaction: number | undefined
  /** Rows of `COPY … FROM STDIN`. */
  copyData: string | undefined
  /** How many of its statements were answered well. */
  completed: number
  /** Why the next one was not. */
  error: StatementErrorFields | undefined
  /** The transaction block that was open when the server was ready again. */
  transactionAfter: number | undefined
}
