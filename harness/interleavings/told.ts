import { StatementError } from '../postgres/index.ts'
import type { Told } from './model.ts'
import { isOrdered } from './units.ts'

/** An answer as a text that is equal for answers that say the same: rows sorted where the statement names no order. */
export function toldOf(sql: string, told: Told): string {
  if ('sqlstate' in told) return told.sqlstate
  const rows = told.rows.map((row) => JSON.stringify(row))
  return JSON.stringify([told.command, told.rowCount, isOrdered(sql) ? rows : rows.toSorted()])
}

export function answersText(answers: readonly string[]): string {
  return answers.join('\n')
}

/** What an operation returned; nothing and null are the same. */
export function valueText(value: unknown): string {
  return JSON.stringify(value ?? null) ?? 'null'
}

/** What an operation threw: the SQLSTATE, or the message of its own error. */
export function errorText(error: unknown): string {
  if (error instanceof StatementError) return `error ${error.sqlstate}`
  return `error ${error instanceof Error ? error.message : String(error)}`
}
