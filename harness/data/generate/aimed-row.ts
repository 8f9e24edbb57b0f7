import type { AttributePlan, RelationPlan } from '../plan/model.ts'
import { type Aim, type AimedCell, valuesOf } from './aim.ts'
import type { Drawing } from './draw-cell.ts'
import type { IntendedRow } from './fitted-row.ts'

/** Rows that keep to an aim, of those of its relation. */
const share = 0.6
/** A row that was refused so often is drawn without aims. */
const mostAttempts = 3

type Row = Pick<IntendedRow, 'cells' | 'parents'>

/** A drawn row with what the aims of its relation ask for; the row itself where there are none. */
export function aimedRow(drawing: Drawing, relation: RelationPlan, row: Row, attempt: number): Row {
  const aims = drawing.aims?.filter((aim) => aim.relation === relation.path) ?? []
  if (aims.length === 0 || attempt > mostAttempts) return row
  let aimed = row
  for (const aim of aims) {
    if (aim.kind === 'rows' || !drawing.random.chance(share)) continue
    aimed = aim.kind === 'cells' ? withCells(drawing, relation, aimed, aim.cells) : alike(drawing, relation, aimed, aim)
  }
  return aimed
}

function withCells(drawing: Drawing, relation: RelationPlan, row: Row, wanted: Readonly<Record<string, readonly AimedCell[]>>): Row {
  const cells = [...row.cells]
  const parents = [...row.parents]
  for (const [position, attribute] of relation.attributes.entries()) {
    const candidates = wanted[attribute.name]
    if (candidates === undefined || attribute.slot !== undefined) continue
    const cell = chosen(drawing, relation, position, candidates)
    if (cell === undefined) continue
    if (attribute.references.length > 0) {
      if (cell === null) for (const at of attribute.references) if (relation.references[at]?.nullable.includes(position)) parents[at] = null
      continue
    }
    const group = attribute.group === undefined ? undefined : relation.groups[attribute.group]
    if (group === undefined) {
      cells[position] = cell
      continue
    }
    // Attributes that a check links: a tuple that has this value, and what was set of them before, where there is one.
    const at = group.attributes.indexOf(position)
    const fitting = group.tuples.filter((tuple) => tuple[at] === cell)
    const before = fitting.filter((tuple) =>
      group.attributes.every(
        (each, index) => wanted[nameOf(relation, each)] === undefined || each === position || tuple[index] === cells[each],
      ),
    )
    const tuple = fitting.length === 0 ? undefined : drawing.random.pick(before.length > 0 ? before : fitting)
    if (tuple !== undefined) for (const [index, each] of group.attributes.entries()) cells[each] = tuple[index] ?? null
  }
  return { cells, parents }
}

/** One of the candidates that is legal in this place; undefined where none is. */
function chosen(drawing: Drawing, relation: RelationPlan, position: number, candidates: readonly AimedCell[]): string | null | undefined {
  const { random, restrictions, bands } = drawing
  const attribute = relation.attributes[position]
  if (attribute === undefined) return undefined
  const legal = candidates.flatMap((candidate): readonly (string | null)[] => {
    const fresh = typeof candidate === 'object' && candidate !== null
    const cell = fresh ? freshCell(attribute, bands, drawing) : candidate
    return cell !== undefined && isLegal(attribute, cell) && restrictions.allows(relation.path, position, cell) ? [cell] : []
  })
  return legal.length === 0 ? undefined : random.pick(legal)
}

function freshCell(attribute: AttributePlan, bands: Drawing['bands'], { random }: Drawing): string | undefined {
  const { pools, maker, context } = attribute
  if (pools.bands !== undefined) return pools.bands.length === 0 ? undefined : random.pick(pools.bands)
  return maker.room ? maker.band(bands, context) : undefined
}

/** Whether a cell may stand in an attribute by itself, as far as the plan knows. */
function isLegal({ nullable, pools, maker, group, literals }: AttributePlan, cell: string | null): boolean {
  if (cell === null) return nullable
  if (group !== undefined) return true
  return pools.checked ? valuesOf(pools, literals).includes(cell) : maker.accepts(cell) !== false
}

function alike(drawing: Drawing, relation: RelationPlan, row: Row, { same, differ }: Aim & { readonly kind: 'alike' }): Row {
  const earlier = drawing.fitter.rowsOf(relation.path)
  if (earlier.length === 0) return row
  // Rows are alike by values: two NULLs are not equal to most that asks.
  const named = [...relation.attributes.keys()].filter((position) => same.includes(relation.attributes[position]?.name ?? ''))
  const filled = earlier.filter(({ cells }) => named.every((position) => cells[position] !== null))
  const model = drawing.random.pick(filled.length > 0 ? filled : earlier)
  const [cells, parents] = [[...row.cells], [...row.parents]]
  for (const [position, attribute] of relation.attributes.entries()) {
    if (same.includes(attribute.name)) {
      cells[position] = model.cells[position] ?? null
      for (const at of attribute.references) parents[at] = model.parents[at]?.intended ?? null
    } else if (differ.includes(attribute.name) && cells[position] === model.cells[position]) {
      const other = another(drawing, attribute, model.cells[position] ?? null)
      if (other !== undefined && attribute.references.length === 0 && attribute.group === undefined) cells[position] = other
    }
  }
  return { cells, parents }
}

/** A legal value that differs from one. */
function another(
  { random, bands }: Drawing,
  { pools, maker, context, nullable, literals }: AttributePlan,
  cell: string | null,
): string | null | undefined {
  const values = [
    ...valuesOf(pools),
    ...literals,
    ...(pools.plausible === undefined && !pools.checked ? [maker.plausible(random, context)] : []),
  ]
  const others = values.filter((value) => value !== cell)
  if (others.length > 0) return random.pick(others)
  if (maker.room && !pools.checked) return maker.band(bands, context)
  return nullable && cell !== null ? null : undefined
}

function nameOf(relation: RelationPlan, position: number): string {
  return relation.attributes[position]?.name ?? ''
}
