import type { RelationPlan } from '../plan/model.ts'
import type { Drawing } from './draw-cell.ts'
import type { FittedRow, IntendedRow } from './fitted-row.ts'
import type { Traits } from './traits.ts'

/**
 * A row that repeats an earlier one in everything that no key tells apart. Of a key over several attributes all but one are repeated; where
 * there is no key, mostly the whole row.
 */
export function twinRow(
  drawing: Drawing,
  relation: RelationPlan,
  traits: Traits,
  earlier: FittedRow,
  fresh: Pick<IntendedRow, 'cells' | 'parents'>,
): Pick<IntendedRow, 'cells' | 'parents'> {
  const own = ownPositions(drawing, relation, traits, earlier)
  const cells = relation.attributes.map((attribute, position) => {
    const group = attribute.group === undefined ? undefined : relation.groups[attribute.group]
    if (own.has(position) || group?.attributes.some((at) => own.has(at)) === true) return fresh.cells[position] ?? null
    const late = attribute.references.some((at) => relation.references[at]?.late === true)
    const from = late || earlier.intended.dirt !== undefined ? earlier.intended.cells : earlier.cells
    return from[position] ?? null
  })
  const parents = relation.references.map((reference, at) => {
    if (reference.attributes.some((position) => own.has(position))) return fresh.parents[at] ?? null
    return (reference.late ? earlier.intended.parents[at] : earlier.parents[at]?.intended) ?? null
  })
  return { cells, parents }
}

/** Positions that keep their fresh cells. */
function ownPositions(drawing: Drawing, relation: RelationPlan, traits: Traits, earlier: FittedRow): ReadonlySet<number> {
  const { random } = drawing
  const own = new Set<number>()
  relation.attributes.forEach((attribute, position) => {
    const ring = drawing.ring.get(relation.path) === attribute.name
    const unique = drawing.restrictions.rules(relation.path, position).includes('unique')
    if (ring || unique || attribute.slot !== undefined || attribute.serial) own.add(position)
  })
  for (const key of relation.keys) {
    // What an expression makes of its attributes is not known, so all of them stay apart.
    if (key.folded) for (const position of key.attributes) own.add(position)
    const exempt = !key.nullsNotDistinct && key.attributes.some((position) => earlier.cells[position] === null)
    if (exempt || key.attributes.some((position) => own.has(position))) continue
    const [only] = key.attributes
    own.add(key.attributes.length === 1 && only !== undefined ? only : random.pick(key.attributes))
  }
  const free = relation.attributes.flatMap((_, position) => (traits.keys[position]?.length === 0 && !own.has(position) ? [position] : []))
  // One cell that differs is what a group or a join over all the others hides.
  if (free.length > 1 && random.chance(relation.keys.length === 0 ? 0.25 : 0.15)) own.add(random.pick(free))
  return own
}
