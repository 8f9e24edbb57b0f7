import { asList, asText, fieldsOf, isFields, nodeOf, stringsOf } from './tree.ts'

/** A constant in SQL, its text unquoted. */
export interface Constant {
  readonly kind: 'text' | 'number' | 'boolean'
  readonly value: string
}

/** Longer texts are data, not something that rows are told apart by. */
const longest = 200

/** The constants that an expression plainly is: one, a list or array of them, casts aside. NULL is none. */
export function constantsOf(expression: unknown): readonly Constant[] {
  if (Array.isArray(expression)) return expression.flatMap(constantsOf)
  const node = nodeOf(expression)
  switch (node?.name) {
    case 'A_Const':
      return constantOf(node.fields)
    case 'TypeCast':
      return constantsOf(node.fields.arg).flatMap((constant) =>
        castTo(constant, stringsOf(fieldsOf(node.fields, 'typeName')?.names).at(-1), node.fields.typeName),
      )
    case 'CollateClause':
      return constantsOf(node.fields.arg)
    case 'A_ArrayExpr':
      return asList(node.fields.elements).flatMap(constantsOf)
    case 'List':
      return asList(node.fields.items).flatMap(constantsOf)
    case 'FuncCall': {
      const name = stringsOf(node.fields.funcname).at(-1) ?? ''
      return name === 'like_escape' || name === 'similar_to_escape' ? constantsOf(asList(node.fields.args)[0]) : []
    }
    default:
      return []
  }
}

/** The constants that an expression may come to: those of CASE results, COALESCE and the like included. */
export function possibleConstants(expression: unknown): readonly Constant[] {
  const node = nodeOf(expression)
  switch (node?.name) {
    case 'CaseExpr':
      return [...asList(node.fields.args).map((when) => fieldsOf(when, 'CaseWhen')?.result), node.fields.defresult].flatMap(
        possibleConstants,
      )
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return asList(node.fields.args).flatMap(possibleConstants)
    case 'TypeCast':
      return constantsOf(expression).length > 0 ? constantsOf(expression) : possibleConstants(node.fields.arg)
    default:
      return constantsOf(expression)
  }
}

/** The one text that an expression is, or undefined. */
export function textConstant(expression: unknown): string | undefined {
  const [constant, ...more] = constantsOf(expression)
  return constant?.kind === 'text' && more.length === 0 ? constant.value : undefined
}

/** The elements of a one-dimensional array literal such as `{a,"b c"}`; NULL elements are left out. */
export function arrayElements(literal: string): readonly string[] {
  const inner = /^\s*\{([\s\S]*)\}\s*$/.exec(literal)?.[1]
  if (inner === undefined) return []
  return [...inner.matchAll(/"((?:[^"\\]|\\[\s\S])*)"|([^,{}"]+)/g)].flatMap(([, quoted, bare]) => {
    if (quoted !== undefined) return quoted.replace(/\\([\s\S])/g, '$1')
    const text = bare?.trim() ?? ''
    return text === '' || /^null$/i.test(text) ? [] : text
  })
}

function constantOf(fields: Readonly<Record<string, unknown>>): readonly Constant[] {
  if (isFields(fields.ival)) return [{ kind: 'number', value: String(fields.ival.ival ?? 0) }]
  if (isFields(fields.fval)) return [{ kind: 'number', value: asText(fields.fval.fval) ?? '0' }]
  if (isFields(fields.boolval)) return [{ kind: 'boolean', value: String(fields.boolval.boolval === true) }]
  if (!isFields(fields.sval)) return []
  const value = asText(fields.sval.sval) ?? ''
  return value.length > longest ? [] : [{ kind: 'text', value }]
}

function castTo(constant: Constant, type: string | undefined, typeName: unknown): readonly Constant[] {
  const isArray = isFields(typeName) && asList(typeName.arrayBounds).length > 0
  if (constant.kind !== 'text') return [constant]
  const named = isFields(typeName) ? (stringsOf(typeName.names).at(-1) ?? type ?? '') : (type ?? '')
  if (isArray && constant.value.trim().startsWith('{'))
    return arrayElements(constant.value).map((value) => ({ kind: kindOf(named), value }))
  // A name that is looked up in the catalog is no datum.
  return named.startsWith('reg') ? [] : [{ kind: kindOf(named), value: constant.value }]
}

function kindOf(type: string): Constant['kind'] {
  if (/^(int[248]|integer|smallint|bigint|numeric|decimal|float[48]|real)$/.test(type)) return 'number'
  return type === 'bool' || type === 'boolean' ? 'boolean' : 'text'
}

/** The texts of the constants that an expression plainly is. */
export function plainConstants(expression: unknown): readonly string[] {
  return constantsOf(expression).map(({ value }) => value)
}
