import type { BandSource } from '../band/band-source.ts'
import type { AttributePlan, GenerationPlan, KeyPlan, RelationPlan, SpanPlan, Tuple } from '../plan/model.ts'
import type { Randomness } from '../random.ts'
import { castables, castableText } from '../value/castable.ts'
import type { ClockChange } from '../value/odd-times.ts'
import type { Aim } from './aim.ts'
import type { Restrictions } from './exclusion.ts'
import type { Fitter } from './fitter.ts'
import { linkedValue, type SoftLinks } from './soft-references.ts'
import type { Traits } from './traits.ts'

/** What a data set is to show for certain: each attribute's borders and constants, or its type's limits, in turn from one on; or NULL wherever it may be. */
export type Sweep = { readonly of: 'edges' | 'extremes'; readonly from: number } | { readonly of: 'nulls' }

/** What cells are drawn with; one for a whole data set. */
export interface Drawing {
  readonly plan: GenerationPlan
  readonly random: Randomness
  readonly bands: BandSource
  readonly fitter: Fitter
  readonly links: SoftLinks
  readonly restrictions: Restrictions
  readonly ring: ReadonlyMap<string, string>
  /** Whether this data set may hold extremes. */
  readonly extreme: boolean
  /** Rows resemble one another more than usual, where a unique key is to come. */
  readonly alike?: boolean
  /** Rows share few parents, so that several fit where one is looked for. */
  readonly crowded?: boolean
  /** A turn of the clocks that many times of this data set lie around. */
  readonly clock?: ClockChange | undefined
  /** The rows are written beside others, whose keys they must not meet. */
  readonly beside?: boolean
  readonly sweep?: Sweep | undefined
  /** What some rows are to be like. */
  readonly aims?: readonly Aim[] | undefined
}

/** A row that is to be drawn. */
export interface RowDraw {
  /** Which of its relation's rows it is, from 0. */
  readonly ordinal: number
  /** How often it was refused before: that makes for fresher values. */
  readonly attempt: number
  /** The share of NULLs where they may be, 0 to 1. */
  readonly nulls: number
}

/** Where a cell is to stand. */
interface Spot {
  readonly relation: RelationPlan
  readonly position: number
  readonly attribute: AttributePlan
  /** Keys that hold it. */
  readonly keys: readonly KeyPlan[]
}

/** Draw the cells of one row. */
export function drawCells(drawing: Drawing, relation: RelationPlan, traits: Traits, row: RowDraw): (string | null)[] {
  const { ordinal, attempt, nulls } = row
  const cells: (string | null)[] = relation.attributes.map(() => null)
  for (const [at, group] of relation.groups.entries()) {
    const strata = traits.strata[at] ?? []
    // Every other row from any kind of tuple alike: those with all NULLs are few, and tell most.
    const tuples = strata.length > 1 && drawing.random.chance(0.5) ? drawing.random.pick(strata) : group.tuples
    const tuple = drawTuple(drawing, relation, group.attributes, tuples, group.tuples)
    group.attributes.forEach((position, at) => {
      cells[position] = tuple[at] ?? null
    })
  }
  for (const [position, attribute] of relation.attributes.entries()) {
    if (attribute.group !== undefined || attribute.references.length > 0) continue
    if (drawing.ring.get(relation.path) === attribute.name) {
      cells[position] = ringCell(drawing, relation, position, ordinal + attempt * 7)
      continue
    }
    if (attribute.slot !== undefined) {
      cells[position] = slotCell(drawing, relation, position, ordinal, nulls)
      continue
    }
    cells[position] = drawAllowed(drawing, { relation, position, attribute, keys: traits.keys[position] ?? [] }, row)
  }
  for (const span of relation.spans) placeSpan(drawing, relation, span, row, cells)
  return cells
}

/** Ranges that lie close: of rows that the constraint tells apart they overlap, of others they touch; after refusals they are far from all. */
function placeSpan(
  { random, restrictions, beside, ring }: Drawing,
  relation: RelationPlan,
  span: SpanPlan,
  row: RowDraw,
  cells: (string | null)[],
) {
  const attributes = span.attributes.map((position) => ({ position, attribute: relation.attributes[position] }))
  const free = attributes.every(
    ({ attribute }) => attribute?.group === undefined && attribute?.references.length === 0 && ring.get(relation.path) !== attribute.name,
  )
  if (!free || beside === true || row.attempt > 4 || span.contents(cells) === 'empty') return
  const from = random.below(row.ordinal + 3)
  const placed = span.place(from, from + random.pick([1, 1, 2]))
  const open = random.chance(row.nulls / 2) ? random.below(attributes.length) : undefined
  for (const [end, { position, attribute }] of attributes.entries()) {
    const cell = end === open && attributes.length === 2 && attribute?.nullable === true ? null : (placed[end] ?? null)
    if (restrictions.allows(relation.path, position, cell)) cells[position] = cell
  }
}

/** The row's slot; now and then what overlaps nothing: an empty range, NULL. */
function slotCell({ random, restrictions, beside }: Drawing, relation: RelationPlan, position: number, ordinal: number, nulls: number) {
  const attribute = relation.attributes[position]
  if (attribute === undefined) return null
  const { slot, nowhere, nullable, pools } = attribute
  if (nowhere !== undefined && random.chance(0.15)) {
    const legal = !pools.checked || pools.edges.includes(nowhere)
    if (legal && restrictions.allows(relation.path, position, nowhere)) return nowhere
    if (nullable && random.chance(nulls) && restrictions.allows(relation.path, position, null)) return null
  }
  return slot?.(beside === true ? 10_000 + ordinal : ordinal) ?? null
}

function ringCell(drawing: Drawing, relation: RelationPlan, position: number, ordinal: number): string {
  const attribute = relation.attributes[position]
  if (attribute === undefined) return ''
  const pool = attribute.pools.bands
  if (pool !== undefined && pool.length > 0) return pool[ordinal % pool.length] ?? ''
  return attribute.maker.room
    ? attribute.maker.band(drawing.bands, attribute.context)
    : attribute.maker.plausible(drawing.random, attribute.context)
}

/** A key that rows from elsewhere hardly have: a high whole number, a band. */
function besideCell({ random, bands }: Drawing, { maker, pools, context }: AttributePlan): string | undefined {
  if (pools.checked) return pools.bands === undefined || pools.bands.length === 0 ? undefined : random.pick(pools.bands)
  const high = [String(1_900_000_000 + random.below(200_000_000)), String(30_000 + random.below(2_700))]
  const whole = maker.neighbours !== undefined && maker.accepts('0.5') === false
  const number = whole ? high.find((text) => maker.accepts(text) === true) : undefined
  return number ?? (maker.room ? maker.band(bands, context) : undefined)
}

function drawTuple(
  drawing: Drawing,
  relation: RelationPlan,
  attributes: readonly number[],
  tuples: readonly Tuple[],
  all: readonly Tuple[],
): Tuple {
  const { random, restrictions } = drawing
  for (let round = 0; round < 20; round++) {
    const tuple = random.pick(tuples)
    if (attributes.every((position, at) => restrictions.allows(relation.path, position, tuple[at] ?? null))) return tuple
  }
  return (
    all.find((tuple) => attributes.every((position, at) => restrictions.allows(relation.path, position, tuple[at] ?? null))) ??
    random.pick(all)
  )
}

function drawAllowed(drawing: Drawing, spot: Spot, row: RowDraw): string | null {
  const { random, restrictions } = drawing
  const { relation, position, attribute } = spot
  const { attempt } = row
  const swept = sweptCell(drawing, spot, attempt)
  if (swept !== undefined && restrictions.allows(relation.path, position, swept)) return swept
  let cell = drawCell(drawing, spot, row)
  const rules = restrictions.rules(relation.path, position)
  if (rules.length === 0) return cell
  const type = restrictions.castable(relation.path, position)
  if (
    type !== undefined &&
    !attribute.pools.checked &&
    cell !== null &&
    (random.chance(0.7) || !restrictions.allows(relation.path, position, cell))
  ) {
    const fits = (text: string) => attribute.maker.accepts(text) !== false && restrictions.allows(relation.path, position, text)
    cell = attempt > 2 ? castables[type].maker.band(drawing.bands, attribute.context) : (castableText(type, random, fits) ?? cell)
  }
  for (let round = 0; round < 30 && !restrictions.allows(relation.path, position, cell); round++)
    cell = drawCell(drawing, spot, { ...row, attempt: attempt + round })
  if (restrictions.allows(relation.path, position, cell)) return cell
  const only = restrictions.only(relation.path, position)
  return rules.includes('null') ? null : only.length > 0 ? random.pick(only) : cell
}

/** Whether the cells of an attribute have to be such as another relation has: nothing else may take their place. */
export function isMatched({ restrictions, links }: Drawing, { path }: RelationPlan, position: number): boolean {
  return restrictions.rules(path, position).includes('no-orphan-soft-reference') && links.of(path, position).length > 0
}

/** Whether rows are to be alike here under a unique key to come: two NULLs are not. */
function isToBeAlike({ alike, plan }: Drawing, relation: RelationPlan, position: number): boolean {
  return alike === true && plan.unifiedAttributes.get(relation.path)?.has(position) === true
}

function drawCell(drawing: Drawing, { relation, position, attribute, keys }: Spot, { attempt, nulls }: RowDraw): string | null {
  const { random, fitter } = drawing
  const { maker, pools, context } = attribute
  const alone = keys.some((key) => key.attributes.length === 1)
  if (drawing.beside === true && (alone || attribute.serial)) {
    const cell = besideCell(drawing, attribute)
    if (cell !== undefined) return cell
  }
  if (attribute.serial) return String(random.between(1, 20 * (attempt + 1)))
  if (attribute.nullable && random.chance(isToBeAlike(drawing, relation, position) ? nulls / 8 : nulls)) return null
  const matched = isMatched(drawing, relation, position)
  if (attempt > 2 && maker.room && !matched) {
    // Refused again and again: mostly a key that wants a value nobody has yet.
    if (pools.bands !== undefined && pools.bands.length > 0) return random.pick(pools.bands)
    if (pools.bands === undefined) return maker.band(drawing.bands, context)
  }
  const rules = drawing.restrictions.rules(relation.path, position)
  const own = () => pick(drawing, relation, position, rules.includes('plausible'))
  const links = drawing.links.of(relation.path, position)
  if (links.length > 0) {
    if (matched || random.chance(0.5)) {
      const linked = linkedValue(drawing, links, attribute, links[0]?.ownJsonPath === undefined ? null : own())
      const near = linked !== undefined && !matched && random.chance(0.2) ? nearCell(drawing, attribute, linked) : undefined
      if (near !== undefined) return near
      if (linked !== undefined && (pools.plausible === undefined || pools.plausible.includes(linked))) return linked
      if (matched && attribute.nullable) return null
    }
  }
  const earlier = fitter.rowsOf(relation.path)
  if (earlier.length > 0) {
    // Nearness under an expression's key is the server's to judge.
    const folded = keys.some((key) => key.folded)
    if (maker.near !== undefined && !folded && random.chance(alone ? 0.2 : 0.1)) {
      const near = nearCell(drawing, attribute, random.pick(earlier).cells[position] ?? null)
      if (near !== undefined) return near
    }
    if (!alone && random.chance(keys.length === 0 ? 0.2 : 0.12)) return random.pick(earlier).cells[position] ?? own()
  }
  return own()
}

/** The value whose turn it is: of each row the next one, and of attributes beside each other not the same; where a key refuses it, none. */
function sweptCell({ sweep, plan, fitter }: Drawing, { relation, position, attribute, keys }: Spot, attempt: number): string | undefined {
  if (sweep === undefined || sweep.of === 'nulls' || attribute.serial) return undefined
  const { maker, pools, literals } = attribute
  const earlier = fitter.rowsOf(relation.path)
  const clocked = maker.clock !== undefined && !pools.checked && plan.clocks.hinted
  const turns = clocked ? plan.clocks.changes.flatMap((each) => (maker.clock === 'local' ? each.locals : each.instants.map(utc))) : []
  const values = sweep.of === 'extremes' ? pools.extremes : [...literals, ...turns, ...pools.edges]
  const value = values[(sweep.from + earlier.length + position) % values.length]
  const taken = keys.some((key) => key.attributes.length === 1) && earlier.some(({ cells }) => cells[position] === value)
  return taken || (attempt > 0 && keys.length > 0) ? undefined : value
}

function utc(instant: string): string {
  return `${instant}+00`
}

/** A value almost like another, as far as the attribute's checks are known to let it be. */
function nearCell({ random }: Drawing, attribute: AttributePlan, text: string | null): string | undefined {
  const { maker, pools } = attribute
  if (text === null || maker.near === undefined) return undefined
  const near = maker.near(text)
  const { plausible } = pools
  const legal = plausible === undefined ? near : near.filter((other) => plausible.includes(other))
  return legal.length === 0 ? undefined : random.pick(legal)
}

function pick(drawing: Drawing, relation: RelationPlan, position: number, plausibleOnly: boolean): string | null {
  const { random, extreme } = drawing
  const attribute = relation.attributes[position]
  if (attribute === undefined) return null
  const { maker, pools, context, literals } = attribute
  const { clock } = drawing
  if (clock !== undefined && maker.clock !== undefined && !pools.checked && random.chance(drawing.alike === true ? 0.85 : 0.6))
    return maker.clock === 'local' ? random.pick(clock.locals) : utc(random.pick(clock.instants))
  if (literals.length > 0 && random.chance(0.58)) return random.pick(literals)
  if (extreme && !plausibleOnly && pools.extremes.length > 0 && random.chance(0.2)) return random.pick(pools.extremes)
  if (pools.edges.length > 0 && random.chance(0.3)) return random.pick(pools.edges)
  if (pools.plausible === undefined) return maker.plausible(random, context)
  if (pools.plausible.length > 0) return random.pick(pools.plausible)
  return attribute.nullable ? null : (pools.extremes[0] ?? maker.plain)
}
