import { constantsOf } from './constant.ts'
import { type Columns, columnOf, droppedRanges, type MadeAttribute, type Reference } from './relation-names.ts'
import { aliased, rowSources, type Scope, scopeIn } from './scope.ts'
import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, stringsOf } from './tree.ts'
import type { Walk } from './walk.ts'

/** Statements that define things: what they say of rows, and what names mean after them. */
export function definitionHints(walker: Walk, name: string, fields: Fields, scope: Scope | undefined): void {
  const { names, hints } = walker
  walker.types.follow(name, fields)
  switch (name) {
    case 'CreateStmt':
    case 'CreateForeignTableStmt':
      createTable(walker, name === 'CreateStmt' ? fields : isFields(fields.base) ? fields.base : fields)
      return
    case 'AlterTableStmt':
      for (const item of asList(fields.cmds)) alterTable(walker, fields.relation, fieldsOf(item, 'AlterTableCmd') ?? {})
      return
    case 'RenameStmt':
      if (fields.renameType === 'OBJECT_COLUMN')
        names.renameAttribute(fields.relation, asText(fields.subname) ?? '', asText(fields.newname) ?? '')
      else if (isFields(fields.relation) && fields.subname === undefined) names.rename(fields.relation, { name: asText(fields.newname) })
      return
    case 'AlterObjectSchemaStmt':
      names.rename(fields.relation, { schema: asText(fields.newschema) })
      return
    case 'DropStmt':
      if (/_(TABLE|VIEW|MATVIEW)$/.test(String(fields.removeType))) for (const range of droppedRanges(fields)) names.drop(range)
      return
    case 'CreateTrigStmt': {
      const columns = names.columns(fields.relation)
      walker.expression(fields.whenClause, scopeIn(scope, rowSources(columns)))
      return
    }
    case 'CreatePolicyStmt':
    case 'AlterPolicyStmt':
      walker.expression([fields.qual, fields.with_check], scopeIn(scope, [aliased(fields.table, names.columns(fields.table))]))
      return
    case 'IndexStmt':
      if (fields.unique === true)
        hints.unify(
          names.path(fields.relation),
          keyOf(
            names.columns(fields.relation),
            asList(fields.indexParams).map((item) => fieldsOf(item, 'IndexElem')?.name),
          ),
        )
      walker.expression(
        [fields.indexParams, fields.whereClause],
        scopeIn(scope, [aliased(fields.relation, names.columns(fields.relation))]),
      )
      return
    case 'RuleStmt': {
      const columns = names.columns(fields.relation)
      walker.expression([fields.whereClause, fields.actions], scopeIn(scope, rowSources(columns)))
      return
    }
    case 'VariableSetStmt': {
      const values = asList(fields.args)
        .flatMap(constantsOf)
        .map((constant) => constant.value)
      if (fields.name === 'search_path') names.setSearchPath(values)
      if (fields.name === 'timezone') hints.zone(values[0])
      return
    }
    default:
      walker.expression(Object.values(fields), scope ?? scopeIn(undefined))
  }
}

function createTable(walker: Walk, fields: Fields): void {
  const { names } = walker
  const elements = asList(fields.tableElts).flatMap((item) => nodeOf(item) ?? [])
  const definitions = elements.flatMap((element) => (element.name === 'ColumnDef' ? [element.fields] : []))
  const borrows = asList(fields.inhRelations).length > 0 || elements.some((element) => element.name === 'TableLikeClause')
  names.create(
    fields.relation,
    definitions.map((definition) => made(walker, definition)),
    borrows,
  )
  for (const definition of definitions) columnConstraints(walker, fields.relation, definition)
  for (const element of elements)
    if (element.name === 'Constraint') walker.onRelation(element.fields.raw_expr, names.columns(fields.relation))
}

function columnConstraints(walker: Walk, relation: unknown, definition: Fields): void {
  const columns = walker.names.columns(relation)
  const scope = scopeIn(undefined, [{ alias: '', columns }])
  for (const item of asList(definition.constraints)) {
    const constraint = fieldsOf(item, 'Constraint') ?? {}
    const isDefault = constraint.contype === 'CONSTR_DEFAULT' || constraint.contype === 'CONSTR_GENERATED'
    if (isDefault) walker.assign(columnOf(columns, asText(definition.colname) ?? ''), constraint.raw_expr, scope)
    else walker.expression(constraint.raw_expr, scope)
  }
}

function alterTable(walker: Walk, relation: unknown, command: Fields): void {
  const { names } = walker
  const name = asText(command.name) ?? ''
  const definition = fieldsOf(command.def, 'ColumnDef')
  if (command.subtype === 'AT_AddColumn' && definition !== undefined) {
    names.addAttribute(relation, made(walker, definition))
    columnConstraints(walker, relation, definition)
    return
  }
  if (command.subtype === 'AT_DropColumn') {
    names.dropAttribute(relation, name)
    return
  }
  const columns = names.columns(relation)
  const constraint = command.subtype === 'AT_AddConstraint' ? fieldsOf(command.def, 'Constraint') : undefined
  if (constraint?.contype === 'CONSTR_FOREIGN') foreignKey(walker, columns, constraint)
  if (constraint?.contype === 'CONSTR_UNIQUE') walker.hints.unify(names.path(relation), keyOf(columns, stringsOf(constraint.keys)))
  const scope = scopeIn(undefined, [aliased(relation, columns)])
  const column = columnOf(columns, name)
  if (command.subtype === 'AT_ColumnDefault') walker.assign(column, command.def, scope)
  else if (command.subtype === 'AT_AlterColumnType') {
    walker.hints.rewrite(column)
    const type = walker.types.ofTree(definition?.typeName)
    const target = column === undefined ? undefined : { ...column, type }
    if (definition?.raw_default === undefined) walker.flow(target, column === undefined ? [] : [column])
    else walker.assign(target, definition.raw_default, scope)
    names.changeType(relation, name, type)
  } else walker.expression(command.def, scope)
}

/** Rows refer so already, or the key could not be added. */
function foreignKey({ names, hints }: Walk, columns: Columns, constraint: Fields): void {
  const parent = names.columns(constraint.pktable)
  const named = stringsOf(constraint.pk_attrs ?? [])
  const key = named.length > 0 ? named : hints.primaryKey(names.path(constraint.pktable))
  const own = stringsOf(constraint.fk_attrs ?? [])
  for (const [at, attribute] of own.entries()) hints.equal(columnOf(columns, attribute), columnOf(parent, key[at] ?? ''))
}

function made(walker: Walk, definition: Fields): MadeAttribute {
  return { name: asText(definition.colname) ?? '', type: walker.types.ofTree(definition.typeName) }
}

/** The columns of a key, by their names. */
function keyOf(columns: Columns, names: readonly unknown[]): readonly (Reference | undefined)[] {
  return names.flatMap((name) => (typeof name === 'string' ? [columnOf(columns, name)] : []))
}
