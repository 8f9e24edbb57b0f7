import { InputError } from '../../errors.ts'
import { asList, fieldsOf, isFields, stringsOf, tryParse } from '../../migration/index.ts'
import { partsOf, quoteIdentifier } from '../../postgres/index.ts'

/** A table as the user names it; without a schema it is a table of `public`. */
export interface TableName {
  readonly schema: string | undefined
  readonly name: string
}

export interface RenamedTable {
  readonly from: TableName
  readonly to: TableName
}

/**
 * A table's name as it is given to the command: `orders`, `sales.orders`, `"order.items"`. Letters keep their case.
 *
 * @throws {InputError} for what is no name.
 */
export function readTableName(text: string): TableName {
  const parts = partsOf(text)
  const [first, second] = parts
  if (first === undefined || parts.length > 2 || parts.some((part) => part === '' || part.includes('\0')))
    throw new InputError(`"${text}" is no name of a table`, { hint: 'Write it as in orders, sales.orders or "Order". Case counts.' })
  return second === undefined ? { schema: undefined, name: first } : { schema: first, name: second }
}

export function renamedTable(old: string, renamed: string): RenamedTable {
  const table = { from: readTableName(old), to: readTableName(renamed) }
  const [from, to] = [table.from, table.to].map((each) => `${schemaOf(each)}.${each.name}`)
  if (from === to) throw new InputError(`"${old}" and "${renamed}" are the same table`)
  return table
}

export function schemaOf(table: TableName): string {
  return table.schema ?? 'public'
}

/** Whether the table gets into another schema, so that a name alone does not say where it is. */
export function movesSchema({ from, to }: RenamedTable): boolean {
  return to.schema !== undefined && to.schema !== schemaOf(from)
}

/** Whether PostgreSQL takes a name for something else, or folds it, unless it is quoted. */
export function needsQuotes(name: string): boolean {
  if (!/^[a-z_\u0080-\uffff][a-z0-9_$\u0080-\uffff]*$/.test(name)) return true
  // Words that may stand as a table but not as a type, or the other way round, are quoted too, as quote_ident() does.
  const select = fieldsOf(tryParse(`SELECT ${name}.a::${name} FROM ${name}`)?.[0], 'SelectStmt')
  const range = fieldsOf(asList(select?.fromClause)[0], 'RangeVar')
  const cast = fieldsOf(fieldsOf(asList(select?.targetList)[0], 'ResTarget')?.val, 'TypeCast')
  const type = isFields(cast?.typeName) ? stringsOf(cast.typeName.names) : []
  return range?.relname !== name || type.length !== 1 || type[0] !== name
}

export function quotedIfNeeded(name: string): string {
  return needsQuotes(name) ? quoteIdentifier(name) : name
}

/** What a written identifier names: unquoted ones are folded. */
export function identifierOf(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written.toLowerCase()
}

/** Another name, written as one was: quoted where that was so without need, in capitals where that was. */
export function writtenLike(written: string, name: string): string {
  if (needsQuotes(name)) return quoteIdentifier(name)
  if (written.startsWith('"')) return needsQuotes(identifierOf(written)) ? name : quoteIdentifier(name)
  if (written === written.toLowerCase()) return name
  if (written === written.toUpperCase()) return name.toUpperCase()
  return inTitleCase(written) ? titled(name) : name
}

function inTitleCase(written: string): boolean {
  return written === titled(written)
}

function titled(name: string): string {
  return name.toLowerCase().replaceAll(/(^|_)(\p{L})/gu, (_, before: string, letter: string) => `${before}${letter.toUpperCase()}`)
}

/** Whether a text could name a table at all: cheap, and never wrong where it says no. */
export function mayName(text: string, name: string): boolean {
  return text.toLowerCase().includes(name.toLowerCase().replaceAll('"', '""'))
}
