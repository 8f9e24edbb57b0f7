import type { Attribute, Catalog, TypeInfo } from '../catalog/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'

/**
 * Hash functions that tell every two values apart as far as 64 bits can, without the detour by the text. Not among them: int8, whose
 * hash folds its halves so that it meets int4's (1 = 2³²); numeric, float, interval and timestamps, whose hashes are equality, not
 * identity; dates before 18, which has the first hash of their own.
 */
const exactHash: Readonly<Record<string, (cell: string, seed: number, major: number) => string | undefined>> = {
  'pg_catalog.int2': (cell, seed) => `hashint2extended(${cell}, ${seed})`,
  'pg_catalog.int4': (cell, seed) => `hashint4extended(${cell}, ${seed})`,
  'pg_catalog.oid': (cell, seed) => `hashoidextended(${cell}, ${seed})`,
  'pg_catalog.bool': (cell, seed) => `hashint4extended(${cell}::int4, ${seed})`,
  'pg_catalog.uuid': (cell, seed) => `uuid_hash_extended(${cell}, ${seed})`,
  'pg_catalog.date': (cell, seed, major) => (major >= 18 ? `hashdateextended(${cell}, ${seed})` : undefined),
}

/** Whether servers of two versions have the same hashes of the same cells. */
export function hashAlike(major: number, other: number): boolean {
  return major >= 18 === other >= 18
}

/**
 * The SQL for the hash of one cell of `t`, NULL for NULL.
 *
 * @param byText  Hash the text whatever the type, so that cells can be compared over a change of type.
 */
export function cellHash(catalog: Catalog, attribute: Attribute, seed: number, byText = false): string {
  const cell = `t.${quoteIdentifier(attribute.name)}`
  const type = baseType(catalog, attribute.typePath)
  const path = type ? `${type.schema}.${type.name}` : attribute.typePath
  const exact = byText ? undefined : exactHash[path]?.(cell, seed, catalog.version.major)
  return exact ?? `hashtextextended(${cellText(cell, path, type)} COLLATE "C", ${seed})`
}

/** A domain's values are its base type's. */
function baseType(catalog: Catalog, path: string): TypeInfo | undefined {
  const type = catalog.types.get(path)
  return type?.kind === 'domain' ? baseType(catalog, type.base) : type
}

/** The text that the type's output function writes; `::text` runs a cast function where there is one, and that of bpchar drops the blanks. */
function cellText(cell: string, path: string, type: TypeInfo | undefined): string {
  if (path === 'pg_catalog.bpchar') return `textin(bpcharout(${cell}))`
  // concat writes NULL as '', and IS NULL is true of a row of NULLs.
  if (type?.textCast && type.schema !== 'pg_catalog') return `CASE WHEN num_nulls(${cell}) = 0 THEN concat(${cell}) END`
  return `${cell}::text`
}

/**
 * The SQL for the hash of a whole row: each cell under its own seed, so that equal cells do not cancel, and once more over all of them,
 * so that cells swapped between two rows change the sum.
 *
 * @param attributes  Numbered as they come: order them by something that both sides share.
 */
export function rowHash(
  catalog: Catalog,
  attributes: readonly Attribute[],
  byText: (attribute: Attribute) => boolean = () => false,
): string {
  return hashOfCells(attributes.map((attribute, at) => cellHash(catalog, attribute, at + 1, byText(attribute))))
}

/** The same for a row of texts, whatever they were made from. */
export function textRowHash(texts: readonly string[]): string {
  return hashOfCells(texts.map((text, at) => textHash(text, at + 1)))
}

/** The SQL for the hash of a text, NULL for NULL. */
export function textHash(text: string, seed = 0): string {
  return `hashtextextended((${text}) COLLATE "C", ${seed})`
}

function hashOfCells(hashes: readonly string[]): string {
  const cells = hashes.map((hash, at) => `coalesce(${hash}, ${at + 1})`)
  return `hashtextextended((${balanced(cells) || '0'})::text COLLATE "C", 0)`
}

/** XOR as a balanced tree: a chain over a thousand attributes would nest a thousand deep. */
function balanced(terms: readonly string[]): string {
  if (terms.length <= 2) return terms.join(' # ')
  const half = terms.length >> 1
  return `(${balanced(terms.slice(0, half))}) # (${balanced(terms.slice(half))})`
}

/** By name, in code units: the numbering that every side and run agrees on. */
export function inOrderOfName(attributes: readonly Attribute[]): readonly Attribute[] {
  return [...attributes].sort((a, b) => (a.name < b.name ? -1 : 1))
}
