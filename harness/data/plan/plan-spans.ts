import type { Index } from '../../catalog/index.ts'
import { between, contentsOf, type Steps, stepsOf } from '../value/interval.ts'
import { underDomains } from '../value/value-type.ts'
import type { SpanPlan } from './model.ts'
import { conditionsOf } from './predicate.ts'
import type { RelationDraft } from './relation-draft.ts'

/**
 * The constraints of a relation under which ranges must not overlap, as far as cells decide it. An element that is not understood is taken
 * for equal in all rows: that is stricter than it need be, and legal.
 */
export function planSpans(draft: RelationDraft): readonly SpanPlan[] {
  return draft.relation.indexes.flatMap((index) => spanOf(draft, index) ?? [])
}

function spanOf(draft: RelationDraft, index: Index): SpanPlan | undefined {
  const operators = operatorsOf(draft, index)
  if (operators?.length !== index.expressions.length) return undefined
  const position = (at: number) => draft.attributes.findIndex(({ source }) => source.name === index.attributes[at])
  const conditions = conditionsOf(index.predicate, draft)
  const equal = operators.flatMap((operator, at) => (operator === '=' && position(at) >= 0 ? [position(at)] : []))
  for (const [at, operator] of operators.entries()) {
    if (operator !== '&&') continue
    const made = position(at) >= 0 ? ofOneAttribute(draft, position(at)) : ofTwoEnds(draft, index.expressions[at] ?? '')
    if (made !== undefined) return { name: index.name, equal, conditions, ...made }
  }
  return undefined
}

/** The operator of each element; undefined where the index forbids no overlap. */
function operatorsOf(draft: RelationDraft, index: Index): readonly string[] | undefined {
  const constraint = draft.relation.constraints.find((each) => each.name === index.name)
  if (constraint === undefined) return undefined
  if (/WITHOUT OVERLAPS/.test(constraint.definition))
    return index.expressions.map((_, at) => (at === index.expressions.length - 1 ? '&&' : '='))
  if (!index.exclusion) return undefined
  return [...constraint.definition.matchAll(/ WITH (?:OPERATOR\(\w+\.)?([^\s,()]+)\)?(?=[,)])/g)].map(([, operator]) => operator ?? '')
}

type Made = Pick<SpanPlan, 'attributes' | 'contents' | 'place'>

function ofOneAttribute(draft: RelationDraft, at: number): Made | undefined {
  const type = draft.attributes[at]?.type
  const bare = type && underDomains(type)
  const steps = bare?.kind === 'range' && bare.subtype.kind === 'scalar' ? stepsOf(bare.subtype.name) : undefined
  if (steps === undefined) return undefined
  return {
    attributes: [at],
    contents(cells) {
      const cell = cells[at] ?? null
      // The server looks at no NULL.
      return cell === null ? 'empty' : contentsOf(steps, cell)
    },
    place: (from, to) => [`[${quoted(steps.write(steps.point(from)))},${quoted(steps.write(steps.point(to)))})`],
  }
}

const quoted = (text: string) => (text.includes(' ') ? `"${text}"` : text)

const rangeOfEnds =
  /^(?:pg_catalog\.)?(date|ts|tstz|int4|int8|num)range\(("(?:[^"]|"")+"|\w+), ("(?:[^"]|"")+"|\w+)(?:, '([[(][\])])'(?:::text)?)?\)$/

function ofTwoEnds(draft: RelationDraft, expression: string): Made | undefined {
  const [, , lower, upper, bounds = '[)'] = rangeOfEnds.exec(expression) ?? []
  const [from, to] = [endOf(draft, lower), endOf(draft, upper)]
  if (from === undefined || to === undefined) return undefined
  const { steps } = from
  return {
    attributes: [from.at, to.at],
    contents: (cells) => between(steps, cells[from.at] ?? null, cells[to.at] ?? null, bounds),
    // The last step belongs to the range where its end does.
    place: (first, last) => [steps.write(steps.point(first)), steps.write(steps.point(last) - (bounds === '[]' ? 1n : 0n))],
  }
}

function endOf(draft: RelationDraft, name: string | undefined): { readonly at: number; readonly steps: Steps } | undefined {
  const bare = name?.startsWith('"') === true ? name.slice(1, -1).replaceAll('""', '"') : name
  const at = draft.attributes.findIndex(({ source }) => source.name === bare)
  const type = draft.attributes[at]?.type
  const scalar = type && underDomains(type)
  const steps = scalar?.kind === 'scalar' ? stepsOf(scalar.name) : undefined
  return steps === undefined ? undefined : { at, steps }
}
