import { asList, asText, fieldsOf, plainConstants, stringsOf, tryParseExpression } from '../../migration/index.ts'
import type { Guard } from './body-places.ts'

/** Conditions that the catalog decides, not rows: an object is there already, or is not. */
const ofObjects = /^(duplicate_(?!key)\w+|undefined_\w+|invalid_(schema|catalog)_name|insufficient_privilege|feature_not_supported)$/i
const definesOnly = /^(create(?!\s+unique)|drop|grant|revoke|comment|alter(?!\s+table)|set|null|raise\s+(notice|info|log|debug|warning))\b/i

/**
 * Whether rows can decide that a handler is entered.
 *
 * @param statements  Those of its block.
 * @param handler  `WHEN unique_violation OR …`.
 */
export function touchesRows(statements: readonly string[], handler: string): boolean {
  const names = handler.slice('WHEN'.length).split(/\bor\b/i)
  if (names.every((name) => ofObjects.test(name.trim()))) return false
  return statements.some((text) => !definesOnly.test(text) && (!/^alter\s/i.test(text) || /constraint|not\s+null|\btype\b/i.test(text)))
}

/** Why a place in a trigger's function is never come to: it stands behind a test of TG_OP that no statement of the migration meets. */
export function impossibleEvent(guards: readonly Guard[], events: ReadonlySet<string> | undefined): string | undefined {
  if (events === undefined) return undefined
  const isImpossible = (tree: unknown, truth: boolean): boolean => {
    const bool = fieldsOf(tree, 'BoolExpr')
    if (bool?.boolop === 'AND_EXPR' && truth) return asList(bool.args).some((each) => isImpossible(each, true))
    if (bool?.boolop === 'OR_EXPR' && !truth) return asList(bool.args).some((each) => isImpossible(each, false))
    const test = fieldsOf(tree, 'A_Expr')
    if (test === undefined || stringsOf(fieldsOf(test.lexpr, 'ColumnRef')?.fields)[0] !== 'tg_op') return false
    const named = plainConstants(test.rexpr).map((value) => value.toUpperCase())
    const operator = stringsOf(test.name)[0]
    if (!/^AEXPR_(OP|IN)$/.test(asText(test.kind) ?? '') || !['=', '<>', '!='].includes(operator ?? '') || named.length === 0) return false
    const inside = (operator === '=') === truth
    return ![...events].some((event) => named.includes(event) === inside)
  }
  const impossible = guards.some((guard) => guard.kind === 'condition' && isImpossible(tryParseExpression(`(${guard.text})`), guard.truth))
  return impossible ? `the migration fires the trigger on ${[...events].join(' and ')} only` : undefined
}
