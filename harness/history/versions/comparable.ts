import { type CatalogDifference, type CatalogObject, type CatalogObjects, diffObjects } from '../../catalog/index.ts'
import type { SchemaStep } from '../schema-of-files.ts'

/**
 * What a step leaves that is not the same on two servers, without what is different there whatever a migration does, and without what
 * steps before it left so.
 */
export function schemaDifferences(one: SchemaStep, other: SchemaStep): readonly CatalogDifference[] {
  const between = (when: 'before' | 'after') => diffObjects(comparable(one[when]), comparable(other[when]))
  const earlier = new Set(between('before').map((each) => JSON.stringify(each)))
  return between('after').filter((each) => !earlier.has(JSON.stringify(each)))
}

function comparable(objects: CatalogObjects): CatalogObjects {
  const kept = [...objects].filter(([, object]) => !isNamedByServer(object))
  return new Map(kept.map(([key, object]) => [key, { ...object, properties: comparableProperties(object) }]))
}

/** From 18 on NOT NULL is a constraint with a name; a name that the migration did not give says nothing. */
function isNamedByServer({ kind, path, properties }: CatalogObject): boolean {
  return kind === 'constraint' && properties.type === 'not null' && /_not_null\d*"?\)$/.test(path)
}

function comparableProperties({ properties }: CatalogObject): CatalogObject['properties'] {
  const { definition, privileges, ...rest } = properties
  return {
    ...rest,
    // From 16 on views are written without the name of the table where there is one table.
    ...(definition === undefined || /^\s*(?:SELECT|WITH)\b/.test(definition) ? {} : { definition }),
    ...withoutMaintain(privileges),
  }
}

/** From 17 on every owner has the privilege MAINTAIN. */
function withoutMaintain(privileges = ''): { readonly privileges?: string } {
  const kept = privileges.split(', ').filter((each) => each !== '' && !each.startsWith('MAINTAIN '))
  return kept.length === 0 ? {} : { privileges: kept.join(', ') }
}
