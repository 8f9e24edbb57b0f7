import { distance } from 'fastest-levenshtein'
import { type Catalog, findAttribute } from '../catalog/index.ts'
import { InputError } from '../errors.ts'
import type { Subject } from '../lineage/index.ts'
import type { Migration } from '../migration/index.ts'
import { partsOf, pathOf } from '../postgres/index.ts'
import { storedRelations } from '../run/index.ts'
import { shownMapping } from './mappings.ts'

/**
 * Check that both ends of each declared reference and mapping are there, in relations of which rows are compared: of a reference before the
 * migration, of a mapping the source before and the destination after.
 *
 * @param migrated  The catalog after `up`; undefined where it did not go through, and then destinations are not checked.
 * @throws {InputError} For the first that is not: names the migration, the declaration, and what is there.
 */
export function checkDeclaredPaths({ migration, legacy }: Pick<Subject, 'migration' | 'legacy'>, migrated: Catalog | undefined): void {
  const { references = [], mappings = [] } = migration.contract
  for (const { from, to } of references) {
    for (const path of [from, to])
      checkPath(migration, { declaration: `the reference of ${from} to ${to}`, path, catalog: legacy, when: 'before' })
  }
  for (const mapping of mappings) {
    const declaration = shownMapping(mapping)
    checkPath(migration, { declaration, path: mapping.from, catalog: legacy, when: 'before' })
    if (migrated !== undefined) checkPath(migration, { declaration, path: mapping.to, catalog: migrated, when: 'after' })
  }
}

interface DeclaredPath {
  /** How messages name what declares it. */
  readonly declaration: string
  readonly path: string
  readonly catalog: Catalog
  readonly when: 'before' | 'after'
}

function checkPath({ name }: Migration, { declaration, path, catalog, when }: DeclaredPath): void {
  const stored = storedRelations(catalog)
  const place = findAttribute(catalog, path)
  if (place !== undefined && stored.includes(place.relation)) return
  const what = `"${name}": ${declaration}`
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
