import { distance } from 'fastest-levenshtein'
import { type Catalog, findAttribute } from '../catalog/index.ts'
import { InputError } from '../errors.ts'
import type { Subject } from '../lineage/index.ts'
import type { Mapping, Migration } from '../migration/index.ts'
import { partsOf, pathOf } from '../postgres/index.ts'
import { storedRelations } from '../run/index.ts'

/**
 * Check that both ends of each mapping are there, in relations of which rows are compared.
 *
 * @param migrated  The catalog after `up`; undefined where it did not go through, and then only one end is checked.
 * @throws {InputError} For the first that is not: names the migration, the mapping, and what is there.
 */
export function checkMappings({ migration, legacy }: Pick<Subject, 'migration' | 'legacy'>, migrated: Catalog | undefined): void {
  for (const mapping of migration.contract.mappings ?? []) {
    checkEnd(migration, mapping, mapping.from, legacy, 'before')
    if (migrated !== undefined) checkEnd(migration, mapping, mapping.to, migrated, 'after')
  }
}

/** The mappings of which no row showed whether values arrive. */
export function unseenMappings({ migration, legacy, knowledge }: Subject): readonly Mapping[] {
  return (migration.contract.mappings ?? []).filter(({ from }) => {
    const place = findAttribute(legacy, from)
    const relation = knowledge.lineage?.relations.get(place?.relation ?? '')
    return relation?.attributes.get(place?.attribute ?? '')?.declared === undefined
  })
}

/** A mapping as messages name it. */
export function shownMapping({ from, to }: Mapping): string {
  return `the mapping of ${from} to ${to}`
}

function checkEnd({ name }: Migration, mapping: Mapping, path: string, catalog: Catalog, when: 'before' | 'after'): void {
  const stored = storedRelations(catalog)
  const place = findAttribute(catalog, path)
  if (place !== undefined && stored.includes(place.relation)) return
  const what = `"${name}": ${shownMapping(mapping)}`
  if (place !== undefined) {
    const relation = catalog.relations.get(place.relation)
    const is =
      relation?.partitionOf === undefined
        ? `is a ${relation?.kind.replaceAll('-', ' ') ?? 'relation'}`
        : `is a partition of ${relation.partitionOf.parent}`
    throw new InputError(`${what}: ${place.relation} ${is}, of which no rows are compared`, {
      hint: 'Name an attribute of the table that holds the rows.',
    })
  }
  const attributes = stored.flatMap((each) => attributesOf(catalog, each))
  const [closest] = attributes
    .map((each) => ({ each, far: distance(each, path) }))
    .filter(({ far }) => far <= Math.max(2, Math.floor(path.length / 4)))
    .sort((left, right) => left.far - right.far)
  throw new InputError(`${what}: there is no attribute ${path} ${when} it`, {
    detail: whatIsThere(catalog, stored, path),
    hint: closest === undefined ? undefined : `Did you mean ${closest.each}?`,
  })
}

function whatIsThere(catalog: Catalog, stored: readonly string[], path: string): string {
  const [schema = '', name = ''] = partsOf(path)
  const relation = pathOf({ schema, name })
  if (stored.includes(relation)) return `${relation} has ${some(attributesOf(catalog, relation))}.`
  return stored.length === 0 ? 'There is no table.' : `The tables are ${some(stored)}.`
}

function attributesOf(catalog: Catalog, path: string): readonly string[] {
  const relation = catalog.relations.get(path)
  return relation?.attributes.map((each) => pathOf(relation, each.name)) ?? []
}

function some(names: readonly string[]): string {
  return names.length > 20 ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more` : names.join(', ')
}
