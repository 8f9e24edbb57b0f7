import { shownName } from '../../postgres/index.ts'
import type { Severity } from '../../result/index.ts'
import { mayBeProgram, mayBeSaid } from './compare-rights.ts'
import type { AccessObservation, Command, Reached } from './model.ts'

/** Rows that a role reaches and did not, or did and does not. */
export interface RowChange {
  readonly kind: 'gained' | 'lost'
  readonly severity: Severity
  readonly role: string
  readonly command: Command
  readonly relation: string
  readonly through: string
  readonly identity: string
  readonly keys: readonly string[]
  readonly because: string
}

/** What was really tried, before against after: rows followed by their keys, as far as they are there on both sides. */
export function compareRows(observation: AccessObservation): readonly RowChange[] {
  const before = new Map(observation.reached.before.filter((each) => each.through === each.relation).map((each) => [keyOf(each), each]))
  return observation.reached.after.flatMap((now): readonly RowChange[] => {
    const old = before.get(keyOf(now))
    const [had, has] = [keysOf(old), keysOf(now)]
    if (old === undefined || had === undefined || has === undefined) return []
    const base = { role: now.role, command: now.command, relation: now.relation, through: now.through, identity: now.identity }
    const known = new Set(observation.rows.before.get(now.relation))
    const left = new Set(observation.rows.after.get(now.relation))
    const gained = has.filter((key) => known.has(key) && !had.includes(key))
    const lost = had.filter((key) => left.has(key) && !has.includes(key))
    const own = now.through === placeOf(observation, now)
    const everyRow = now.command === 'SELECT' && has.length === known.size && hadOwnRows(observation, now)
    return [
      ...(gained.length === 0 ? [] : [{ ...base, kind: 'gained' as const, keys: gained, ...said(observation, 'gained', now, everyRow) }]),
      // Less through a view is what views are for.
      ...(lost.length === 0 || !own ? [] : [{ ...base, kind: 'lost' as const, keys: lost, ...said(observation, 'lost', now) }]),
    ]
  })
}

/** Whether policies let people of this role see some of the rows, each their own. */
function hadOwnRows({ reached, rows }: AccessObservation, { role, relation, command }: Reached): boolean {
  const all = rows.before.get(relation)?.length ?? 0
  return reached.before.some((each) => {
    const keys = each.role === role && each.relation === relation && each.command === command ? (keysOf(each)?.length ?? 0) : 0
    return keys > 0 && keys < all
  })
}

/** What is asked first after `up`: it stands for the relation. */
function placeOf({ reached }: AccessObservation, { relation }: Reached): string | undefined {
  return reached.after.find((each) => each.relation === relation)?.through
}

function keyOf({ role, identity, command, relation }: Reached): string {
  return JSON.stringify([role, identity, command, relation])
}

function keysOf(reached: Reached | undefined): readonly string[] | undefined {
  if (reached === undefined) return undefined
  if (reached.outcome === 'denied') return []
  return 'keys' in reached.outcome ? reached.outcome.keys : undefined
}

/** Policies that the migration writes are wanted, though they deserve a look; row security that is switched off, or a policy that only goes, opens more than anybody wrote down. */
function said(
  { stated, before, after }: AccessObservation,
  kind: 'gained' | 'lost',
  { relation, through, role }: Reached,
  everyRow = false,
): { readonly severity: Severity; readonly because: string } {
  const names = [relation, through].map((path) => path.slice(path.lastIndexOf('.') + 1).replaceAll('"', ''))
  const states = (effect: string) =>
    stated.some((each) => each.effect === effect && each.object !== undefined && names.includes(each.object))
  const view = after.relations.get(through)
  if (view?.kind === 'view' && !view.securityInvoker && kind === 'gained')
    return {
      severity: 'error',
      because: `the view ${shownName(through)} reads with the rights of its owner ${view.owner}, for whom row security does not hold`,
    }
  const was = before.relations.get(relation)
  if (kind === 'gained' && was?.rowSecurity === true && view?.rowSecurity === false)
    return { severity: 'error', because: `row security is off on ${shownName(through)}` }
  if (everyRow && states('policy'))
    return { severity: 'error', because: 'a policy of the migration shows every row, where each user saw only some' }
  if (states('policy')) return { severity: 'warning', because: 'the migration changes policies of this table' }
  if (kind === 'lost' && ((states('enable') && was?.rowSecurity !== true) || states('drop-policy')))
    return { severity: 'warning', because: 'a statement of the migration restricts it' }
  if (kind === 'gained' && states('drop-policy')) return { severity: 'error', because: 'the policy that hid them is dropped' }
  if (mayBeSaid(stated, [...names, role])) return { severity: 'warning', because: mayBeProgram }
  return { severity: 'error', because: `no statement of the migration ${kind === 'gained' ? 'allows' : 'forbids'} it` }
}
