import { pathOf } from '../postgres/index.ts'
import type { RunObservation } from '../run/index.ts'

/** The migrated path of a legacy relation that is still there: the same OID, else the same name. */
export function sameRelation(run: Pick<RunObservation, 'legacy' | 'migrated'>, path: string): string | undefined {
  const legacy = run.legacy.catalog.relations.get(path)
  const after = run.migrated?.catalog.relations
  if (legacy === undefined || after === undefined) return undefined
  for (const relation of after.values()) if (relation.oid === legacy.oid) return pathOf(relation)
  const named = after.get(path)
  return named !== undefined && named.kind !== 'view' ? path : undefined
}

/** The migrated name of a legacy attribute that is still there: the same number in the same relation, else the same name in one made anew. */
export function ownAttribute(
  run: Pick<RunObservation, 'legacy' | 'migrated'>,
  path: string,
  own: string | undefined,
  place: string,
  attribute: string,
): string | undefined {
  if (own === undefined || place !== own) return undefined
  const legacy = run.legacy.catalog.relations.get(path)
  const migrated = run.migrated?.catalog.relations.get(own)
  const before = legacy?.attributes.find((each) => each.name === attribute)
  if (legacy === undefined || migrated === undefined || before === undefined) return undefined
  if (legacy.oid === migrated.oid) return migrated.attributes.find((each) => each.number === before.number)?.name
  return migrated.attributes.find((each) => each.name === attribute)?.name
}
