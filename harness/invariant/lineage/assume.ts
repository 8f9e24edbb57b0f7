import type { RunObservation } from '../observation.ts'
import { keyAttributes } from '../support.ts'
import { ownAttribute, sameRelation } from './learn.ts'
import type { AttributeLineage, RelationLineage } from './model.ts'

/**
 * The lineage of a relation of which no banded rows were migrated (`up` fails on any of them): every attribute is expected where it was.
 * Undefined where the relation is gone, for then nothing can be expected.
 */
export function assumeLineage(run: RunObservation, path: string): RelationLineage | undefined {
  const legacy = run.legacy.catalog.relations.get(path)
  const own = sameRelation(run, path)
  const migrated = own === undefined ? undefined : run.migrated?.catalog.relations.get(own)
  if (legacy === undefined || own === undefined || migrated === undefined) return undefined
  const columnOf = (attribute: string) => {
    const name = ownAttribute(run, path, own, own, attribute)
    const found = migrated.attributes.find((each) => each.name === name)
    return found === undefined ? undefined : { attribute: found.name, json: [], type: found.type }
  }
  const attributes = new Map(
    legacy.attributes.map(({ name }): [string, AttributeLineage] => {
      const column = columnOf(name)
      const destinations =
        column === undefined ? [] : [{ relation: own, columns: [column], transform: { kind: 'identical' }, own: true } as const]
      return [name, { attribute: name, destinations }]
    }),
  )
  const identity = (keyAttributes(legacy) ?? []).flatMap((name) => {
    const column = columnOf(name)
    return column === undefined ? [] : [{ legacy: name, migrated: column }]
  })
  const whole = identity.length === (keyAttributes(legacy)?.length ?? 0)
  return {
    relation: path,
    home: own,
    places: [{ relation: own, identity: whole ? identity : [], cardinality: 'one', merges: false, complete: true }],
    attributes,
  }
}
