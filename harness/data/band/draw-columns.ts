import type { Drawing } from '../generate/draw-cell.ts'
import type { AttributePlan, RelationPlan } from '../plan/model.ts'
import { castables } from '../value/castable.ts'
import { noContext } from '../value/maker.ts'
import type { Vectors } from './vectors.ts'

/** What the columns of one relation are to be like. */
export interface ColumnShape {
  /** Rows. */
  readonly count: number
  /** Which of the banded data sets it is for, from 0: the first are dense, the later ones sparse. */
  readonly variant: number
  readonly vectors: Vectors
}

/** All cells of a relation's own attributes, attribute by attribute: vectors and NULLs are properties of columns. */
export function drawColumns(drawing: Drawing, relation: RelationPlan, shape: ColumnShape): (string | null)[][] {
  const { count, variant } = shape
  const { random } = drawing
  const columns: (string | null)[][] = relation.attributes.map(() => [])
  for (const group of relation.groups) {
    const enough = group.bandTuples.length >= Math.min(count, 3)
    const allowed = (tuple: readonly (string | null)[]) =>
      group.attributes.every((position, at) => drawing.restrictions.allows(relation.path, position, tuple[at] ?? null))
    // Those with the fewest NULLs come first; the sparse variants take from all of them.
    const usable = (enough ? group.bandTuples : group.tuples).filter(allowed)
    const tuples = random.shuffle(variant < 2 ? usable.slice(0, count) : usable)
    for (let row = 0; row < count; row++) {
      // Past the tuples that differ everywhere, any feasible one.
      const tuple = tuples[row] ?? random.pick(group.tuples.length > 0 ? group.tuples : tuples)
      group.attributes.forEach((position, at) => {
        const column = columns[position]
        if (column !== undefined) column[row] = tuple[at] ?? null
      })
    }
  }
  for (const [position, attribute] of relation.attributes.entries()) {
    if (attribute.group !== undefined || attribute.references.length > 0) continue
    columns[position] = drawColumn(drawing, relation, attribute, position, shape).map((cell) =>
      drawing.restrictions.allows(relation.path, position, cell) ? cell : replacement(drawing, relation, attribute, position),
    )
  }
  return columns
}

function drawColumn(
  drawing: Drawing,
  relation: RelationPlan,
  attribute: AttributePlan,
  position: number,
  { count, variant, vectors }: ColumnShape,
): (string | null)[] {
  const { random, bands } = drawing
  const rows = Array.from({ length: count }, (_, row) => row)
  const unique = relation.keys.some((key) => key.attributes.length === 1 && key.attributes[0] === position)
  const nulls = attribute.nullable && variant >= 2 ? vectors.mask(relation.path, count, variant === 2 ? 0.55 : 0.25) : undefined
  let column: (string | null)[]
  if (attribute.slot !== undefined) column = rows.map((row) => attribute.slot?.(row) ?? null)
  else if (attribute.pools.bands !== undefined && attribute.maker.room && attribute.pools.bands.length > 0) {
    const pool = random.shuffle(attribute.pools.bands)
    const few = pool.length < 6 && !unique
    column = few ? vectors.column(relation.path, count, pool) : rows.map((row) => pool[row % pool.length] ?? null)
  } else if (attribute.maker.room && attribute.pools.bands === undefined)
    column = rows.map(() => attribute.maker.band(bands, attribute.context))
  else {
    const values = vectorValues(attribute)
    if (values.length === 0) return rows.map(() => null)
    if (unique) {
      const own = random.shuffle([
        ...new Set([
          ...values,
          ...rows
            .map((row) => String(101 + row * 7))
            .filter((text) => attribute.pools.plausible === undefined && attribute.maker.accepts(text) === true),
        ]),
      ])
      column = rows.map((row) => own[row % own.length] ?? null)
    } else column = vectors.column(relation.path, count, values)
  }
  const literals = unique || variant === 0 || variant === 2 ? [] : attribute.literals
  return column.map((cell, row) => {
    if (nulls?.[row] === true && attribute.slot === undefined) return null
    return literals.length > 0 && attribute.slot === undefined && (row + position + variant) % 3 === 0
      ? (literals[Math.floor(row / 3) % literals.length] ?? cell)
      : cell
  })
}

/** The band of the type that the attribute's texts must read as. */
export function castableBand(drawing: Drawing, relation: RelationPlan, position: number): string | undefined {
  const attribute = relation.attributes[position]
  const type = drawing.restrictions.castable(relation.path, position)
  if (type === undefined || attribute === undefined || attribute.pools.checked) return undefined
  const { maker } = castables[type]
  const cell = maker.room ? maker.band(drawing.bands, noContext) : drawing.random.pick(maker.vector)
  return attribute.maker.accepts(cell) !== false && drawing.restrictions.allows(relation.path, position, cell) ? cell : undefined
}

/** A value that the exclusions allow, banded where there is room for one; NULL where none is known. */
function replacement(drawing: Drawing, relation: RelationPlan, attribute: AttributePlan, position: number): string | null {
  const { random, bands } = drawing
  const castable = castableBand(drawing, relation, position)
  if (castable !== undefined) return castable
  const only = drawing.restrictions.only(relation.path, position)
  if (only.length > 0) return random.pick(only)
  for (let attempt = 0; attempt < 20; attempt++) {
    const pool = attempt % 2 === 0 ? attribute.pools.bands : attribute.pools.plausible
    const roomy = attribute.maker.room && attempt % 2 === 0
    const drawn = roomy ? attribute.maker.band(bands, attribute.context) : attribute.maker.plausible(random, attribute.context)
    const cell = pool === undefined ? drawn : pool.length > 0 ? random.pick(pool) : null
    if (drawing.restrictions.allows(relation.path, position, cell)) return cell
  }
  return vectorValues(attribute).find((cell) => drawing.restrictions.allows(relation.path, position, cell)) ?? null
}

function vectorValues(attribute: AttributePlan): readonly string[] {
  const { pools, maker } = attribute
  if (pools.vector.length > 0) return pools.vector
  if (pools.plausible !== undefined && pools.plausible.length > 0) return [...new Set(pools.plausible)].slice(0, 8)
  return pools.plausible === undefined ? [maker.plain] : pools.extremes.slice(0, 4)
}
