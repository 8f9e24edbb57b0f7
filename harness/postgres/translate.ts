import type pg from 'pg'
import { StatementError } from './error.ts'

const CONNECTION_FAILURE = '08006'

const CONNECTION_LOSSES = new Set([CONNECTION_FAILURE, '57P01', '57P02', '57P03'])

/** Whether the connection is gone, rather than the statement refused. */
export function isConnectionLoss(error: StatementError): boolean {
  return CONNECTION_LOSSES.has(error.sqlstate)
}

/**
 * Make a `StatementError` of whatever the driver threw.
 *
 * @param first  What broke the connection, when it broke before this statement was sent.
 */
export function translateError(error: unknown, first?: unknown): StatementError {
  if (error instanceof StatementError) return error
  if (isDatabaseError(error)) return fromServer(error)
  if (first instanceof StatementError) return first
  const message = messageOf(error)
  return new StatementError({ sqlstate: CONNECTION_FAILURE, message, detail: first === undefined ? undefined : String(first) }, error)
}

/** By what only the server's own errors have: pg, which has the class, need not be loaded. */
function isDatabaseError(error: unknown): error is pg.DatabaseError {
  return error instanceof Error && 'severity' in error
}

function fromServer(error: pg.DatabaseError): StatementError {
  return new StatementError(
    {
      sqlstate: error.code ?? CONNECTION_FAILURE,
      message: error.message,
      detail: error.detail,
      hint: error.hint,
      position: error.position === undefined ? undefined : Number(error.position),
      context: error.where,
      schema: error.schema,
      table: error.table,
      column: error.column,
      constraint: error.constraint,
      dataType: error.dataType,
    },
    error,
  )
}

/** Where a name has several addresses and none answers, Node's error has no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join(', ')
  return error instanceof Error ? error.message : String(error)
}
