import { pathOf } from '../postgres/index.ts'
import { bodyOf, bodyQueries, plpgsqlNodes } from './body.ts'
import { textConstant } from './constant.ts'
import type { Statement } from './model.ts'
import { droppedRanges } from './relation-names.ts'
import { asList, asText, everyNode, type Fields, fieldsOf, isFields, nodeOf, stringsOf, tryParse } from './tree.ts'

/** What a statement does to a relation, or to one of its attributes. */
export type Effect =
  | 'drop'
  | 'rename'
  | 'alter-type'
  | 'truncate'
  | 'delete'
  | 'update'
  | 'insert'
  | 'create'
  | 'constrain'
  | 'alter'
  | 'privileges'
  /** Read by a statement that puts it elsewhere. */
  | 'copy'
  | 'read'

/** One relation (or attribute) that a statement touches, named as the statement names it. */
export interface StatementTarget {
  /** Undefined where the statement leaves it to `search_path`. */
  readonly schema: string | undefined
  readonly name: string
  readonly attribute: string | undefined
  readonly effect: Effect
  /** For a rename: the name afterwards, of the attribute or else of the relation; or the schema it moves to. */
  /** Of everything in `schema`; `name` is empty. */
  readonly wholeSchema?: true
  /** With CASCADE: relations that it does not name may go with it. */
  readonly cascades?: true
  readonly renamedTo?: { readonly name?: string; readonly schema?: string }
}

/**
 * The relations, and where it is plain the attributes, that a statement reads or writes; those of the bodies of DO included, of
 * functions that it creates too (a trigger's work is blamed on the statement that made its function).
 */
export function statementTargets(statement: Statement): readonly StatementTarget[] {
  return targetsOf(statement.tree, statement.text)
}

/**
 * The path of the relation that a statement writes, makes, alters or drops, `public` where it names no schema; the first of several.
 * Undefined for one that only reads, or defines something else (a function's body runs later).
 */
export function firstTarget(statement: Statement): string | undefined {
  if (statement.node === 'CreateFunctionStmt') return undefined
  const written = statementTargets(statement).find(({ effect, name }) => effect !== 'read' && effect !== 'copy' && name !== '')
  return written === undefined ? undefined : pathOf({ schema: written.schema ?? 'public', name: written.name })
}

function targetsOf(tree: unknown, text: string): readonly StatementTarget[] {
  const node = nodeOf(tree)
  if (node === undefined) return []
  const body = bodyOf(tree)
  if (body !== undefined) return bodyTargets(tree, body.language, body.text, text)
  const written = [...everyNode(tree)].flatMap((inner) => writes(inner.name, inner.fields))
  return [...written, ...reads(tree)]
}

function bodyTargets(tree: unknown, language: string, body: string | undefined, text: string): readonly StatementTarget[] {
  if (body === undefined) return [...everyNode(tree)].flatMap((inner) => writes(inner.name, inner.fields)).concat(reads(tree))
  if (language === 'sql') return (tryParse(body) ?? []).flatMap((inner) => targetsOf(inner, ''))
  if (language !== 'plpgsql') return []
  const queries = (plpgsqlNodes(text) ?? []).flatMap((node) => (node.name === 'PLpgSQL_expr' ? bodyQueries(node.fields) : []))
  return queries.flatMap(({ tree: query }) => {
    const dynamic = textConstant(query)
    const statements = dynamic === undefined ? [query] : (tryParse(dynamic) ?? [])
    return statements.flatMap((inner) => targetsOf(inner, ''))
  })
}

function writes(node: string, fields: Fields): readonly StatementTarget[] {
  const relation = fields.relation
  switch (node) {
    case 'UpdateStmt':
      return [target(relation, 'update'), ...assigned(fields.targetList).map((name) => target(relation, 'update', name))]
    case 'InsertStmt': {
      const conflict = isFields(fields.onConflictClause) ? fields.onConflictClause : {}
      const updated = assigned(conflict.targetList).map((name) => target(relation, 'update', name))
      return [target(relation, 'insert'), ...assigned(fields.cols).map((name) => target(relation, 'insert', name)), ...updated]
    }
    case 'DeleteStmt':
      return [target(relation, 'delete')]
    case 'MergeStmt':
      return asList(fields.mergeWhenClauses).flatMap((item) => {
        const clause = fieldsOf(item, 'MergeWhenClause') ?? {}
        const effect = ({ CMD_UPDATE: 'update', CMD_INSERT: 'insert', CMD_DELETE: 'delete' } as const)[String(clause.commandType)]
        return effect === undefined
          ? []
          : [target(relation, effect), ...assigned(clause.targetList).map((name) => target(relation, effect, name))]
      })
    case 'TruncateStmt':
      return asList(fields.relations).map((item) => ({ ...target(fieldsOf(item, 'RangeVar'), 'truncate'), ...cascade(fields) }))
    case 'CopyStmt':
      return [target(relation, fields.is_from === true ? 'insert' : 'read')]
    case 'DropStmt':
      return dropTargets(fields)
    case 'RenameStmt':
      return renameTargets(fields)
    case 'AlterObjectSchemaStmt':
      return [{ ...target(relation, 'rename'), renamedTo: { schema: asText(fields.newschema) ?? '' } }]
    case 'AlterTableStmt':
      return asList(fields.cmds).flatMap((item) => alterTargets(relation, fieldsOf(item, 'AlterTableCmd') ?? {}))
    case 'CreateStmt':
      return [target(relation, 'create')]
    case 'CreateTableAsStmt':
      return [target(isFields(fields.into) ? fields.into.rel : undefined, 'create')]
    case 'ViewStmt':
      return [target(fields.view, 'create')]
    case 'IndexStmt':
      return [target(relation, fields.unique === true ? 'constrain' : 'alter')]
    case 'CreateTrigStmt':
    case 'RuleStmt':
      return [target(relation, 'alter')]
    case 'CreatePolicyStmt':
    case 'AlterPolicyStmt':
      return [target(fields.table, 'privileges')]
    case 'GrantStmt':
      return asList(fields.objects).flatMap((item) =>
        fieldsOf(item, 'RangeVar') === undefined ? [] : [target(fieldsOf(item, 'RangeVar'), 'privileges')],
      )
    case 'CommentStmt':
      return commentTargets(fields)
    default:
      return []
  }
}

/**
 * Every relation that is named, and the attributes of the names with one before the dot that is a relation's or its alias; a copy where
 * the statement puts them somewhere.
 */
function reads(tree: unknown): readonly StatementTarget[] {
  const node = nodeOf(tree)
  const copies = /^(InsertStmt|UpdateStmt|MergeStmt|CreateTableAsStmt)$/.test(node?.name ?? '')
  const ranges = [...everyNode(tree)].flatMap((each) => (each.name === 'RangeVar' ? [each.fields] : []))
  // What is updated is read too, by names that no other relation need explain.
  const own = node?.name === 'UpdateStmt' || node?.name === 'DeleteStmt' ? node.fields.relation : undefined
  const all = isFields(own) ? [own, ...ranges] : ranges
  const byAlias = new Map(all.map((range) => [asText(isFields(range.alias) ? range.alias.aliasname : range.relname) ?? '', range]))
  const only = all.length === 1 ? all[0] : undefined
  const attributesIn = (value: unknown, effect: Effect) =>
    [...everyNode(value)].flatMap((each) => {
      const names = each.name === 'ColumnRef' ? stringsOf(each.fields.fields) : []
      const range = names.length === 1 ? only : byAlias.get(names.at(-2) ?? '')
      return range === undefined || names.length === 0 ? [] : [target(range, effect, names.at(-1))]
    })
  const given = copies ? [...everyNode(tree)].flatMap((each) => (each.name === 'ResTarget' ? [each.fields.val] : [])) : []
  return [...ranges.map((range) => target(range, copies ? 'copy' : 'read')), ...attributesIn(given, 'copy'), ...attributesIn(tree, 'read')]
}

function dropTargets(fields: Fields): readonly StatementTarget[] {
  if (/_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/.test(String(fields.removeType)))
    return droppedRanges(fields).map((range) => ({ ...target(range, 'drop'), ...cascade(fields) }))
  if (fields.removeType === 'OBJECT_SCHEMA')
    return stringsOf(fields.objects).map((schema) => ({ ...target({ schemaname: schema }, 'drop'), wholeSchema: true, ...cascade(fields) }))
  // A trigger, rule or policy is named after its relation.
  if (!/_(TRIGGER|RULE|POLICY)$/.test(String(fields.removeType))) return []
  return asList(fields.objects).map((object) => {
    const names = stringsOf(fieldsOf(object, 'List')?.items ?? object)
    return target({ relname: names.at(-2), schemaname: names.at(-3) }, fields.removeType === 'OBJECT_POLICY' ? 'privileges' : 'alter')
  })
}

function renameTargets(fields: Fields): readonly StatementTarget[] {
  const renamedTo = { name: asText(fields.newname) ?? '' }
  if (fields.renameType === 'OBJECT_SCHEMA')
    return [{ ...target({ schemaname: fields.subname }, 'rename'), wholeSchema: true, renamedTo: { schema: renamedTo.name } }]
  if (fields.renameType === 'OBJECT_COLUMN') return [{ ...target(fields.relation, 'rename', asText(fields.subname)), renamedTo }]
  return fields.relation === undefined || fields.subname !== undefined ? [] : [{ ...target(fields.relation, 'rename'), renamedTo }]
}

function alterTargets(relation: unknown, command: Fields): readonly StatementTarget[] {
  const name = asText(command.name)
  const subtype = String(command.subtype)
  const column = asText(fieldsOf(command.def, 'ColumnDef')?.colname)
  if (subtype === 'AT_DropColumn') return [target(relation, 'drop', name)]
  if (subtype === 'AT_AlterColumnType') return [target(relation, 'alter-type', name)]
  if (subtype === 'AT_AddColumn') return [target(relation, 'create', column), target(relation, 'alter')]
  if (subtype === 'AT_SetNotNull') return [target(relation, 'constrain', name)]
  if (subtype === 'AT_AddConstraint') {
    const constraint = fieldsOf(command.def, 'Constraint') ?? {}
    return [
      target(relation, 'constrain'),
      ...stringsOf(constraint.keys ?? constraint.fk_attrs).map((key) => target(relation, 'constrain', key)),
    ]
  }
  if (/Column|Identity|Expression|Default|NotNull/.test(subtype) && name !== undefined) return [target(relation, 'alter', name)]
  return [target(relation, /Owner|RowSecurity/.test(subtype) ? 'privileges' : 'alter')]
}

function commentTargets(fields: Fields): readonly StatementTarget[] {
  const names = stringsOf(fieldsOf(fields.object, 'List')?.items)
  if (fields.objtype === 'OBJECT_COLUMN') return [target({ relname: names.at(-2), schemaname: names.at(-3) }, 'alter', names.at(-1))]
  return /_(TABLE|VIEW|MATVIEW)$/.test(String(fields.objtype)) ? [target({ relname: names.at(-1), schemaname: names.at(-2) }, 'alter')] : []
}

function cascade(fields: Fields): { readonly cascades?: true } {
  return fields.behavior === 'DROP_CASCADE' ? { cascades: true } : {}
}

function assigned(items: unknown): readonly string[] {
  return asList(items).flatMap((item) => asText(fieldsOf(item, 'ResTarget')?.name) ?? [])
}

function target(range: unknown, effect: Effect, attribute?: string): StatementTarget {
  const fields = isFields(range) ? range : {}
  return { schema: asText(fields.schemaname), name: asText(fields.relname) ?? '', attribute, effect }
}
