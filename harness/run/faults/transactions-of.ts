import { controlsTransaction, fieldsOf, type Script, type Statement } from '../../migration/index.ts'

/** Part of a script that is one transaction, or a statement that runs in none. */
export interface Part {
  readonly script: Script
  readonly at: number
}

/** In its own transactions; what stands in none, alone. */
export function transactionsOf(script: Script): readonly Part[] {
  const { statements } = script
  const free = script.mode === 'autocommit' || statements.some(controlsTransaction)
  if (!free && statements.length > 1) return [{ script: { ...script, mode: 'transaction' }, at: 0 }]
  const parts: { at: number; statements: Statement[]; own: boolean }[] = []
  let inside = false
  for (const [at, statement] of statements.entries()) {
    const kind = controlsTransaction(statement) ? String(fieldsOf(statement.tree, 'TransactionStmt')?.kind) : ''
    const last = parts.at(-1)
    if (inside && last !== undefined) last.statements.push(statement)
    else parts.push({ at, statements: [statement], own: kind !== '' })
    if (/_(BEGIN|START)$/.test(kind)) inside = true
    else if (/_(COMMIT|ROLLBACK)$/.test(kind) && fieldsOf(statement.tree, 'TransactionStmt')?.chain !== true) inside = false
  }
  return parts.map((part) => ({
    script: { ...script, statements: part.statements, mode: part.own ? ('autocommit' as const) : ('transaction' as const) },
    at: part.at,
  }))
}
