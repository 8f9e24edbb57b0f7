import { constantOf } from './expression.ts'
import type { Condition } from './model.ts'
import type { RelationDraft } from './relation-draft.ts'

/**
 * The parts of a partial index's predicate, each about one attribute, that cells alone decide: NULL tests, flags, constants. What is
 * written otherwise is left out, and then a row counts as in the index.
 *
 * @param predicate  As `pg_get_expr` writes it: `((deleted_at IS NULL) AND (state = 'live'::text))`.
 */
export function conditionsOf(predicate: string | undefined, draft: RelationDraft): readonly Condition[] {
  if (predicate === undefined) return []
  return conjuncts(predicate).flatMap((text) => conditionOf(text, draft) ?? [])
}

const attribute = String.raw`\(?("(?:[^"]|"")+"|[a-z_][\w$]*)\)?(?:::(?:text|bpchar))?`
const nullTest = new RegExp(`^${attribute} IS (NOT )?NULL$`)
const flagTest = new RegExp(`^(NOT )?${attribute}(?: IS (NOT )?(TRUE|FALSE))?$`)
const comparison = new RegExp(`^${attribute} (=|<>) (.+)$`)
const list = new RegExp(String.raw`^${attribute} = ANY \(\(*ARRAY\[(.+)\]\)*(?:::[\w ]+\[\]\)*)?\)$`)

function conditionOf(text: string, draft: RelationDraft): Condition | undefined {
  const find = (name: string | undefined) => {
    const bare = name?.startsWith('"') === true ? name.slice(1, -1).replaceAll('""', '"') : name
    const at = draft.attributes.findIndex(({ source }) => source.name === bare)
    const found = draft.attributes[at]
    return found === undefined || found.source.generated !== undefined ? undefined : { at, draft: found }
  }
  const [, tested, not] = nullTest.exec(text) ?? []
  const nullable = find(tested)
  if (nullable !== undefined) return { attribute: nullable.at, holds: (cell) => (cell !== null) === (not !== undefined) }

  const [, members, constants] = list.exec(text) ?? []
  const [, compared, operator, constant] = comparison.exec(text) ?? []
  const left = find(members ?? compared)
  const values = members === undefined ? [constantOf(constant)] : (constants ?? '').split(/, (?=(?:[^']*'[^']*')*[^']*$)/).map(constantOf)
  const maker = left?.draft.maker
  if (left !== undefined && maker !== undefined && values.every((value) => value !== undefined)) {
    const keys = new Set(values.map((value) => maker.key(value)))
    return { attribute: left.at, holds: (cell) => cell !== null && keys.has(maker.key(cell)) === (operator !== '<>') }
  }

  const [, negated, flag, isNot, truth] = flagTest.exec(text) ?? []
  const switched = find(flag)
  if (switched?.draft.source.type !== 'boolean') return undefined
  const wanted = (negated === undefined) === (truth !== 'FALSE')
  const tells = (cell: string | null) => cell !== null && /^\s*(t|y|on|1)/i.test(cell) === wanted
  return { attribute: switched.at, holds: isNot === undefined ? tells : (cell) => !tells(cell) }
}

/** `((a) AND (b))` → `a`, `b`; outer brackets gone. None where alternatives stand between. */
export function conjuncts(text: string): readonly string[] {
  const bare = unwrapped(text.trim())
  const parts: string[] = []
  let [depth, from, quoted] = [0, 0, '']
  for (let at = 0; at < bare.length; at++) {
    const sign = bare[at] ?? ''
    if (quoted !== '') quoted = sign === quoted ? '' : quoted
    else if (sign === "'" || sign === '"') quoted = sign
    else if (sign === '(' || sign === '[') depth++
    else if (sign === ')' || sign === ']') depth--
    else if (depth === 0 && bare.startsWith(' OR ', at)) return []
    else if (depth === 0 && bare.startsWith(' AND ', at)) {
      parts.push(bare.slice(from, at))
      from = at + 5
    }
  }
  return parts.length === 0 ? [bare] : [...parts, bare.slice(from)].flatMap(conjuncts)
}

function unwrapped(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let [depth, quoted] = [0, '']
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] ?? ''
    if (quoted !== '') quoted = sign === quoted ? '' : quoted
    else if (sign === "'" || sign === '"') quoted = sign
    else if (sign === '(') depth++
    else if (sign === ')' && --depth === 0 && at < text.length - 1) return text
  }
  return unwrapped(text.slice(1, -1).trim())
}
