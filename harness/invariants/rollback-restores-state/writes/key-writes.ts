import type { Attribute, Catalog, Relation } from '../../../catalog/index.ts'
import { quoteIdentifier, quoteName } from '../../../postgres/index.ts'
import type { Write } from './model.ts'

/**
 * New rows like one that is there: with the key that the server gives next, three times; where the application gives it, with the next
 * number, and with that of a row in another table, as `up` may have taken rows apart that shared one key; and the same row once more.
 *
 * @param among  Paths of the migrated relations whose keys may be met.
 */
export function keyWrites(
  legacy: Catalog,
  migrated: Catalog,
  path: string,
  relation: Relation,
  among: readonly string[],
): readonly Write[] {
  const key = keyOf(relation)
  const given = relation.attributes.filter((each) => each.generated === undefined && !isNumbered(migrated, path, each))
  const about = { relation: path, json: [], extreme: false }
  const copy = (attribute: string | undefined, value: string): string => {
    const names = given.map(({ name }) => quoteIdentifier(name))
    const cells = given.map(({ name }) => (name === attribute ? value : `"godwit row".${quoteIdentifier(name)}`))
    const table = quoteName(relation)
    return names.length === 0
      ? `INSERT INTO ${table} SELECT FROM ${table} LIMIT 1`
      : `INSERT INTO ${table} (${names.join(', ')}) SELECT ${cells.join(', ')} FROM ${table} AS "godwit row" ORDER BY ("godwit row".*)::text COLLATE "C" LIMIT 1`
  }
  if (key === undefined) return [{ ...about, attribute: undefined, statements: [copy(undefined, '')] }]
  if (isNumbered(migrated, path, key)) {
    const next = copy(undefined, '')
    return Array.from({ length: 3 }, () => ({ ...about, attribute: key.name, statements: [next] }))
  }
  // A key that a default makes is made by it: nobody chooses one that is taken elsewhere.
  if (key.default !== undefined) return []
  const column = quoteIdentifier(key.name)
  const writes: Write[] = []
  if (/^(smallint|integer|bigint|numeric)/.test(key.type))
    writes.push({ ...about, attribute: key.name, statements: [copy(key.name, `(SELECT max(${column}) + 1 FROM ${quoteName(relation)})`)] })
  for (const other of among) {
    const there = migrated.relations.get(other)
    const match = there?.attributes.find(({ name, type }) => name === key.name && type === key.type)
    if (other === path || there === undefined || match === undefined) continue
    // Two tables that were there before, with keys of their own, are as they were.
    if (legacy.relations.has(other) && legacy.relations.has(path)) continue
    if (refersTo(relation, key, other) || refersTo(there, match, path)) continue
    const taken = `(SELECT min("godwit other".${column}::text)::${key.type} FROM ${quoteName(there)} AS "godwit other" WHERE "godwit other".${column} NOT IN (SELECT ${column} FROM ${quoteName(relation)}))`
    writes.push({ ...about, attribute: key.name, statements: [copy(key.name, taken)] })
  }
  return writes
}

/** The one attribute of the primary key; of a table without any key, undefined too. */
function keyOf(relation: Relation): Attribute | undefined {
  const names = relation.indexes.find((index) => index.primary)?.attributes
  return names?.length === 1 ? relation.attributes.find(({ name }) => name === names[0]) : undefined
}

function isNumbered(catalog: Catalog, path: string, { name, identity, default: value }: Attribute): boolean {
  const owned = catalog.sequences.some(({ ownedBy }) => ownedBy?.relation === path && ownedBy.attribute === name)
  return identity !== undefined || /\bnextval\(/.test(value ?? '') || (owned && value !== undefined)
}

function refersTo(relation: Relation, { name }: Attribute, other: string): boolean {
  return relation.constraints.some(
    (each) => each.kind === 'foreign-key' && each.attributes.includes(name) && each.references?.relation === other,
  )
}
