import { StatementError, type StatementErrorFields } from '../postgres/index.ts'
import type { Failure, Script, Statement } from './model.ts'
import { SourceMap } from './source-map.ts'

/**
 * What went wrong at one statement, as a value.
 *
 * @param index  Into `script.statements`; their number when COMMIT failed.
 * @throws Whatever is not a `StatementError`: that is a fault of the harness, not of the migration.
 */
export function failureAt(script: Script, index: number, error: unknown): Failure {
  if (!(error instanceof StatementError)) throw error
  const statement = script.statements[index]
  if (statement !== undefined)
    return { ...error.fields, statement, index, file: statement.file, line: lineOfError(statement, error.fields) }
  const last = script.statements.at(-1)
  const message = `at commit: ${error.message}`
  return { ...error.fields, message, statement: last, index, file: last?.file ?? script.file, line: last?.line ?? 1 }
}

/** The server counts code points from 1 into the text that was sent; a place inside a function's body comes without a position. */
function lineOfError(statement: Statement, fields: StatementErrorFields): number {
  if (fields.position === undefined) return statement.line
  const map = new SourceMap(statement.text)
  // A statement is a stretch of its file, so lines count on from its first.
  return statement.line + map.positionOf(map.utf16OfCodePoint(fields.position - 1)).line - 1
}

/** A failure of a program: what the server said, or what it threw, as if by RAISE (`P0001`). */
export function programFailure(file: string, error: unknown): Failure {
  const fields = error instanceof StatementError ? error.fields : thrown(error)
  return { ...fields, statement: undefined, index: 0, file, line: lineInStack(file, error) }
}

function thrown(error: unknown): StatementErrorFields {
  const message = error instanceof Error ? error.message : String(error)
  return { sqlstate: 'P0001', message, context: 'thrown by the program' }
}

function lineInStack(file: string, error: unknown): number {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frame = stack.split('\n').find((line) => line.replaceAll('\\', '/').includes(file))
  return Number(/:(\d+):\d+\)?$/.exec(frame?.trimEnd() ?? '')?.[1] ?? 1)
}
