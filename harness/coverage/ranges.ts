import { asList, asText, fieldsOf, isFields, stringsOf } from '../migration/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'

/** A relation as FROM takes it. */
export function rangeText(range: unknown): string {
  const fields = isFields(range) ? range : {}
  const schema = asText(fields.schemaname)
  const name = quoteIdentifier(asText(fields.relname) ?? '')
  const alias = isFields(fields.alias) ? asText(fields.alias.aliasname) : undefined
  const only = fields.inh === true ? '' : 'ONLY '
  return `${only}${schema === undefined ? '' : `${quoteIdentifier(schema)}.`}${name}${alias === undefined ? '' : ` AS ${quoteIdentifier(alias)}`}`
}

/** The names that a list of plain columns gives. */
export function columnNames(items: unknown): readonly string[] {
  return asList(items).flatMap((item) => {
    const target = fieldsOf(item, 'ResTarget') ?? fieldsOf(item, 'IndexElem')
    return target === undefined ? stringsOf([item]) : (asText(target.name) ?? [])
  })
}
