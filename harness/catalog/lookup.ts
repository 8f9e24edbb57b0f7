import { pathOf, quoteIdentifier } from '../postgres/index.ts'
import type { CatalogRows } from './catalog-rows.ts'

/** Names for the OIDs in the rows of one read. */
export interface Lookup {
  /** The user's schemas, in order of name. */
  readonly schemas: readonly string[]
  schema(oid: number): string
  /** Whether a relation of this schema is the user's own: neither the system's, nor temporary, nor an extension's. */
  isUsers(schema: number, oid: number): boolean
  /** Undefined for what `readCatalog` leaves out. */
  relationPath(oid: number): string | undefined
  typePath(oid: number): string
  /** The attributes' names by their numbers; undefined for 0, which stands for an expression. */
  attributes(relation: number, numbers: readonly number[] | null): readonly (string | undefined)[]
  /** The same, as `quote_ident` writes them. */
  quoted(relation: number, numbers: readonly number[] | null): readonly string[]
  /** Quoted and qualified, where it is not the type's own. */
  collation(oid: number | null, typeOid: number): string | undefined
  /** Of a relation (number 0) or an attribute. */
  comment(relation: number, number: number): string | undefined
}

export function lookupOf(rows: CatalogRows): Lookup {
  const schemas = new Map(rows.schemas.map((row) => [row.oid, row]))
  const members = new Set(rows.members.map((row) => row.oid))
  const isUsers = (schema: number, oid: number) => (schemas.get(schema)?.user ?? false) && !members.has(oid)
  const schemaName = (oid: number) => schemas.get(oid)?.name ?? ''

  const relations = new Map(
    rows.relations
      .filter((row) => isUsers(row.schema, row.oid))
      .map((row) => [row.oid, pathOf({ schema: schemaName(row.schema), name: row.name })]),
  )
  const types = new Map(rows.types.map((row) => [row.oid, row]))
  const collations = new Map(rows.collations.map((row) => [row.oid, row]))
  const comments = new Map(rows.comments.map((row) => [`${row.oid} ${row.number}`, row.text]))
  const attributes = new Map<number, Map<number, CatalogRows['attributes'][number]>>()
  for (const row of rows.attributes) {
    const numbers = attributes.get(row.relation)
    if (numbers) numbers.set(row.number, row)
    else attributes.set(row.relation, new Map([[row.number, row]]))
  }
  const find = (relation: number, numbers: readonly number[] | null) =>
    (numbers ?? []).map((number) => attributes.get(relation)?.get(number))

  return {
    schemas: rows.schemas
      .filter((row) => row.user && !members.has(row.oid))
      .map((row) => row.name)
      .sort(),
    schema: schemaName,
    isUsers,
    relationPath: (oid) => relations.get(oid),
    typePath: (oid) => {
      const type = types.get(oid)
      return type ? pathOf({ schema: schemaName(type.schema), name: type.name }) : ''
    },
    attributes: (relation, numbers) => find(relation, numbers).map((row) => row?.name),
    quoted: (relation, numbers) => find(relation, numbers).map((row) => row?.quoted ?? row?.name ?? ''),
    collation: (oid, typeOid) => {
      const collation = oid === null || types.get(typeOid)?.collation === oid ? undefined : collations.get(oid)
      return collation ? `${quoteIdentifier(schemaName(collation.schema))}.${quoteIdentifier(collation.name)}` : undefined
    },
    comment: (relation, number) => comments.get(`${relation} ${number}`),
  }
}

/** Group rows by a key, each group in the rows' order. */
export function groupBy<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): ReadonlyMap<Key, readonly Row[]> {
  const groups = new Map<Key, Row[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  return groups
}
