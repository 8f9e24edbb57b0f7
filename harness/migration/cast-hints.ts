import type { CastCollector } from './cast-collector.ts'
import { formatType } from './cast-type.ts'
import { constantsOf } from './constant.ts'
import type { Reference } from './relation-names.ts'
import { resolveExpression, type Scope } from './scope.ts'
import { asList, type Fields, fieldsOf, nodeOf, stringsOf } from './tree.ts'

/** Functions whose result is made of their first argument's values. */
const derived =
  /^(lower|upper|initcap|btrim|ltrim|rtrim|trim|unaccent|abs|round|trunc|floor|ceil|ceiling|replace|regexp_replace|translate|split_part|left|right|substr|substring|sum|min|max|avg|coalesce|nullif|string_agg|array_agg|any_value)$/

/** The attributes whose values an expression may come to, perhaps changed on the way. */
export function subjectsOf(expression: unknown, scope: Scope): readonly Reference[] {
  const direct = resolveExpression(expression, scope)
  const node = nodeOf(expression)
  const { name, fields } = node ?? { name: '', fields: {} }
  switch (name) {
    case 'CaseExpr':
      return [...asList(fields.args).map((when) => fieldsOf(when, 'CaseWhen')?.result), fields.defresult].flatMap((each) =>
        subjectsOf(each, scope),
      )
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return asList(fields.args).flatMap((each) => subjectsOf(each, scope))
    case 'TypeCast':
      return subjectsOf(fields.arg, scope).map((reference) => ({ ...reference, castTo: fields.typeName, shift: undefined }))
    case 'FuncCall':
      if (/^(concat|concat_ws|format)$/.test(stringsOf(fields.funcname).at(-1) ?? '')) return joined(asList(fields.args), scope)
      return direct === undefined && derived.test(stringsOf(fields.funcname).at(-1) ?? '')
        ? subjectsOf(asList(fields.args)[0], scope)
        : listOf(direct)
    case 'A_Expr':
      return direct === undefined && fields.kind === 'AEXPR_OP' ? operands(fields, scope) : listOf(direct)
    default:
      return listOf(direct)
  }
}

/** What calls say of the types, lengths and scales that attributes are brought to. */
export function callCasts(fields: Fields, scope: Scope, casts: CastCollector): void {
  const name = stringsOf(fields.funcname).at(-1) ?? ''
  const [subject, ...rest] = asList(fields.args)
  const numbers = rest.map((arg) => Number(constantsOf(arg)[0]?.value ?? Number.NaN))
  const each = (act: (reference: Reference) => void) => {
    for (const reference of subjectsOf(subject, scope)) act(reference)
  }
  if (name === 'left' || ((name === 'substr' || name === 'substring') && numbers[0] === 1)) {
    const length = numbers.at(-1)
    if (length !== undefined && (name === 'left' || numbers.length === 2)) each((reference) => casts.length(reference, length))
  } else if (/^[lr]pad$/.test(name) && numbers[0] !== undefined) each((reference) => casts.length(reference, numbers[0] ?? 0))
  else if (/^(round|trunc|floor|ceil|ceiling)$/.test(name))
    each((reference) => casts.scale(reference, rest.length === 0 ? 0 : (numbers[0] ?? 0)))
  else {
    const type = resultOf(name)
    if (type !== undefined) each((reference) => casts.cast(reference, builtIn(type)))
  }
}

/** `char_length(c) <= 60`: texts on either side of the border. */
export function lengthComparison(left: unknown, right: unknown, scope: Scope, casts: CastCollector): void {
  const call = fieldsOf(left, 'FuncCall')
  if (call === undefined || !/^(char_length|character_length|length|octet_length)$/.test(stringsOf(call.funcname).at(-1) ?? '')) return
  for (const { kind, value } of constantsOf(right))
    if (kind === 'number') casts.length(resolveExpression(asList(call.args)[0], scope), Number(value))
}

function operands(fields: Fields, scope: Scope): readonly Reference[] {
  const operator = stringsOf(fields.name).at(-1) ?? ''
  if (operator === '||') return joined([fields.lexpr, fields.rexpr], scope)
  if (!/^[-+*/%]$/.test(operator)) return []
  const factor =
    operator === '*' ? [fields.lexpr, fields.rexpr].flatMap(constantsOf).find(({ kind }) => kind === 'number')?.value : undefined
  // `price * 100` keeps two decimals of an integer.
  const shift = factor !== undefined && /^10+$/.test(factor) ? factor.length - 1 : undefined
  const found = [fields.lexpr, fields.rexpr].flatMap((side) => subjectsOf(side, scope))
  return shift === undefined ? found : found.map((reference) => ({ ...reference, shift }))
}

/** Of a text that is put together: its parts. */
function joined(parts: readonly unknown[], scope: Scope): readonly Reference[] {
  return parts.flatMap((part) => subjectsOf(part, scope)).map((reference) => ({ ...reference, joined: true }))
}

function resultOf(name: string): string | undefined {
  if (/^(int[248]|float[48]|numeric|bool|date|timestamp|timestamptz|uuid|jsonb)$/.test(name)) return name
  return name === 'to_date' ? 'date' : name === 'to_timestamp' ? 'timestamptz' : name === 'to_number' ? 'numeric' : undefined
}

function builtIn(name: string) {
  return { name, modifiers: [], array: false, labels: undefined, text: formatType(name, [], false), checks: [] }
}

function listOf(reference: Reference | undefined): readonly Reference[] {
  return reference === undefined ? [] : [reference]
}
