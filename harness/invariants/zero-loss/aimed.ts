import type { Destination, Knowledge } from '../../lineage/index.ts'
import type { RunObservation } from '../../run/index.ts'

/**
 * A reference whose value is found by way of the row that it names now, where several legacy relations share that row's relation: it must
 * name a row of the relation that it pointed to. Equal keys of two relations are not one row.
 */
export function aimedAt(
  run: RunObservation,
  knowledge: Knowledge,
  relation: string,
  attribute: string,
  destinations: readonly Destination[],
): readonly Destination[] {
  const key = run.legacy.catalog.relations
    .get(relation)
    ?.constraints.find((each) => each.kind === 'foreign-key' && each.attributes.length === 1 && each.attributes[0] === attribute)
  const places = knowledge.lineage?.relations.get(key?.references?.relation ?? '')?.places ?? []
  return destinations.map((destination) => {
    const via = destination.columns[0]?.via
    const where = via === undefined ? undefined : places.find((each) => each.relation === via.relation)?.where
    if (via === undefined || where === undefined || where.value === null || destination.where !== undefined) return destination
    return { ...destination, where: { column: { ...where.column, via }, value: where.value } }
  })
}
