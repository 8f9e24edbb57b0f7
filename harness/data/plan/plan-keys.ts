import { underDomains } from '../value/value-type.ts'
import type { KeyPlan, SpanPlan } from './model.ts'
import { conditionsOf } from './predicate.ts'
import { inputsOf, type RelationDraft } from './relation-draft.ts'

/** What no two rows may share, and where rows must not overlap. */
export interface Keys {
  readonly keys: readonly KeyPlan[]
  /** Position of an attribute → its n-th slot; slots do not overlap. */
  readonly slots: ReadonlyMap<number, (ordinal: number) => string>
  /** Position of an attribute with slots → values that overlap nothing, not even themselves. */
  readonly nowhere: ReadonlyMap<number, string>
}

/**
 * Of a partial unique index the parts of the predicate are known that one cell decides, and the others are taken to hold; an expression is
 * held to as if it were all its attributes without case and blanks: that is stricter than it need be, and legal.
 */
export function planKeys(draft: RelationDraft, spans: readonly SpanPlan[]): Keys {
  const position = new Map(draft.attributes.map((attribute, at) => [attribute.source.name, at]))
  const keys: KeyPlan[] = []
  const slots = new Map<number, (ordinal: number) => string>()
  const nowhere = new Map<number, string>()
  for (const index of draft.relation.indexes) {
    if (!index.unique || index.exclusion || /WITHOUT OVERLAPS/.test(index.definition)) continue
    const attributes = new Set<number>()
    let folded = false
    index.expressions.forEach((expression, at) => {
      const name = index.attributes[at]
      const known = name === undefined ? undefined : position.get(name)
      if (known !== undefined) attributes.add(known)
      else {
        folded = true
        for (const input of inputsOf(expression, draft.relation, draft.attributes).attributes) attributes.add(input)
      }
    })
    const { name, nullsNotDistinct, predicate } = index
    if (attributes.size > 0)
      keys.push({ name, attributes: [...attributes], nullsNotDistinct, folded, conditions: conditionsOf(predicate, draft) })
  }
  for (const constraint of draft.relation.constraints) {
    const overlapping = constraint.kind === 'exclusion' || /WITHOUT OVERLAPS/.test(constraint.definition)
    if (!overlapping) continue
    const attributes = constraint.attributes.flatMap((name) => position.get(name) ?? [])
    const slotted = attributes.flatMap((at) => {
      const made = slotsOf(draft, at)
      return made === undefined ? [] : [{ at, made }]
    })
    const span = spans.find((each) => each.name === constraint.name)
    span?.attributes.forEach((at, end) => {
      slots.set(at, (ordinal) => span.place(3 * ordinal, 3 * ordinal + 1)[end] ?? '')
    })
    if (slotted.length === 0 && span === undefined) keys.push({ name: constraint.name, attributes, nullsNotDistinct: false, folded: false })
    // One range (or geometry) that never overlaps is enough.
    const [whole] = slotted
    if (whole !== undefined) {
      slots.set(whole.at, slots.get(whole.at) ?? whole.made)
      // An empty range overlaps no other, and only WITHOUT OVERLAPS forbids it; `=` and `-|-` would tell otherwise.
      const type = draft.attributes[whole.at]?.type
      const bare = type && underDomains(type)
      const kind = bare?.kind === 'range' ? 'empty' : bare?.kind === 'multirange' ? '{}' : undefined
      if (
        kind !== undefined &&
        constraint.kind === 'exclusion' &&
        !/WITHOUT OVERLAPS/.test(constraint.definition) &&
        onlyOverlaps(constraint.definition)
      )
        nowhere.set(whole.at, kind)
    }
  }
  return { keys, slots, nowhere }
}

const onlyOverlaps = (definition: string) =>
  [...definition.matchAll(/ WITH (\S+?)[,)]/g)].every(([, operator]) => operator === '&&' || operator === '=')

type Slot = (ordinal: number) => string

const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
const hour = 3_600_000
const start = Date.UTC(2020, 0, 1)

/** The n-th slot of a type. */
function slotsOf(draft: RelationDraft, at: number): Slot | undefined {
  const type = draft.attributes[at]?.type
  const bare = type && underDomains(type)
  if (bare?.kind === 'range' || bare?.kind === 'multirange') {
    const wrap = bare.kind === 'range' ? (text: string) => text : (text: string) => `{${text}}`
    const subtype = bare.subtype.kind === 'scalar' ? bare.subtype.name : ''
    if (subtype === 'date')
      return (n) => wrap(`[${stamp(start + n * 240 * hour).slice(0, 10)},${stamp(start + (n * 240 + 72) * hour).slice(0, 10)})`)
    if (/^timestamp/.test(subtype)) {
      const zone = subtype === 'timestamptz' ? '+00' : ''
      return (n) => wrap(`["${stamp(start + n * 5 * hour)}${zone}","${stamp(start + (n * 5 + 2) * hour)}${zone}")`)
    }
    return /^(int|numeric|float)/.test(subtype) ? (n) => wrap(`[${100_000 + n * 1000},${100_000 + n * 1000 + 500})`) : undefined
  }
  if (bare?.kind !== 'scalar') return undefined
  if (bare.name === 'circle') return (n) => `<(${n * 100},0),10>`
  if (bare.name === 'box') return (n) => `(${n * 100 + 50},10),(${n * 100},0)`
  if (bare.name === 'polygon') return (n) => `((${n * 100},0),(${n * 100 + 50},0),(${n * 100 + 50},10))`
  if (bare.name === 'inet' || bare.name === 'cidr') return (n) => `10.${(n >> 8) & 255}.${n & 255}.0/24`
  return undefined
}
