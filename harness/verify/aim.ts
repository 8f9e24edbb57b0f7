import type { Coverage, Target } from '../coverage/index.ts'
import { type Aim, type GenerationPlan, valuesOf } from '../data/index.ts'

/** From this share of the runs on, some are aimed at what those before did not reach. */
const aimedFrom = 0.5
/** So many targets are aimed at in one run: their rows may stand beside each other. */
const targetsInOneRun = 3

/** Whether a run is aimed: every second one of the later runs, but for those that sweep. */
export function isAimed(run: number, total: number, sweeps: boolean): boolean {
  return !sweeps && run % 2 === 1 && run >= Math.max(2, Math.floor(total * aimedFrom))
}

/** Which rows a run is to have, so that it reaches what is left; none where nothing is left that anything is known of. */
export function aimsOfRun(left: readonly Target[], run: number): readonly Aim[] {
  const aimable = left.filter(({ aims = [], direction }) => aims.length > 0 && direction === 'up')
  const turn = Math.floor(run / 2)
  const chosen = Array.from(
    { length: Math.min(targetsInOneRun, aimable.length) },
    (_, at) => aimable[(turn * targetsInOneRun + at) % aimable.length],
  )
  // Of one target alone every other time: the rows of several may stand in each other's way.
  return (turn % 2 === 0 ? chosen.slice(0, 1) : chosen).flatMap((target) => target?.aims ?? [])
}

/** The attribute that some aims want NULL in, where that is all that they want. */
function wantedNull(aims: readonly Aim[]): { readonly relation: string; readonly attribute: string } | undefined {
  const [aim, ...more] = aims
  if (aim?.kind !== 'cells' || more.length > 0) return undefined
  const [first, ...others] = Object.entries(aim.cells)
  const isNull = first !== undefined && others.length === 0 && first[1].length === 1 && first[1][0] === null
  return isNull ? { relation: aim.relation, attribute: first[0] } : undefined
}

/** Mark targets that want a value of one column which its checks do not allow, as far as the plan asked the server about values. */
export function forbidByChecks(coverage: Coverage, plan: GenerationPlan): void {
  coverage.forbid(({ only, aims }) => {
    const missing = aims === undefined ? undefined : wantedNull(aims)
    if (
      missing !== undefined &&
      plan.relations.get(missing.relation)?.attributes.find(({ name }) => name === missing.attribute)?.nullable === false
    )
      return `the constraints of ${missing.relation}.${missing.attribute} allow no NULL`
    const serves = only?.serves
    if (only === undefined || serves === undefined) return undefined
    const { relation, attribute: column } = only.column
    const attribute = [...plan.relations.values()]
      .find((each) => each.relation === relation)
      ?.attributes.find(({ name }) => name === column.name)
    if (attribute === undefined || !attribute.pools.checked || attribute.group !== undefined) return undefined
    if (valuesOf(attribute.pools, attribute.literals).some(serves)) return undefined
    const checks = relation.constraints
      .filter(({ kind, attributes }) => kind === 'check' && attributes.includes(column.name))
      .map(({ name }) => name)
    return checks.length === 0 ? undefined : `the check ${checks.join(', ')} allows no such value that was tried`
  })
}
