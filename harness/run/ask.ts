import type { Asking } from '../coverage/index.ts'
import { controlsTransaction, enclosedText, type Script, type Step } from '../migration/index.ts'
import { quoteLiteral, type Session, StatementError, type StatementResult } from '../postgres/index.ts'

/** Names the column in which answers come, so that they are told from what the script itself selects. */
const answerColumn = 'godwit_answers'

/** The statements of a script, each after what is asked before it; the last one gives all answers. */
export function askedScript({ statements }: Script, asking: Asking | undefined): readonly string[] {
  if (asking === undefined) return statements.map(enclosedText)
  const asked = statements.flatMap((each, at) => [...(asking.before.has(at) ? [asking.before.get(at)?.sql ?? ''] : []), enclosedText(each)])
  return [...asked, answersSql([...asking.before.keys()], asking)]
}

/** Hand over the answers in the results of a message. */
export function answersOf(results: readonly StatementResult[], asking: Asking): void {
  for (const { fields, rows } of results) {
    if (fields[0]?.name !== answerColumn) continue
    for (const [statement, answers] of rows)
      if (answers !== null && answers !== undefined && answers !== '') asking.answered(Number(statement), answers)
  }
}

/**
 * Ask before each statement that is sent by itself. What cannot be asked changes nothing: where even the guard fails, its savepoint is gone
 * back to.
 *
 * @param enclosed  Whether the statements run in one transaction.
 */
export function askBefore(session: Session, asking: Asking, enclosed: boolean): (statement: number) => Promise<void> {
  const [open, done, undo] = enclosed
    ? ['SAVEPOINT godwit_ask', 'RELEASE SAVEPOINT godwit_ask', 'ROLLBACK TO SAVEPOINT godwit_ask; RELEASE SAVEPOINT godwit_ask']
    : ['BEGIN', 'ROLLBACK', 'ROLLBACK']
  return async (statement) => {
    const sql = asking.before.get(statement)?.sql
    if (sql === undefined) return
    try {
      answersOf(await session.script(`${open}; ${sql}; ${answersSql([statement], asking)}; ${done}`), asking)
    } catch (error) {
      if (!(error instanceof StatementError)) throw error
      await session.script(undo).catch(() => undefined)
    }
  }
}

/** Whether questions can be sent between the statements of a step that commits: where it is not one message, nor ends its transactions itself. */
export function mayAsk(step: Step): step is Step & { readonly kind: 'sql' } {
  return step.kind === 'sql' && step.script.mode !== 'message' && !step.script.statements.some(controlsTransaction)
}

function answersSql(statements: readonly number[], asking: Asking): string {
  const rows = statements.map(
    (at) => `SELECT ${at} AS ${answerColumn}, pg_catalog.current_setting(${quoteLiteral(asking.before.get(at)?.setting ?? '')}, true)`,
  )
  return rows.join(' UNION ALL ')
}
