import {
  asList,
  asText,
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  nodeOf,
  stringsOf,
  type TreeNode,
  tryParse,
  tryParseExpression,
  tryParsePlpgsql,
} from './tree.ts'

/** A body that DO runs or a function keeps. */
export interface Body {
  /** Lower case: `sql`, `plpgsql`, `plpython3u`, … */
  readonly language: string
  /** Undefined for a body of BEGIN ATOMIC, which is in the tree already. */
  readonly text: string | undefined
}

/** The body of a DO or CREATE FUNCTION statement; undefined for any other. */
export function bodyOf(tree: unknown): Body | undefined {
  const node = nodeOf(tree)
  if (node?.name !== 'DoStmt' && node?.name !== 'CreateFunctionStmt') return undefined
  const options = asList(node.name === 'DoStmt' ? node.fields.args : node.fields.options).map((item) => fieldsOf(item, 'DefElem'))
  const option = (wanted: string): unknown => options.find((item) => item?.defname === wanted)?.arg
  const language = asText(fieldsOf(option('language'), 'String')?.sval) ?? (node.name === 'DoStmt' ? 'plpgsql' : 'sql')
  const as = option('as')
  return {
    language: language.toLowerCase(),
    text: asText(fieldsOf(as, 'String')?.sval) ?? (isFields(as) ? stringsOf(as).at(0) : undefined),
  }
}

/** One SQL text inside a PL/pgSQL body, parsed. */
export interface BodyQuery {
  readonly tree: unknown
  /** For `name := expression`: the name as it is written; `tree` is then the bare expression. */
  readonly assigned: string | undefined
}

/** PL/pgSQL's own nodes of a DO or CREATE FUNCTION statement, outermost first; undefined where its parser refuses the body. */
export function plpgsqlNodes(statement: string): readonly TreeNode[] | undefined {
  const functions = tryParsePlpgsql(statement)
  return functions === undefined ? undefined : [...everyNode(functions)]
}

/** The SQL of a `PLpgSQL_expr` node: a statement, an expression or an assignment, as its parse mode says; none where it does not parse. */
export function bodyQueries(expression: Fields): readonly BodyQuery[] {
  const query = asText(expression.query) ?? ''
  // RawParseMode: 0 a statement, 2 an expression, 3 to 5 an assignment with so many names before it.
  if (expression.parseMode === undefined || expression.parseMode === 0) {
    return (tryParse(query) ?? []).map((tree) => ({ tree, assigned: undefined }))
  }
  const assignment = expression.parseMode === 2 ? null : /^\s*([^:=]+?)\s*:?=([\s\S]*)$/.exec(query)
  const tree = tryParseExpression(assignment?.[2] ?? query)
  return tree === undefined ? [] : [{ tree, assigned: assignment?.[1] }]
}
