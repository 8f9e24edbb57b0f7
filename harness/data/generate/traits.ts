import type { GenerationPlan, GroupPlan, KeyPlan, RelationPlan, Tuple } from '../plan/model.ts'

/** What drawing related cells needs to know of a relation, found once. */
export interface Traits {
  /** By position: the keys that hold the attribute. */
  readonly keys: readonly (readonly KeyPlan[])[]
  /** Positions of attributes of one type whose cells may be set alike; two or more each. */
  readonly alike: readonly (readonly number[])[]
  /** By group: its tuples, by which cells are NULL and which are equal. */
  readonly strata: readonly (readonly (readonly Tuple[])[])[]
}

export const noTraits: Traits = { keys: [], alike: [], strata: [] }

export function traitsOf(plan: GenerationPlan, scope: ReadonlySet<string>): ReadonlyMap<string, Traits> {
  return new Map(
    [...scope].flatMap((path) => {
      const relation = plan.relations.get(path)
      return relation === undefined ? [] : [[path, traits(relation)]]
    }),
  )
}

function traits(relation: RelationPlan): Traits {
  const byType = new Map<string, number[]>()
  for (const [position, attribute] of relation.attributes.entries()) {
    const free = attribute.group === undefined && attribute.references.length === 0 && attribute.slot === undefined && !attribute.serial
    // Two of few values are equal often enough.
    if (!free || !attribute.maker.room || inFolded(relation, position)) continue
    byType.set(attribute.type, [...(byType.get(attribute.type) ?? []), position])
  }
  return {
    keys: relation.attributes.map((_, position) => relation.keys.filter((key) => key.attributes.includes(position))),
    alike: [...byType.values()].filter((positions) => positions.length > 1),
    strata: relation.groups.map(strataOf),
  }
}

function inFolded(relation: RelationPlan, position: number): boolean {
  return relation.keys.some((key) => key.folded && key.attributes.includes(position))
}

function strataOf(group: GroupPlan): readonly (readonly Tuple[])[] {
  const strata = new Map<string, Tuple[]>()
  for (const tuple of group.tuples) {
    const pattern = tuple.map((cell) => (cell === null ? 'n' : tuple.indexOf(cell))).join()
    const stratum = strata.get(pattern)
    if (stratum === undefined) strata.set(pattern, [tuple])
    else stratum.push(tuple)
  }
  return [...strata.values()]
}
