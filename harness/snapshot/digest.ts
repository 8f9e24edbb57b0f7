import { type Catalog, scriptPinned } from '../catalog/index.ts'
import type { Session } from '../postgres/index.ts'
import { cellHash, inOrderOfName, rowHash } from './cell-hash.ts'
import type { RelationDigest } from './model.ts'
import { ownRows, relationAt } from './read-rows.ts'

/**
 * Digest the rows of relations, whatever their physical order: one statement each, all in one message.
 *
 * Equal rows, each as often, give equal digests. Identity decides, not equality: `1.0` and `1.00`, `-0` and `0` differ. A table's digest
 * is that of its own rows; a partitioned table's is the sum of its leaves' digests. An attribute's part depends on its place in the order
 * of names, so digests are compared only while the attributes' names and types are the same.
 *
 * @param relations  Paths in `catalog.relations`.
 * @throws {InputError} When a path is not in the catalog.
 * @throws {StatementError} `42501` where row security would hide rows; `42P01` when the catalog is out of date.
 */
export async function digestRelations(
  session: Session,
  catalog: Catalog,
  relations: readonly string[],
): Promise<ReadonlyMap<string, RelationDigest>> {
  const results = await scriptPinned(
    session,
    relations.map((path) => digestStatement(catalog, path)),
  )
  return new Map(relations.map((path, at) => [path, digestOf(results[at]?.rows[0])]))
}

/**
 * The statement behind `digestRelations`; it wants pinned settings. Its first two columns are for `digestOf`.
 *
 * @param more  Further aggregates over the rows `t`, for the columns behind.
 */
export function digestStatement(catalog: Catalog, path: string, more: readonly string[] = []): string {
  return `SELECT ${[...digestAggregates(catalog, path), ...more].join(', ')} FROM ${ownRows(relationAt(catalog, path))} AS t`
}

/** The aggregates over rows `t` of a relation whose results are for `digestOf`. Those of several sets of rows can be added up. */
export function digestAggregates(catalog: Catalog, path: string): readonly string[] {
  return ['count(*)', `coalesce(sum(${rowHash(catalog, inOrderOfName(relationAt(catalog, path).attributes))}), 0)`]
}

export function digestOf(row: readonly (string | null)[] | undefined): RelationDigest {
  return { rows: Number(row?.[0] ?? 0), digest: row?.[1] ?? '0' }
}

/**
 * Sum the hashes of the texts of single attributes over all rows: a renamed, moved or widened attribute keeps its sum. NULL adds nothing.
 *
 * @returns By attribute name, the sum as a decimal text.
 */
export async function digestAttributes(
  session: Session,
  catalog: Catalog,
  relation: string,
  attributes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const from = relationAt(catalog, relation)
  const wanted = from.attributes.filter((attribute) => attributes.includes(attribute.name))
  const sums = wanted.map((attribute) => `coalesce(sum(${cellHash(catalog, attribute, 0, true)}), 0)`)
  const [result] = await scriptPinned(session, [`SELECT ${sums.join(', ')} FROM ${ownRows(from)} AS t`])
  return new Map(wanted.map((attribute, at) => [attribute.name, result?.rows[0]?.[at] ?? '0']))
}
