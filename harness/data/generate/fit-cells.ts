import type { ReferencePlan, RelationPlan } from '../plan/model.ts'
import type { FittedRow } from './fitted-row.ts'

/** Write the cells that violate a NOT VALID constraint. */
export function soil(relation: RelationPlan, row: FittedRow): void {
  const { dirt } = row.intended
  const plan = dirt === undefined ? undefined : relation.dirt[dirt.of]
  const tuple = plan?.tuples[dirt?.tuple ?? 0]
  plan?.attributes.forEach((position, at) => {
    row.cells[position] = tuple?.[at] ?? null
  })
}

/** Let a reference point at nothing; false where it must point at something. One NULL is enough where others of its cells were drawn. */
export function setNull(reference: ReferencePlan, row: FittedRow, fixed: ReadonlySet<number>): boolean {
  const free = reference.nullable.filter((at) => !fixed.has(at))
  const drawn = free.filter((at) => row.cells[at] !== null)
  for (const at of !reference.full && drawn.length < free.length ? [] : free) row.cells[at] = null
  return free.length > 0 || reference.attributes.some((at) => row.cells[at] === null)
}

/** A reference, and the plans of both ends. */
export interface Link {
  readonly relation: RelationPlan
  readonly reference: ReferencePlan
  readonly parentPlan: RelationPlan | undefined
}

/** Let a reference point at a row; false where that contradicts what is fixed already, or a value does not fit. */
export function setParent(
  { relation, reference, parentPlan }: Link,
  row: FittedRow,
  parent: FittedRow,
  fixed: ReadonlySet<number>,
): boolean {
  for (const [index, at] of reference.attributes.entries()) {
    const parentAt = reference.parentAttributes[index] ?? -1
    const value = parent.cells[parentAt] ?? null
    if (value === null) return false
    const attribute = relation.attributes[at]
    const same = attribute?.type === parentPlan?.attributes[parentAt]?.type
    if (!same && attribute?.maker.accepts(value) === false) return false
    if (fixed.has(at) && (row.cells[at] === null || attribute?.maker.key(row.cells[at] ?? '') !== attribute?.maker.key(value))) return false
    row.cells[at] = value
  }
  return true
}

/** Whether referencing attributes of a group are NULL where the tuple has NULL, and stand to one another as in the tuple. */
export function follows(
  relation: RelationPlan,
  group: RelationPlan['groups'][number],
  cells: readonly (string | null)[],
  wanted: readonly (string | null)[],
  waits: (position: number) => boolean,
): boolean {
  for (const position of group.attributes) {
    if ((relation.attributes[position]?.references.length ?? 0) === 0 || waits(position)) continue
    if ((cells[position] === null) !== (wanted[position] === null)) return false
  }
  return group.pairs.every(([left, right]) => {
    const [a, b, wantedA, wantedB] = [cells[left], cells[right], wanted[left], wanted[right]]
    if (a == null || b == null || wantedA == null || wantedB == null || waits(left) || waits(right)) return true
    return Math.sign(compare(a, b)) === Math.sign(compare(wantedA, wantedB))
  })
}

function compare(left: string, right: string): number {
  const whole = /^-?\d+$/
  if (whole.test(left) && whole.test(right)) return BigInt(left) < BigInt(right) ? -1 : BigInt(left) > BigInt(right) ? 1 : 0
  return left < right ? -1 : left > right ? 1 : 0
}
