import { asList, asText, fieldsOf, nodeOf, stringsOf } from '../migration/index.ts'
import { functionName } from './calls.ts'
import { notNullOf, type Source } from './sources.ts'

/** `always`: by its form alone; else by constraints of the columns in it. */
export type NeverNull = 'always' | { readonly because: string } | undefined

/** Functions that never give NULL. */
const whole =
  /^(now|(clock|statement|transaction)_timestamp|gen_random_uuid|random|num_nulls|num_nonnulls|count|concat|jsonb?_build_(object|array)|row_number|rank|dense_rank)$/

/** Functions that give NULL only for NULL. */
const strict =
  /^(lower|upper|initcap|btrim|ltrim|rtrim|length|char_length|octet_length|abs|round|trunc|floor|ceil|ceiling|replace|left|right|concat_ws|md5|translate|lpad|rpad|repeat|reverse)$/
const strictOperators = /^(=|<>|!=|<|>|<=|>=|\+|-|\*|\/|%|\|\||~~|!~~|~~\*|!~~\*|~|!~|~\*|!~\*)$/

/** Why an expression is never NULL; undefined where it may be, or nothing is known. */
export function neverNull(sources: readonly Source[], tree: unknown): NeverNull {
  const node = nodeOf(tree)
  if (node === undefined) return undefined
  const { name, fields } = node
  switch (name) {
    case 'A_Const':
      return fields.isnull === true ? undefined : 'always'
    case 'ColumnRef': {
      const because = notNullOf(sources, tree)
      return because === undefined ? undefined : { because }
    }
    case 'SQLValueFunction':
    case 'NullTest':
    case 'BooleanTest':
      return 'always'
    case 'SubLink':
      return fields.subLinkType === 'EXISTS_SUBLINK' || fields.subLinkType === 'ARRAY_SUBLINK' || countsRows(fields) ? 'always' : undefined
    case 'BoolExpr':
      return together(asList(fields.args).map((each) => neverNull(sources, each)))
    case 'TypeCast':
    case 'CollateClause':
      return neverNull(sources, fields.arg)
    case 'CoalesceExpr':
      return asList(fields.args)
        .map((each) => neverNull(sources, each))
        .find((each) => each !== undefined)
    case 'FuncCall':
      if (whole.test(functionName(fields))) return 'always'
      return strict.test(functionName(fields)) ? together(asList(fields.args).map((each) => neverNull(sources, each))) : undefined
    case 'A_Expr':
      return ofOperator(sources, fields)
    default:
      return undefined
  }
}

/** `(SELECT count(*) FROM …)`: one row, whatever there is. */
function countsRows({ subLinkType, subselect }: Readonly<Record<string, unknown>>): boolean {
  const select = fieldsOf(subselect, 'SelectStmt')
  if (subLinkType !== 'EXPR_SUBLINK' || select === undefined || select.groupClause !== undefined || select.havingClause !== undefined)
    return false
  const count = fieldsOf(fieldsOf(asList(select.targetList)[0], 'ResTarget')?.val, 'FuncCall')
  return count !== undefined && count.over === undefined && functionName(count) === 'count' && select.limitCount === undefined
}

function ofOperator(sources: readonly Source[], fields: Readonly<Record<string, unknown>>): NeverNull {
  const kind = asText(fields.kind)
  if (kind === 'AEXPR_DISTINCT' || kind === 'AEXPR_NOT_DISTINCT') return 'always'
  const plain = kind === 'AEXPR_OP' && strictOperators.test(stringsOf(fields.name).at(-1) ?? '')
  const listed = /^AEXPR_(IN|BETWEEN|NOT_BETWEEN|LIKE|ILIKE)$/.test(kind ?? '')
  if (!plain && !listed) return undefined
  const right = fieldsOf(fields.rexpr, 'List') === undefined ? [fields.rexpr] : asList(fields.rexpr)
  const sides = [...(fields.lexpr === undefined ? [] : [fields.lexpr]), ...right]
  return together(sides.map((each) => neverNull(sources, each)))
}

function together(all: readonly NeverNull[]): NeverNull {
  if (all.some((each) => each === undefined)) return undefined
  const reasons = [...new Set(all.flatMap((each) => (each === undefined || each === 'always' ? [] : [each.because])))]
  return reasons.length === 0 ? 'always' : { because: reasons.join(' and ') }
}
