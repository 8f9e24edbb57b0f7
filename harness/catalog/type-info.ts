import type { CatalogRows, TypeRow } from './catalog-rows.ts'
import { groupBy, type Lookup } from './lookup.ts'
import type { TypeInfo } from './model.ts'

/** The model's types, each with its path. An array of a type is an array even where its own `typtype` says base. */
export function typesOf(rows: CatalogRows, lookup: Lookup): [string, TypeInfo][] {
  const labels = new Map(rows.labels.map((row) => [row.type, row.labels]))
  const checks = groupBy(rows.checks, (row) => row.type)
  const attributes = groupBy(
    [...rows.typeAttributes, ...rows.attributes].sort((a, b) => a.number - b.number),
    (row) => row.relation,
  )
  const textCasts = new Set(rows.textCasts.map((row) => row.type))

  const infoOf = (row: TypeRow): TypeInfo => {
    const name = { schema: lookup.schema(row.schema), name: row.name, oid: row.oid, textCast: textCasts.has(row.oid) }
    const part = row.part === null || row.part === 0 ? '' : lookup.typePath(row.part)
    if (row.array) return { ...name, kind: 'array', element: part }
    switch (row.kind) {
      case 'e':
        return { ...name, kind: 'enum', labels: labels.get(row.oid) ?? [] }
      case 'd':
        return {
          ...name,
          kind: 'domain',
          base: part,
          baseModifier: row.modifier,
          notNull: row.notNull,
          default: row.default ?? undefined,
          checks: (checks.get(row.oid) ?? [])
            .map(({ name: check, expression, validated }) => ({ name: check, expression, validated }))
            .sort((a, b) => (a.name < b.name ? -1 : 1)),
        }
      case 'c':
        return {
          ...name,
          kind: 'composite',
          attributes: (attributes.get(row.relation) ?? []).map((attribute) => ({
            name: attribute.name,
            type: lookup.typePath(attribute.typeOid),
            modifier: attribute.modifier,
          })),
        }
      case 'r':
        return { ...name, kind: 'range', subtype: part }
      case 'm':
        return { ...name, kind: 'multirange', subtype: part }
      case 'p':
        return { ...name, kind: 'pseudo', category: row.category }
      default:
        return { ...name, kind: 'base', category: row.category }
    }
  }
  return rows.types.map((row) => [lookup.typePath(row.oid), infoOf(row)])
}
