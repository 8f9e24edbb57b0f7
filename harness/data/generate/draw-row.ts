import type { RelationPlan } from '../plan/model.ts'
import { aimedRow } from './aimed-row.ts'
import { type Drawing, drawCells, isMatched } from './draw-cell.ts'
import type { IntendedRow } from './fitted-row.ts'
import type { Traits } from './traits.ts'
import { twinRow } from './twin-row.ts'

/** How often a row beyond the first repeats an earlier one. */
const twins = 0.22

/** Draw a row: its cells and the parents it would like; often one that resembles an earlier row, or itself from cell to cell. */
export function drawRow(
  drawing: Drawing,
  relation: RelationPlan,
  traits: Traits,
  ordinal: number,
  attempt: number,
): Pick<IntendedRow, 'cells' | 'parents'> {
  const { random, fitter } = drawing
  const nulls = nullShare(drawing)
  const cells = drawCells(drawing, relation, traits, { ordinal, attempt, nulls })
  if (drawing.sweep === undefined && random.chance(0.3)) setAlike(drawing, relation, traits, cells)
  const parents = relation.references.map((reference, at) => {
    const due = drawing.restrictions.due(relation, at, fitter)
    if (due !== undefined) return due
    const rows = fitter.rowsOf(reference.parent)
    const none = reference.nullable.length > 0 && random.chance(nulls)
    return none || rows.length === 0 ? null : random.pick(drawing.crowded ? rows.slice(0, 2) : rows).intended
  })
  halve(drawing, relation, cells, parents)
  const earlier = fitter.rowsOf(relation.path)
  const owed = relation.references.some((_, at) => drawing.restrictions.due(relation, at, fitter) !== undefined)
  const twin = drawing.sweep === undefined && !owed && earlier.length > 0 && attempt <= 3 && random.chance(twinShare(drawing, relation))
  const row = twin ? twinRow(drawing, relation, traits, random.pick(earlier), { cells, parents }) : { cells, parents }
  return owed ? row : aimedRow(drawing, relation, row, attempt)
}

/** A key of several attributes looks at no row that has NULL in one of them, whatever stands in the others. */
function halve({ random, restrictions }: Drawing, relation: RelationPlan, cells: (string | null)[], parents: readonly unknown[]): void {
  for (const [at, { attributes, nullable, late, full }] of relation.references.entries()) {
    if (late || full || parents[at] !== null || attributes.length < 2 || nullable.length === 0 || !random.chance(0.4)) continue
    const empty = random.pick(nullable)
    for (const position of attributes) {
      const attribute = relation.attributes[position]
      if (position === empty || attribute === undefined || attribute.group !== undefined || attribute.references.length > 1) continue
      if (attribute.pools.checked) continue
      const cell = attribute.maker.plausible(random, attribute.context)
      if (restrictions.allows(relation.path, position, cell)) cells[position] = cell
    }
  }
}

/** Around a turn of the clocks keys that hold a time meet most easily: there every other row repeats one. */
function twinShare({ clock, plan, alike }: Drawing, relation: RelationPlan): number {
  const timed = (position: number) => relation.attributes[position]?.maker.clock !== undefined
  const meets = clock !== undefined && relation.keys.some((key) => key.attributes.length > 1 && key.attributes.some(timed))
  if (meets) return 0.5
  if (alike === true && plan.unified.has(relation.path)) return 0.6
  return plan.doubled.has(relation.path) ? 0.4 : twins
}

/** Some rows are NULL wherever they may be, some nowhere. */
function nullShare({ random, sweep }: Drawing): number {
  if (sweep !== undefined) return sweep.of === 'nulls' ? 1 : 0
  const kind = random.fraction()
  return kind < 0.06 ? 1 : kind < 0.3 ? 0 : 0.25
}

/** Give two attributes of one type one value: the empty interval, the transfer to oneself. */
function setAlike(drawing: Drawing, relation: RelationPlan, traits: Traits, cells: (string | null)[]): void {
  const { random } = drawing
  if (traits.alike.length === 0) return
  const [from, to] = random.shuffle(random.pick(traits.alike))
  if (from === undefined || to === undefined) return
  const cell = cells[from] ?? null
  const attribute = relation.attributes[to]
  const ring = drawing.ring.get(relation.path)
  if (cell === null || attribute === undefined || ring === attribute.name || isMatched(drawing, relation, to)) return
  const { checked, plausible } = attribute.pools
  if ((checked && plausible?.includes(cell) !== true) || !drawing.restrictions.allows(relation.path, to, cell)) return
  cells[to] = cell
}
