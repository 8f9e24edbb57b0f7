import type { KeyPlan, RelationPlan } from '../plan/model.ts'

/** What of a row stands for good once the references before one are set. */
export interface Settled {
  /** Positions whose cells do not change any more. */
  readonly attributes: readonly number[]
  readonly keys: readonly KeyPlan[]
  /** All positions that references before this one have set. */
  readonly fixed: ReadonlySet<number>
}

/** What placing rows of a relation asks again and again, and no row changes. */
export interface RelationFacts {
  /** Those of the plan, and those that restrictions add. */
  readonly keys: readonly KeyPlan[]
  /** Keys with an attribute that gets its value only when the circle is linked. */
  readonly waiting: ReadonlySet<KeyPlan>
  /** By position: whether the attribute gets its value only then. */
  readonly waits: readonly boolean[]
  /** One for each number of references that are set. */
  readonly settled: readonly Settled[]
}

const known = new WeakMap<RelationPlan, RelationFacts>()

/** @param more  Keys that restrictions add; facts without any are remembered with the plan. */
export function factsOf(relation: RelationPlan, more: readonly KeyPlan[]): RelationFacts {
  const found = more.length === 0 ? known.get(relation) : undefined
  if (found !== undefined) return found
  const keys = [...relation.keys, ...more]
  const waits = relation.attributes.map(({ references }) => references.some((at) => relation.references[at]?.late === true))
  const facts = {
    keys,
    waiting: new Set(keys.filter((key) => key.attributes.some((position) => waits[position]))),
    waits,
    settled: settledOf(relation, keys),
  }
  if (more.length === 0) known.set(relation, facts)
  return facts
}

function settledOf(relation: RelationPlan, keys: readonly KeyPlan[]): readonly Settled[] {
  // The first reference that has an attribute sets it for good.
  const since = relation.attributes.map(({ references }) => (references.length === 0 ? 0 : Math.min(...references) + 1))
  const sinceAll = ({ attributes, conditions = [] }: KeyPlan) =>
    Math.max(0, ...[...attributes, ...conditions.map(({ attribute }) => attribute)].map((position) => since[position] ?? 0))
  return Array.from({ length: relation.references.length + 1 }, (_, count): Settled => {
    const before = relation.references.slice(0, count).filter(({ late }) => !late)
    return {
      attributes: since.flatMap((at, position) => (at === count ? [position] : [])),
      keys: keys.filter((key) => sinceAll(key) === count),
      fixed: new Set(before.flatMap(({ attributes }) => attributes)),
    }
  })
}
