import type { AsyncCommand } from 'fast-check'

/** The forms of statements that clients send to a table. */
export const statementForms = [
  'select',
  'select for update',
  'insert',
  'insert default values',
  'insert select',
  'insert on conflict',
  'update',
  'update key',
  'update from',
  'delete',
  'delete using',
  'writing cte',
  'merge',
  'copy from',
  'copy to',
  'truncate',
  'lock',
  'prepared',
  'savepoint',
  'neighbour',
] as const

export type StatementForm = (typeof statementForms)[number]

/** One step of a client: statements that succeed or fail together. */
export interface Statement {
  /** One of the forms, or what a saved file calls it: for readers. */
  readonly form: StatementForm | (string & {})
  /** Without semicolons at their ends. */
  readonly parts: readonly string[]
  /** Of `copy from`: the rows in COPY's text format. */
  readonly copyData?: string | undefined
}

/** Carries out statements: a table in the model's place, what should behave like it in the real one's. */
export interface StatementClient {
  /** Whether it is of use to go on: no, once it is clear that the two have parted. */
  expects(statement: Statement): boolean
  /** Carry it out and keep the answer, an error too. */
  send(statement: Statement): Promise<void>
}

/** A sequence of statements: fast-check's commands for it, and the simpler ones that it shrinks to, simplest first. */
export interface DrawnStatements {
  readonly statements: readonly Statement[]
  readonly commands: Iterable<AsyncCommand<StatementClient, StatementClient>>
  /** Of the commands that were run, for `asyncModelRun` has marked them: what was not needed is left out at once. */
  shrink(): Iterable<DrawnStatements>
}
