import { type CatalogDifference, type CatalogObjects, diffObjects } from '../../catalog/index.ts'
import { type Judged, type Level, levelOf } from './levels.ts'

/** One change from the first schema to the second, and what it asks of clients. */
export interface SchemaChange
  extends Judged,
    Pick<CatalogDifference, 'change' | 'kind' | 'path' | 'property' | 'before' | 'after' | 'relation'> {}

const gravity: readonly Level[] = ['major', 'minor', 'patch']

/** Differences with what each asks of clients, the gravest first. */
export function judged(differences: readonly CatalogDifference[], before: CatalogObjects, after: CatalogObjects): readonly SchemaChange[] {
  return differences
    .map((difference): SchemaChange => {
      const { change, kind, path, property, before: old, after: now, relation } = difference
      return { change, kind, path, property, before: old, after: now, relation, ...levelOf(difference, before, after) }
    })
    .sort((one, two) => gravity.indexOf(one.level) - gravity.indexOf(two.level))
}

/** What sets two schemas of one server apart. */
export function changesBetween(before: CatalogObjects, after: CatalogObjects): readonly SchemaChange[] {
  return judged(diffObjects(before, after), before, after)
}
