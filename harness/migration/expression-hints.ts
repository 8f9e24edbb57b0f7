import { lengthComparison } from './cast-hints.ts'
import { constantsOf, possibleConstants, textConstant } from './constant.ts'
import type { HintCollector, LiteralUse } from './hint-collector.ts'
import type { Reference } from './relation-names.ts'
import { jsonSteps, pathKeys, resolveExpression, type Scope } from './scope.ts'
import { asList, type Fields, fieldsOf, nodeOf, stringsOf } from './tree.ts'

/** What an expression node itself tells, its children aside. */
export function expressionHints(name: string, fields: Fields, scope: Scope, hints: HintCollector): void {
  if (name === 'A_Expr') operatorHints(fields, scope, hints)
  else if (name === 'CaseExpr') caseHints(fields, scope, hints)
  else if (name === 'CoalesceExpr' || name === 'MinMaxExpr') {
    const args = asList(fields.args)
    const constants = args.flatMap(constantsOf)
    for (const arg of args) {
      const reference = resolveExpression(arg, scope)
      if (reference !== undefined) hints.literals(reference, constants, { ordered: name === 'MinMaxExpr' })
    }
  } else if (name === 'FuncCall') callHints(fields, scope, hints)
  else if (name === 'A_Indirection') {
    const keys = asList(fields.indirection).map((step) => textConstant(fieldsOf(step, 'A_Indices')?.uidx))
    hints.jsonKey(
      resolveExpression(fields.arg, scope),
      keys.filter((key) => key !== undefined),
    )
  }
}

/** What an attribute is given: the constants that the expression may come to, and the keys of the JSON that it builds. */
export function assignmentHints(target: Reference | undefined, value: unknown, hints: HintCollector, use: LiteralUse = {}): void {
  hints.literals(target, possibleConstants(value), use)
  for (const path of builtKeys(value)) hints.jsonKey(target, path)
}

/** How two sides are compared. */
interface ComparisonUse extends LiteralUse {
  /** The two are equal where it holds. */
  readonly equality: boolean
}

/** `left = right` and its kin. */
function comparisonHints(left: unknown, right: unknown, scope: Scope, hints: HintCollector, how: ComparisonUse): void {
  const { equality, ...use } = how
  const [leftRow, rightRow] = [fieldsOf(left, 'RowExpr'), fieldsOf(right, 'RowExpr')]
  if (leftRow !== undefined && rightRow !== undefined) {
    const rights = asList(rightRow.args)
    for (const [index, item] of asList(leftRow.args).entries()) comparisonHints(item, rights[index], scope, hints, how)
    return
  }
  lengthComparison(left, right, scope, hints.casts)
  lengthComparison(right, left, scope, hints.casts)
  const [from, to] = [resolveExpression(left, scope), resolveExpression(right, scope)]
  if (from !== undefined && to !== undefined) {
    if (equality) hints.equal(from, to)
    else if (use.ordered === true) hints.meet(from, to)
    return
  }
  if (isTriggerVariable(left) || isTriggerVariable(right)) return
  if (to === undefined) hints.literals(from, constantsOf(right), use)
  if (from === undefined) hints.literals(to, constantsOf(left), use)
}

function operatorHints(fields: Fields, scope: Scope, hints: HintCollector): void {
  const { lexpr, rexpr } = fields
  const operator = stringsOf(fields.name).at(-1) ?? ''
  const compare = (equality: boolean, use: LiteralUse = {}) => comparisonHints(lexpr, rexpr, scope, hints, { equality, ...use })
  if (operator === '/' || operator === '%') hints.divide(resolveExpression(rexpr, scope))
  switch (fields.kind) {
    case 'AEXPR_IN':
      for (const item of asList(rexpr)) comparisonHints(lexpr, item, scope, hints, { equality: operator === '=' })
      return
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      hints.literals(resolveExpression(lexpr, scope), arrayConstants(rexpr), { ordered: /[<>]/.test(operator) && operator !== '<>' })
      return
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
    case 'AEXPR_SIMILAR':
      compare(false, { pattern: fields.kind === 'AEXPR_SIMILAR' ? 'regex' : 'like' })
      return
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      for (const bound of asList(rexpr)) comparisonHints(lexpr, bound, scope, hints, { equality: false, ordered: true })
      return
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
    case 'AEXPR_NULLIF':
      compare(fields.kind === 'AEXPR_NOT_DISTINCT')
      return
  }
  if (operator === '=' || operator === '<>' || operator === '!=') compare(operator === '=')
  else if (/^[<>]=?$/.test(operator)) compare(false, { ordered: true })
  else if (/^!?~~\*?$/.test(operator)) compare(false, { pattern: 'like' })
  else if (/^!?~\*?$/.test(operator)) compare(false, { pattern: 'regex' })
  else if (operator === '^@') compare(false)
  else jsonOperatorHints(operator, lexpr, rexpr, scope, hints)
}

function arrayConstants(expression: unknown) {
  const literal = textConstant(expression)
  return literal?.trim().startsWith('{') === true
    ? (pathKeys(expression) ?? []).map((value) => ({ kind: 'text' as const, value }))
    : constantsOf(expression)
}

function jsonOperatorHints(operator: string, left: unknown, right: unknown, scope: Scope, hints: HintCollector): void {
  const reference = resolveExpression(left, scope)
  const steps = jsonSteps(operator, right)
  if (steps !== undefined) hints.jsonKey(reference, steps)
  else if (operator === '?' || operator === '?|' || operator === '?&')
    for (const key of constantsOf(right)) hints.jsonKey(reference, [key.value])
  else if (operator === '@>') for (const path of keysOfJson(textConstant(right))) hints.jsonKey(reference, path)
  else if (operator === '#-') hints.jsonKey(reference, pathKeys(right) ?? [])
  else if (operator === '-' && hints.isJson(reference)) hints.jsonKey(reference, pathKeys(right) ?? [])
  else if (operator === '@?' || operator === '@@') hints.jsonKey(reference, keysOfJsonPath(textConstant(right)))
}

function caseHints(fields: Fields, scope: Scope, hints: HintCollector): void {
  if (fields.arg === undefined) return
  for (const when of asList(fields.args)) comparisonHints(fields.arg, fieldsOf(when, 'CaseWhen')?.expr, scope, hints, { equality: true })
}

/** Functions that look for a text in their argument: what they look for is worth having in it. */
const searches =
  /^(split_part|string_to_array|string_to_table|strpos|position|replace|translate|starts_with|btrim|ltrim|rtrim|regexp_\w+|substring)$/

function callHints(fields: Fields, scope: Scope, hints: HintCollector): void {
  const name = stringsOf(fields.funcname).at(-1) ?? ''
  const [subject, ...rest] = asList(fields.args)
  if (name === 'timezone') hints.zone(textConstant(subject))
  else if (name === 'set_config' && /^timezone$/i.test(textConstant(subject) ?? '')) hints.zone(textConstant(rest[0]))
  else if (searches.test(name)) {
    const pattern = name.startsWith('regexp_') || name === 'substring' ? { pattern: 'regex' as const } : {}
    const texts = constantsOf(rest[0]).filter((constant) => constant.kind === 'text')
    if (texts.length > 0) hints.literals(resolveExpression(subject, scope), texts, pattern)
  } else if (/^jsonb?_(set|insert|set_lax)$/.test(name)) hints.jsonKey(resolveExpression(subject, scope), pathKeys(rest[0]) ?? [])
  else if (/^jsonb?_extract_path(_text)?$/.test(name)) {
    hints.jsonKey(
      resolveExpression(subject, scope),
      rest.flatMap(constantsOf).map((key) => key.value),
    )
  } else if (/^jsonb?_path_\w+$/.test(name)) hints.jsonKey(resolveExpression(subject, scope), keysOfJsonPath(textConstant(rest[0])))
}

/** The paths of the keys in `jsonb_build_object('a', …, 'b', jsonb_build_object(…))`. */
function builtKeys(expression: unknown): readonly (readonly string[])[] {
  const node = nodeOf(expression)
  if (node?.name === 'TypeCast') return builtKeys(node.fields.arg)
  if (node?.name === 'A_Expr' && stringsOf(node.fields.name).at(-1) === '||')
    return [...builtKeys(node.fields.lexpr), ...builtKeys(node.fields.rexpr)]
  if (node?.name === 'CoalesceExpr') return asList(node.fields.args).flatMap(builtKeys)
  const name = stringsOf(node?.fields.funcname).at(-1) ?? ''
  if (/^jsonb?_agg$/.test(name)) return builtKeys(asList(node?.fields.args)[0]).map((path) => ['0', ...path])
  if (!/^jsonb?_build_object$/.test(name)) return []
  const args = asList(node?.fields.args)
  return args.flatMap((key, index) => {
    const text = index % 2 === 0 ? textConstant(key) : undefined
    if (text === undefined) return []
    const inner = builtKeys(args[index + 1])
    return inner.length === 0 ? [[text]] : inner.map((path) => [text, ...path])
  })
}

function keysOfJson(text: string | undefined): readonly (readonly string[])[] {
  try {
    return text === undefined ? [] : leafPaths(JSON.parse(text))
  } catch {
    return []
  }
}

function leafPaths(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  return Object.entries(value).flatMap(([key, inner]) => leafPaths(inner).map((path) => [key, ...path]))
}

/** The plain member accessors at the start of an SQL/JSON path: `$.a.b[*].c ? (…)`. */
function keysOfJsonPath(path: string | undefined): readonly string[] {
  const accessors = /^\s*(?:strict|lax)?\s*\$((?:\s*\.\s*(?:"[^"]*"|[\w$]+)|\s*\[[^\]]*\])*)/.exec(path ?? '')?.[1] ?? ''
  return [...accessors.matchAll(/\.\s*(?:"([^"]*)"|([\w$]+))|\[/g)].map(([whole, quoted, bare]) =>
    whole === '[' ? '0' : (quoted ?? bare ?? ''),
  )
}

function isTriggerVariable(expression: unknown): boolean {
  return /^tg_/.test(stringsOf(fieldsOf(expression, 'ColumnRef')?.fields).at(-1) ?? '')
}
