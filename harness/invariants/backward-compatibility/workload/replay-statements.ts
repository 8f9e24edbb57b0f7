import { type Session, StatementError, type StatementResult } from '../../../postgres/index.ts'
import type { StatementOutcome } from '../model.ts'
import type { WorkloadStatement } from './derive-statements.ts'

/** What one statement of the workload answered on one database. */
export interface Answer {
  readonly own: StatementOutcome
  readonly readBack: StatementOutcome | undefined
}

const begin = "SAVEPOINT godwit_statement; SELECT pg_catalog.date_part('epoch', pg_catalog.now()::pg_catalog.timestamp)"
const undo = 'ROLLBACK TO SAVEPOINT godwit_statement'

/**
 * Run statements in an open transaction, each on the state that it found and undone again; a given workload runs on, each statement on
 * what the one before left. One message where none fails, one more for each that does.
 */
export async function replayStatements(session: Session, statements: readonly WorkloadStatement[]): Promise<readonly Answer[]> {
  const inTurn = statements.every((each) => each.given)
  const together = await answersOf(session, statements, inTurn)
  if (together !== undefined) return together
  const answers: Answer[] = []
  for (const statement of statements) {
    const [answer] = (await answersOf(session, [statement], inTurn)) ?? []
    answers.push(answer ?? (await failing(session, statement, inTurn)))
  }
  return answers
}

function messageOf({ sql, readBack, operation }: WorkloadStatement): readonly string[] {
  // What waits for COMMIT is checked now, as the client's own would.
  const settled = operation === 'read' ? [] : ['SET CONSTRAINTS ALL IMMEDIATE']
  return [sql, ...settled, ...(readBack === undefined ? [] : [readBack])]
}

/** All answers, or undefined when a statement failed: nothing is changed then. */
async function answersOf(
  session: Session,
  statements: readonly WorkloadStatement[],
  inTurn: boolean,
): Promise<readonly Answer[] | undefined> {
  if (statements.length === 0) return []
  const parts = statements.map(messageOf)
  const each = inTurn ? parts.flat() : parts.flatMap((part) => [...part, undo])
  try {
    const results = await session.script([begin, ...each, 'RELEASE SAVEPOINT godwit_statement'].join('\n;\n'))
    const clock = clockOf(results)
    let at = 2
    return statements.map(({ readBack }, index) => {
      const count = (parts[index]?.length ?? 0) + (inTurn ? 0 : 1)
      const own = results.slice(at, at + count)
      at += count
      const back = inTurn ? own.at(-1) : own.at(-2)
      return { own: answered(own[0], clock), readBack: readBack === undefined ? undefined : answered(back, clock) }
    })
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    await session.script(`${undo}; RELEASE SAVEPOINT godwit_statement`)
    return undefined
  }
}

/** The error of a statement, or of what reads back after it. */
async function failing(session: Session, statement: WorkloadStatement, inTurn: boolean): Promise<Answer> {
  const clock = clockOf(await session.script(begin))
  try {
    const { sql, operation } = statement
    const [own] = await session.script([sql, ...(operation === 'read' ? [] : ['SET CONSTRAINTS ALL IMMEDIATE'])].join('\n;\n'))
    let readBack: StatementOutcome | undefined
    if (statement.readBack !== undefined) {
      try {
        readBack = answered((await session.script(statement.readBack))[0], clock)
      } catch (error) {
        readBack = failed(error)
      }
    }
    if (!inTurn || readBack?.outcome === 'failed') await session.script(undo)
    return { own: answered(own, clock), readBack }
  } catch (error) {
    const outcome = failed(error)
    await session.script(undo)
    return { own: outcome, readBack: undefined }
  } finally {
    await session.script('RELEASE SAVEPOINT godwit_statement')
  }
}

function clockOf(results: readonly StatementResult[]): number {
  return Number(results[1]?.rows[0]?.[0])
}

function answered(result: StatementResult | undefined, clock: number): StatementOutcome {
  const rows = (result?.rows ?? []).map((row) => row.map((cell) => (isNow(cell, clock) ? 'the time of the statement' : cell)))
  return { outcome: 'answered', count: result?.rowCount ?? 0, columns: result?.fields ?? [], rows }
}

const nearSeconds = 300

/** Whether a cell is an instant of this very transaction: another one has another, and a client expects neither. */
function isNow(cell: string | null, clock: number): boolean {
  const [instant] = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.exec(cell ?? '') ?? []
  return instant !== undefined && Math.abs(Date.parse(`${instant.replace(' ', 'T')}Z`) / 1000 - clock) <= nearSeconds
}

function failed(error: unknown): StatementOutcome {
  if (!(error instanceof StatementError)) throw error
  const { sqlstate, message, column, constraint } = error.fields
  return { outcome: 'failed', sqlstate, message, column, constraint }
}
