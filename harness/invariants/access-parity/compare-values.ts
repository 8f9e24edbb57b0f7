import { shownName } from '../../postgres/index.ts'
import type { Severity } from '../../result/index.ts'
import { said as saidOfRights } from './compare-rights.ts'
import { type AccessObservation, everybody, type ValuesRead } from './model.ts'

/** Values that a role reads in a copy and could read nowhere before. */
export interface ValueChange {
  readonly severity: Severity
  readonly relation: string
  readonly through: string
  readonly attributes: readonly string[]
  readonly roles: readonly string[]
  readonly identity: string
  readonly values: readonly string[]
  readonly because: string
  readonly before: ValuesRead | undefined
  readonly after: ValuesRead
}

/** Of each copy what each role gained: one entry for each relation and copy, the first role's values as the example. */
export function compareValues(observation: AccessObservation): readonly ValueChange[] {
  const { values } = observation
  const keyOf = ({ role, identity, relation, attribute }: ValuesRead) => JSON.stringify([role, identity, relation, attribute])
  const before = new Map(values.before.map((each) => [keyOf(each), each]))
  const everywhere = new Map<string, Set<string>>()
  for (const { role, identity, values: read } of values.before) {
    const key = JSON.stringify([role, identity])
    everywhere.set(key, new Set([...(everywhere.get(key) ?? []), ...read]))
  }
  const gained = values.after.flatMap((after) => {
    // A role that no catalog named before has the rights of PUBLIC.
    const old = before.get(keyOf(after)) ?? before.get(keyOf({ ...after, role: everybody }))
    const had = everywhere.get(JSON.stringify([old?.role ?? everybody, after.identity]))
    const legacy = values.legacy.get(JSON.stringify([after.relation, after.attribute]))
    const fresh = after.values.filter((each) => legacy?.has(each) === true && had?.has(each) !== true)
    return fresh.length === 0 ? [] : [{ after, old, fresh }]
  })
  const groups = new Map<string, (typeof gained)[number][]>()
  for (const each of gained) {
    const key = JSON.stringify([each.after.relation, each.after.through])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return [...groups.values()].flatMap((list): readonly ValueChange[] => {
    const judged = list.map((each) => ({ ...each, ...said(observation, each.after) }))
    const [first] = judged.toSorted((left, right) => (left.severity === right.severity ? 0 : left.severity === 'error' ? -1 : 1))
    if (first === undefined) return []
    const alike = judged.filter((each) => each.severity === first.severity)
    const roles = [...new Set(alike.map((each) => each.after.role))]
    return [
      {
        severity: first.severity,
        because: first.because,
        relation: first.after.relation,
        through: first.after.through,
        attributes: [...new Set(alike.map((each) => each.after.attribute))],
        roles: roles.includes(everybody) ? ['PUBLIC'] : roles,
        identity: first.after.identity,
        values: first.fresh,
        before: first.old,
        after: first.after,
      },
    ]
  })
}

/** A grant on the copy says who may read it, not that row security of its source ends. */
function said(
  observation: AccessObservation,
  { relation, through, role }: ValuesRead,
): { readonly severity: Severity; readonly because: string } {
  const guarded = observation.before.relations.get(relation)?.rowSecurity === true
  if (guarded) return { severity: 'error', because: `row security of ${shownName(relation)} does not protect ${shownName(through)}` }
  const statement = saidOfRights(observation, 'gained', [through], role, false)
  return statement.severity === 'info' ? { ...statement, severity: 'warning' } : statement
}
