import type { Script, Statement } from './model.ts'
import { controlsTransaction } from './script.ts'
import { everyNode, fieldsOf, isFields } from './tree.ts'

/**
 * Whether the transactions that a script begins and ends itself can run inside another one and leave the same where no statement fails:
 * plain BEGIN and COMMIT in turn, nothing that a COMMIT before the last statement would end, and no clock that one transaction would stop.
 */
export function isEnclosable({ statements }: Script): boolean {
  const begin = statements.findIndex(controlsTransaction)
  if (begin < 0) return true
  let inside = false
  // What stands in front of the first BEGIN is in transactions of its own.
  let lastEarly = begin
  for (const [at, statement] of statements.entries()) {
    if (!controlsTransaction(statement)) continue
    const control = plainControl(statement)
    if (control === undefined || (control === 'begin') === inside) return false
    inside = !inside
    if (control === 'commit' && at < statements.length - 1) lastEarly = at
  }
  const several = lastEarly > begin || statements.slice(0, begin).some(({ node }) => node !== 'VariableSetStmt')
  return !inside && !statements.slice(0, lastEarly).some(endsWithCommit) && !(several && statements.some(readsClock))
}

/** The time at which a transaction began is another one in the next. */
function readsClock({ text }: Statement): boolean {
  return /\b(now|transaction_timestamp|statement_timestamp)\s*\(|\b(current_(timestamp|date|time)|localtime(stamp)?)\b/i.test(text)
}

/** Whether a script commits a transaction of its own, and statements follow. */
export function commitsEarly({ statements }: Script): boolean {
  return statements.slice(0, -1).some(isCommit)
}

export function isCommit(statement: Statement): boolean {
  return plainControl(statement) === 'commit'
}

/** What is sent of a statement inside a transaction that somebody else ends. */
export function enclosedText(statement: Statement): string {
  return controlsTransaction(statement) ? 'SELECT' : statement.text
}

function plainControl({ tree }: Statement): 'begin' | 'commit' | undefined {
  const fields = fieldsOf(tree, 'TransactionStmt')
  if (fields === undefined || fields.options !== undefined || fields.chain === true) return undefined
  if (/_(BEGIN|START)$/.test(String(fields.kind))) return 'begin'
  return /_COMMIT$/.test(String(fields.kind)) ? 'commit' : undefined
}

/** `SET LOCAL`, `ON COMMIT`, cursors, constraints set, locks of the transaction. */
function endsWithCommit({ tree, text }: Statement): boolean {
  if (/\bset_config\b|_xact_/i.test(text)) return true
  return [...everyNode(tree)].some(
    ({ name, fields }) =>
      name === 'DeclareCursorStmt' ||
      name === 'ConstraintsSetStmt' ||
      (name === 'VariableSetStmt' && fields.is_local === true) ||
      [fields.oncommit, isFields(fields.into) ? fields.into.onCommit : undefined].some(
        (each) => each !== undefined && each !== 'ONCOMMIT_NOOP',
      ),
  )
}
