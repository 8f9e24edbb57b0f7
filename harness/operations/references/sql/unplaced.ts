import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf } from '../../../migration/index.ts'
import type { TableName } from '../table-name.ts'
import { namesTable } from './scope.ts'

/** The table's name in a list of names for which the parser tells no place. */
export interface UnplacedName {
  /** As they stand, the table's last. */
  readonly parts: readonly string[]
  /** Of several places that fit, the last is meant: another name of the statement comes before. */
  readonly last: boolean
  readonly because: string | undefined
}

const tables = /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/
/** Objects of a table: their own name comes behind it in the list, and before it in the text. */
const ofTables = /^OBJECT_(TABCONSTRAINT|TRIGGER|POLICY|RULE)$/

/** `DROP TABLE`, `DROP POLICY … ON`, `COMMENT ON`, `OWNED BY` and `RENAME TO`. */
export function unplacedNames(tree: unknown, table: TableName): readonly UnplacedName[] {
  const node = nodeOf(tree)
  if (node === undefined) return []
  if (node.name === 'RenameStmt' && tables.test(asText(node.fields.renameType) ?? '') && node.fields.newname === table.name)
    return [{ parts: [table.name], last: true, because: 'the statement gives a table this name' }]
  const lists = listsOf(node.name, node.fields)
  return lists.flatMap(({ names, behind, last }) => {
    const parts = behind ? names.slice(0, -1) : names
    const named = namesTable(parts.at(-2), parts.at(-1) ?? '', table)
    return named === 'no' ? [] : [{ parts, last, because: named === 'yes' ? undefined : 'it names no schema' }]
  })
}

interface NameList {
  readonly names: readonly string[]
  /** Whether the last name is of something that belongs to the table. */
  readonly behind: boolean
  readonly last: boolean
}

function listsOf(statement: string, fields: Fields): readonly NameList[] {
  if (statement === 'DropStmt' || statement === 'CommentStmt') {
    const kind = asText(fields.removeType) ?? asText(fields.objtype) ?? ''
    const objects = statement === 'DropStmt' ? asList(fields.objects) : [fields.object]
    const lists = objects.map((object) => stringsOf(object))
    if (tables.test(kind)) return lists.map((names) => ({ names, behind: false, last: false }))
    if (kind === 'OBJECT_COLUMN') return lists.map((names) => ({ names, behind: true, last: false }))
    return ofTables.test(kind) ? lists.map((names) => ({ names, behind: true, last: true })) : []
  }
  return asList(fields.options).flatMap((option) => {
    const element = fieldsOf(option, 'DefElem')
    return element?.defname === 'owned_by' && isFields(element.arg) ? [{ names: stringsOf(element.arg), behind: true, last: false }] : []
  })
}
