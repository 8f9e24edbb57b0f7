import type { RunObservation } from '../run/index.ts'
import type { AttributeLineage, RelationLineage } from './model.ts'
import { ownAttribute, sameRelation } from './same.ts'
import { keyAttributes } from './support.ts'

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
  const whole = identity.length === (keyAttributes(legacy)?.length ?? 0) && keysAreThere(run, path, own, identity)
  return {
    relation: path,
    home: own,
    places: [{ relation: own, identity: whole ? identity : [], cardinality: 'one', merges: false, complete: true }],
    attributes,
  }
}

/** Nothing was learned, so that a key is kept must show: each legacy one is there after `up`. */
function keysAreThere(
  run: RunObservation,
  path: string,
  own: string,
  identity: readonly { readonly legacy: string; readonly migrated: { readonly attribute: string } }[],
): boolean {
  const [before, after] = [run.legacy.rows.get(path), run.migrated?.rows.get(own)]
  if (before === undefined || after === undefined) return false
  const found = new Set(
    after.rows.map((row) => JSON.stringify(identity.map(({ migrated }) => row[after.attributes.indexOf(migrated.attribute)]))),
  )
  return before.rows.every((row) => found.has(JSON.stringify(identity.map(({ legacy }) => row[before.attributes.indexOf(legacy)]))))
}
