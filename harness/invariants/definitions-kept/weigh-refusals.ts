import type { Constraint, Relation } from '../../catalog/index.ts'
import { pathOf, shownName } from '../../postgres/index.ts'
import { isNamed } from './compare-constraints.ts'
import type { Change, Scene } from './model.ts'
import type { Answered } from './refusals.ts'

const rulesOfRows: ReadonlySet<string> = new Set(['key', 'foreign-key', 'check', 'exclusion', 'not-null'])

/**
 * What the catalogs tell, as INSERTs bear it out: a rule that is gone is none where what it refused is still refused, by another rule; one
 * that is there is not kept where what it refused is accepted.
 */
export function weighed(scene: Scene, changes: readonly Change[]): readonly Change[] {
  const kept = changes.flatMap((change): readonly Change[] => {
    const answers = scene.refusals.filter((each) => isAbout(change, each))
    const accepted = answers.find((each) => each.after.outcome === 'accepted')
    if (accepted !== undefined) return [{ ...change, shown: accepted }]
    const isGone = change.after === undefined || change.kind === 'not-null'
    return isGone && answers.length > 0 ? [] : [change]
  })
  const others = scene.refusals.filter((each) => each.after.outcome === 'accepted' && !changes.some((change) => isAbout(change, each)))
  return [...kept, ...others.flatMap((each) => acceptedNow(scene, each))]
}

function isAbout({ kind, relation, attribute, object }: Change, { relation: refusing, constraint }: Answered): boolean {
  return rulesOfRows.has(kind) && relation === refusing && (kind === 'not-null' ? attribute === constraint : object === constraint)
}

/** What no catalog shows: a view that lets it pass, a check that says something else by now. */
function acceptedNow(scene: Scene, answered: Answered): readonly Change[] {
  const { relation, constraint, after, sqlstate } = answered
  const heir = scene.heirs.get(relation)
  if (heir === undefined || isNamed(scene, 'constraint', constraint) || isNamed(scene, 'index', constraint)) return []
  const kind = kindOf(heir.legacy, constraint)
  const throughView = after.through !== pathOf(heir.now)
  if (kind === undefined || (!throughView && kind !== 'check')) return []
  return [
    {
      kind,
      severity: 'error',
      relation,
      object: constraint,
      message: `An INSERT into ${shownName(after.through)} is accepted that the constraint "${constraint}" of ${shownName(relation)} refused before (${sqlstate})`,
      unstated: 'drops it',
      before: undefined,
      after: undefined,
      shown: answered,
    },
  ]
}

const kinds: Readonly<Record<Constraint['kind'], Change['kind']>> = {
  check: 'check',
  'foreign-key': 'foreign-key',
  'not-null': 'not-null',
  'primary-key': 'key',
  unique: 'key',
  exclusion: 'exclusion',
}

function kindOf({ constraints, indexes }: Relation, name: string): Change['kind'] | undefined {
  const constraint = constraints.find((each) => each.name === name)
  if (constraint !== undefined) return kinds[constraint.kind]
  return indexes.some((each) => each.name === name) ? 'key' : undefined
}
