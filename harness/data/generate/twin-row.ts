import type { RelationPlan, SpanPlan } from '../plan/model.ts'
import { touch } from '../value/interval.ts'
import { type Drawing, isMatched } from './draw-cell.ts'
import type { FittedRow, IntendedRow } from './fitted-row.ts'
import { isExempt } from './key-text.ts'
import type { Traits } from './traits.ts'

/**
 * A row that repeats an earlier one in everything that no key tells apart. Of a key over several attributes all but one are repeated; where
 * there is no key, mostly the whole row.
 */
export function twinRow(
  drawing: Drawing,
  relation: RelationPlan,
  traits: Traits,
  earlier: FittedRow,
  fresh: Pick<IntendedRow, 'cells' | 'parents'>,
): Pick<IntendedRow, 'cells' | 'parents'> {
  const own = ownPositions(drawing, relation, traits, earlier)
  const cells = relation.attributes.map((attribute, position) => {
    const group = attribute.group === undefined ? undefined : relation.groups[attribute.group]
    if (own.has(position) || group?.attributes.some((at) => own.has(at)) === true)
      return neighbour(drawing, relation, position, earlier.cells[position]) ?? fresh.cells[position] ?? null
    const late = attribute.references.some((at) => relation.references[at]?.late === true)
    const from = late || earlier.intended.dirt !== undefined ? earlier.intended.cells : earlier.cells
    return from[position] ?? null
  })
  for (const span of relation.spans) touchEarlier(drawing, relation, span, earlier, cells)
  const parents = relation.references.map((reference, at) => {
    if (reference.attributes.some((position) => own.has(position))) return fresh.parents[at] ?? null
    return (reference.late ? earlier.intended.parents[at] : earlier.parents[at]?.intended) ?? null
  })
  return { cells, parents }
}

/** Where a check goes over the ends of a range, one of the rows of values that the server has allowed and that begins where another ends. */
function touchEarlier(
  { random, restrictions }: Drawing,
  relation: RelationPlan,
  span: SpanPlan,
  earlier: FittedRow,
  cells: (string | null)[],
): void {
  const at = relation.attributes[span.attributes[0] ?? -1]?.group
  const group = at === undefined ? undefined : relation.groups[at]
  const other = span.contents(earlier.cells)
  if (group === undefined || typeof other !== 'object' || !random.chance(0.8)) return
  const touching = group.tuples.filter((tuple) => {
    const tried = [...cells]
    for (const [index, position] of group.attributes.entries()) tried[position] = tuple[index] ?? null
    const mine = span.contents(tried)
    return typeof mine === 'object' && touch(mine, other)
  })
  if (touching.length === 0) return
  const tuple = random.pick(touching)
  for (const [index, position] of group.attributes.entries()) {
    const cell = tuple[index] ?? null
    if (restrictions.allows(relation.path, position, cell)) cells[position] = cell
  }
}

/** Of a key over several attributes, and of each key where rows are to be alike, what differs often differs least: the next number, the same second, another case. */
function neighbour(drawing: Drawing, relation: RelationPlan, position: number, cell: string | null | undefined): string | undefined {
  const attribute = relation.attributes[position]
  const keys = relation.keys.filter((key) => key.attributes.includes(position))
  // In no key: another notation of the same value, which a group takes for equal.
  const near = keys.length === 0 && attribute?.maker.near !== undefined
  const meeting = drawing.alike === true && drawing.plan.unified.has(relation.path) && keys.every((key) => !key.folded)
  if (attribute === undefined || (!near && !meeting && keys.every((key) => key.attributes.length === 1))) return undefined
  const { pools, maker } = attribute
  const free = attribute.group === undefined && attribute.references.length === 0 && attribute.slot === undefined
  if (!free || typeof cell !== 'string' || isMatched(drawing, relation, position)) return undefined
  const turned = atTheTurn(drawing, maker.clock, cell)
  if (turned !== undefined && !pools.checked && (meeting || drawing.random.chance(0.8))) return turned
  if (!drawing.random.chance(meeting ? 0.8 : near ? 0.6 : 0.4)) return undefined
  const others = [...(maker.near?.(cell) ?? []), ...(/^-?\d{1,18}$/.test(cell) ? (maker.neighbours?.(cell) ?? []) : [])].filter(
    (text) => text !== cell && maker.accepts(text) === true && (pools.plausible === undefined || pools.plausible.includes(text)),
  )
  return others.length === 0 ? undefined : drawing.random.pick(others)
}

/** What another zone takes for the same time: an hour apart where its clocks skip an hour, or show one twice. */
function atTheTurn({ clock, random }: Drawing, kind: 'local' | 'instant' | undefined, cell: string): string | undefined {
  if (clock === undefined || kind === undefined) return undefined
  const zone = kind === 'local' ? '' : '+00'
  const texts = (kind === 'local' ? clock.locals : clock.instants).map((text) => `${text}${zone}`)
  const time = (text: string) => Date.parse(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`)
  const others = texts.includes(cell) ? texts.filter((text) => Math.abs(time(text) - time(cell)) === clock.width) : []
  return others.length === 0 ? undefined : random.pick(others)
}

/** Positions that keep their fresh cells. */
function ownPositions(drawing: Drawing, relation: RelationPlan, traits: Traits, earlier: FittedRow): ReadonlySet<number> {
  const { random } = drawing
  const own = new Set<number>()
  relation.attributes.forEach((attribute, position) => {
    const ring = drawing.ring.get(relation.path) === attribute.name
    const unique = drawing.restrictions.rules(relation.path, position).includes('unique')
    if (ring || unique || attribute.slot !== undefined || attribute.serial) own.add(position)
  })
  for (const key of relation.keys) {
    // What an expression makes of its attributes is not known, so all of them stay apart.
    if (key.folded && !isExempt(key, earlier.cells)) for (const position of key.attributes) own.add(position)
    const ofNulls = !key.nullsNotDistinct && key.attributes.some((position) => earlier.cells[position] === null)
    const leaves = key.conditions?.find(() => random.chance(0.6))
    const exempt = ofNulls || isExempt(key, earlier.cells)
    // One of the two need only be out of a partial index for both to have the same key.
    if (leaves !== undefined && !exempt) own.add(leaves.attribute)
    if (exempt || leaves !== undefined || key.attributes.some((position) => own.has(position))) continue
    const [only] = key.attributes
    // An exclusion constraint over an expression is a key without attributes.
    if (only === undefined) continue
    const timed = key.attributes.find((position) => drawing.clock !== undefined && relation.attributes[position]?.maker.clock !== undefined)
    const meeting =
      drawing.alike === true ? key.attributes.filter((position) => drawing.plan.meeting.get(relation.path)?.has(position)) : []
    if (key.attributes.length === 1) own.add(only)
    else if (meeting.length > 0) own.add(random.pick(meeting))
    else own.add(timed !== undefined && random.chance(0.6) ? timed : random.pick(key.attributes))
  }
  const free = relation.attributes.flatMap((_, position) => (traits.keys[position]?.length === 0 && !own.has(position) ? [position] : []))
  // One cell that differs is what a group or a join over all the others hides.
  if (free.length > 1 && random.chance(drawing.plan.doubled.has(relation.path) ? 0.5 : relation.keys.length === 0 ? 0.25 : 0.15))
    own.add(random.pick(free))
  return own
}
