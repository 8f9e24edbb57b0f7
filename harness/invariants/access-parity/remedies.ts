import { shownName } from '../../postgres/index.ts'
import type { RightChange } from './compare-rights.ts'
import type { RowChange } from './compare-rows.ts'
import { type AccessObservation, everybody } from './model.ts'

/** The GRANT or REVOKE that undoes a change of rights. */
export function rightRemedy(observation: AccessObservation, change: RightChange, changes: readonly RightChange[]): string {
  const { kind, relation, object } = change
  const roles = [...new Set(changes.map((each) => each.role))]
  const to = roles.includes(everybody) ? 'PUBLIC' : roles.join(', ')
  const on = relation === undefined ? objectText(observation, object ?? '') : shownName(change.through ?? relation)
  const rights = [...new Set(changes.map((each) => each.right))].map((right) => {
    const columns = [...new Set(changes.flatMap((each) => (each.right === right ? (each.attribute ?? []) : [])))]
    return columns.length === 0 ? right : `${right} (${columns.join(', ')})`
  })
  return kind === 'gained'
    ? `REVOKE ${rights.join(', ')} ON ${on} FROM ${to}; or write the GRANT in the migration if it is wanted.`
    : `GRANT ${rights.join(', ')} ON ${on} TO ${to};${alsoBeneath(observation, change)}`
}

/** A grant on a view with `security_invoker` is not enough. */
function alsoBeneath({ after }: AccessObservation, { right, relation, through }: RightChange): string {
  const now = after.relations.get(through ?? relation ?? '')
  if (right !== 'SELECT' || now?.kind !== 'view' || !now.securityInvoker) return ''
  const name = shownName(now.path)
  return ` Whoever reads ${name} needs SELECT on every column beneath it that it reads, since it has security_invoker; else ALTER VIEW ${name} SET (security_invoker = false);`
}

function objectText({ before }: AccessObservation, object: string): string {
  if (before.routines.has(object)) return `FUNCTION ${shownName(object)}`
  return `${before.sequences.has(object) ? 'SEQUENCE' : 'SCHEMA'} ${shownName(object)}`
}

/** What gives a role the rows that it reached before, and no others. */
export function rowRemedy({ after }: AccessObservation, { kind, relation, through }: RowChange): string {
  const now = after.relations.get(through)
  const name = shownName(through)
  if (kind === 'gained' && now?.kind === 'view') return `ALTER VIEW ${name} SET (security_invoker = true);`
  if (kind === 'gained' && now?.rowSecurity === false)
    return `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY; then create the policies of ${shownName(relation)} on it.`
  return `Compare the policies of ${name} with those that ${shownName(relation)} had before.`
}
