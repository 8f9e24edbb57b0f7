import { isStandalone, type Script, type Statement } from '../migration/index.ts'

/** A script as `psql` would have to run it: without a transaction where it holds a statement that none takes (CREATE INDEX CONCURRENTLY, VACUUM). */
export function withoutTransaction(script: Script): { readonly script: Script; readonly standalone: Statement | undefined } {
  const standalone = script.mode === 'transaction' ? script.statements.find(isStandalone) : undefined
  return { script: standalone === undefined ? script : { ...script, mode: 'autocommit' }, standalone }
}
