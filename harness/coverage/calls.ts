import { asList, everyNode, type Fields, nodeOf, stringsOf } from '../migration/index.ts'

/** The bare name of the function that a call names. */
export function functionName(call: Fields): string {
  return stringsOf(call.funcname).at(-1) ?? ''
}

/** Whether an expression names a column at all. */
export function namesColumn(tree: unknown): boolean {
  return [...everyNode(tree)].some(({ name }) => name === 'ColumnRef')
}

const aggregates =
  /^(count|sum|avg|min|max|array_agg|string_agg|jsonb?_agg(_strict)?|jsonb?_object_agg(_strict|_unique)?|bool_and|bool_or|every|bit_(and|or|xor)|any_value|range_agg|range_intersect_agg|xmlagg|mode|percentile_(cont|disc)|stddev(_pop|_samp)?|variance|var_(pop|samp))$/

/** Whether a node is a call of an aggregate, as far as its name and form tell; a window's call is none. */
export function isAggregate(tree: unknown): boolean {
  const node = nodeOf(tree)
  if (node?.name !== 'FuncCall' || node.fields.over !== undefined) return false
  const { fields } = node
  return (
    fields.agg_star === true ||
    fields.agg_filter !== undefined ||
    asList(fields.agg_order).length > 0 ||
    aggregates.test(functionName(fields))
  )
}
