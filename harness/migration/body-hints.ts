import { bodyOf, bodyQueries, plpgsqlNodes } from './body.ts'
import { textConstant } from './constant.ts'
import { type Columns, noColumns, type Reference, type RelationNames } from './relation-names.ts'
import { resolveExpression, rowSources, type Scope, scopeIn } from './scope.ts'
import { asList, asText, type Fields, fieldsOf, nodeOf, stringsOf, type TreeNode, tryParse } from './tree.ts'
import type { Walk } from './walk.ts'

/** A body of DO or of a function: statements of SQL, or PL/pgSQL's with its records and NEW and OLD. */
export function bodyHints(walker: Walk, names: RelationNames, triggered: ReadonlyMap<string, unknown>, tree: unknown, text: string): void {
  const fields = nodeOf(tree)?.fields ?? {}
  const body = bodyOf(tree)
  const relation = triggered.get(stringsOf(fields.funcname).at(-1) ?? '')
  const scope = scopeIn(undefined, relation === undefined ? [] : rowSources(names.columns(relation)))
  if (body?.text === undefined) walker.expression(fields.sql_body, scope)
  else if (body.language === 'sql') for (const statement of tryParse(body.text) ?? []) walker.statement(statement, scope)
  else if (body.language === 'plpgsql') plpgsqlHints(walker, names, plpgsqlNodes(text) ?? [], scope)
}

function plpgsqlHints(walker: Walk, names: RelationNames, nodes: readonly TreeNode[], outer: Scope): void {
  const variables = new Set(nodes.flatMap((node) => (node.name === 'PLpgSQL_var' ? (asText(node.fields.refname) ?? []) : [])))
  const scope = scopeIn(outer, [], variables)
  const done = new Set<unknown>()
  const run = (expression: unknown): Columns => {
    const fields = fieldsOf(expression, 'PLpgSQL_expr')
    if (fields === undefined || done.has(fields)) return noColumns
    done.add(fields)
    return queryHints(walker, fields, scope)
  }
  for (const { name, fields } of nodes) {
    const record = asText(fieldsOf(fields.var ?? fields.target, 'PLpgSQL_rec')?.refname)
    if (name === 'PLpgSQL_rec' || name === 'PLpgSQL_var') recordVariable(names, fields, name === 'PLpgSQL_rec', scope)
    else if (record !== undefined && name === 'PLpgSQL_stmt_fors') remember(scope, record, run(fields.query))
    else if (record !== undefined && name === 'PLpgSQL_stmt_execsql') remember(scope, record, run(fields.sqlstmt))
    else if (name === 'PLpgSQL_expr') run({ PLpgSQL_expr: fields })
  }
}

function recordVariable(names: RelationNames, fields: Fields, isRecord: boolean, scope: Scope): void {
  const alias = asText(fields.refname) ?? ''
  const declared = asText(fieldsOf(fields.datatype, 'PLpgSQL_type')?.typname) ?? 'record'
  const type = declared.replace(/%rowtype$/i, '')
  // A variable of a row type is a record to PL/pgSQL's parser, and a plain variable where it is written with %ROWTYPE.
  if (type === 'record' || (!isRecord && type === declared) || scope.sources.some((source) => source.alias === alias)) return
  const parts = [...type.matchAll(/"((?:[^"]|"")*)"|([^."]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare?.toLowerCase(),
  )
  remember(scope, alias, names.columns({ relname: parts.at(-1), schemaname: parts.at(-2) }))
}

function queryHints(walker: Walk, fields: Fields, scope: Scope): Columns {
  let columns = noColumns
  for (const { tree, assigned } of bodyQueries(fields)) {
    if (assigned !== undefined) walker.assign(resolveAssigned(assigned, scope), tree, scope)
    else if (nodeOf(tree)?.name.endsWith('Stmt') === true) columns = walker.statement(tree, scope)
    else expressionOrText(walker, tree, scope)
  }
  return columns
}

/** A text that is run as SQL is SQL. */
function expressionOrText(walker: Walk, tree: unknown, scope: Scope): void {
  const text = textConstant(tree)
  const statements = text !== undefined && /\s/.test(text.trim()) ? tryParse(text) : undefined
  if (statements === undefined) walker.expression(tree, scope)
  else for (const statement of statements) walker.statement(statement, scope)
}

function resolveAssigned(assigned: string, scope: Scope): Reference | undefined {
  const [statement] = tryParse(`SELECT ${assigned}`) ?? []
  return resolveExpression(fieldsOf(asList(fieldsOf(statement, 'SelectStmt')?.targetList)[0], 'ResTarget')?.val, scope)
}

function remember(scope: Scope, alias: string, columns: Columns): void {
  scope.sources.unshift({ alias, columns, qualifiedOnly: true })
}
