import type { Script, Statement } from './model.ts'
import { controlsTransaction } from './script.ts'
import { everyNode, fieldsOf, isFields } from './tree.ts'

/**
 * Whether the transactions that a script begins and ends itself can run inside another one and leave the same where no statement fails:
 * plain BEGIN and COMMIT in turn, and nothing that a COMMIT before the last statement would end.
 */
export function isEnclosable({ statements }: Script): boolean {
  let inside = false
  let lastEarly = -1
  for (const [at, statement] of statements.entries()) {
    if (!controlsTransaction(statement)) continue
    const control = plainControl(statement)
    if (control === undefined || (control === 'begin') === inside) return false
    inside = !inside
    if (control === 'commit' && at < statements.length - 1) lastEarly = at
  }
  return !inside && !statements.slice(0, Math.max(0, lastEarly)).some(endsWithCommit)
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
