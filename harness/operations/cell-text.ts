import type { Attribute, Catalog, TypeInfo } from '../catalog/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'

/**
 * The SQL for a cell as the output function of its type writes it, NULL for NULL.
 *
 * `::text` writes booleans as `true`, drops the blanks of char(n) and adds a netmask to addresses; what lineage has learned are the texts of
 * the output functions.
 *
 * @param row  The alias of the row: `m`.
 */
export function cellText(catalog: Catalog, attribute: Attribute, row: string): string {
  const cell = `${row}.${quoteIdentifier(attribute.name)}`
  const type = baseType(catalog, attribute.typePath)
  // concat writes NULL as '', and IS NULL is true of a row of NULLs.
  if (type?.textCast === true) return `CASE WHEN num_nulls(${cell}) = 0 THEN concat(${cell}) END`
  return `${cell}::text`
}

function baseType(catalog: Catalog, path: string): TypeInfo | undefined {
  const type = catalog.types.get(path)
  return type?.kind === 'domain' ? baseType(catalog, type.base) : type
}
