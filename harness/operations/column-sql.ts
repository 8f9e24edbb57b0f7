import type { Catalog, Relation } from '../catalog/index.ts'
import type { Column } from '../lineage/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName } from '../postgres/index.ts'
import { cellText } from './cell-text.ts'

/**
 * The SQL for one column of a migrated row as a text: a cell, a leaf of its JSON document, or a cell of the row that a foreign key names.
 *
 * @param relation  The migrated relation.
 * @param row       The alias of its row.
 * @returns Undefined where the catalog does not have the column.
 */
export function columnSql(catalog: Catalog, relation: Relation, column: Column, row: string): string | undefined {
  const { via } = column
  if (via === undefined) return leafSql(catalog, relation, column, row)
  const key = relation.constraints.find((each) => each.name === via.constraint)
  const target = catalog.relations.get(via.relation)
  const value = target === undefined ? undefined : leafSql(catalog, target, column, 'v')
  if (key?.references === undefined || target === undefined || value === undefined) return undefined
  const joined = key.references.attributes.map(
    (name, at) => `v.${quoteIdentifier(name)} = ${row}.${quoteIdentifier(key.attributes[at] ?? '')}`,
  )
  return `(SELECT ${value} FROM ${quoteName(target)} AS v WHERE ${joined.join(' AND ')})`
}

function leafSql(catalog: Catalog, relation: Relation, { attribute: name, json }: Column, row: string): string | undefined {
  const attribute = relation.attributes.find((each) => each.name === name)
  if (attribute === undefined) return undefined
  if (json.length === 0) return cellText(catalog, attribute, row)
  if (attribute.type !== 'json' && attribute.type !== 'jsonb') return undefined
  return `(${row}.${quoteIdentifier(name)} #>> ARRAY[${json.map(quoteLiteral).join(', ')}])`
}

/** What to write after FROM for a relation's own rows: inheriting tables are relations of their own, partitions are not. */
export function ownRowsSql(relation: Relation): string {
  return relation.kind === 'table' ? `ONLY ${quoteName(relation)}` : quoteName(relation)
}
