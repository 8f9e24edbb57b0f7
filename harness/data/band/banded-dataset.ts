import type { BandedDataset, BandKind } from '../dataset.ts'
import { buildDataset, keepMaking } from '../generate/build.ts'
import type { Drawing } from '../generate/draw-cell.ts'
import { type Exclusion, Restrictions } from '../generate/exclusion.ts'
import { Fitter, type IntendedRow } from '../generate/fitter.ts'
import { placeRows } from '../generate/place-rows.ts'
import { scopeOf } from '../generate/scope.ts'
import { linkedValue, SoftLinks } from '../generate/soft-references.ts'
import type { AttributePlan, GenerationPlan, RelationPlan } from '../plan/model.ts'
import { Randomness, seedOf } from '../random.ts'
import { BandSource } from './band-source.ts'
import { Vectors } from './vectors.ts'

export interface BandOptions {
  readonly seed: number
  /** Rows in each relation to be banded, 16 to 48; the numbers differ a little from relation to relation. */
  readonly rows: number
  /** 0: bands only. 1: constants in a third of the cells, soft references tied. 2: sparse. 3 and above: other mixes. */
  readonly variant: number
  /** Relations to band; those that their foreign keys lead to are filled too. Default: all. */
  readonly relations?: readonly string[]
  /** Rows in the relations that are neither asked for nor led to; default 0. */
  readonly elsewhere?: number
  /** What the data set must not show (again). */
  readonly exclude?: readonly Exclusion[]
}

/**
 * One data set in which every cell that has room carries a value found nowhere else, not even in the first four variants together.
 *
 * Shapes, by type:
 * - text, varchar(n), char(n), citext, name, n ≥ 11: two words `KobAr zUmel`, each of five letters CVCVC (`[bdfghjklmnprstvz][aeiou]…`),
 *   each found once when case is folded, one capital in front and one inside; one in six with a blank before, after or on both sides
 *   (n ≥ 14, not char). 5 ≤ n < 11: one word. n = 4: four letters CVCV, one a capital. Under a check that refuses these: `word`, `word word`, `word-word`,
 *   `word.word@example.com`, `https://word.example/word`, `WOR-12345`, 32 hex digits, digits, a date, or examples of the pattern.
 * - int4, int8, oid, xid8: seven digits, unique in the leading five (10000 … 99999), the last not zero. numeric(p,s), money: unique in the
 *   leading five digits, up to six before the point and s after it, as many as fit, the last not zero. float8: five digits, a point, three
 *   more or fewer; float4: four, a point, two.
 * - date: a day found once (1950 … 2049). timestamp(tz), time(tz), interval: milliseconds found once modulo 15 minutes, on such a day; the
 *   odd local times of the zones that the migration names among them.
 * - uuid: random, version 4. bytea: ten random bytes. inet `10.x.y.z`, cidr `10.x.y.z/32`, macaddr `02:00:…`. bit(n), n ≥ 24: random.
 * - json, jsonb: most of the migration's own keys, two keys that are words (one holds a nested object with a list); every leaf is two words
 *   or a seven-digit number. Arrays: two or three banded elements. Ranges: two banded bounds. Composites: each part banded. hstore, ltree,
 *   tsvector, xml, geometry: made of words and of numbers with a five-digit lead.
 * - boolean, enum, int2, char(1 … 3), bit(n < 24), attributes that checks leave few values, and the pattern of NULLs: the column's vector; no
 *   two in a relation split its rows alike (or complementarily, which is the same split).
 * - attributes of foreign keys, and (variant ≥ 1) of soft references on most rows: the parent's value; children spread unevenly.
 */
export function bandedDataset(plan: GenerationPlan, options: BandOptions): BandedDataset {
  const { variant, rows } = options
  const random = new Randomness(seedOf('banded', options.seed, variant))
  const restrictions = new Restrictions(plan, options.exclude ?? [])
  const fitter = new Fitter(plan, restrictions)
  const drawing: Drawing = {
    plan,
    random,
    bands: new BandSource(options.seed, variant),
    fitter,
    links: new SoftLinks(plan),
    restrictions,
    ring: new Map(),
    extreme: false,
  }
  const scope = scopeOf(plan, options.relations)
  const counts = new Map(
    [...plan.relations.keys()].map((path, at) => [
      path,
      Math.min(scope.has(path) ? rows + ((at * 5 + variant) % 4) : (options.elsewhere ?? 0), restrictions.most(path)),
    ]),
  )
  const bands = new Map<string, ReadonlyMap<string, BandKind>>()
  const columns = new Map<string, readonly (readonly (string | null)[])[]>()
  const vectors = new Vectors(random)
  placeRows(plan, fitter, counts, (relation, ordinal, attempt): IntendedRow | undefined => {
    const count = counts.get(relation.path) ?? 0
    let column = columns.get(relation.path)
    if (column === undefined || (attempt > 0 && attempt % 4 === 0)) {
      column = drawColumns(drawing, relation, count, variant, vectors)
      columns.set(relation.path, column)
    }
    const drawn = column
    const cells = relation.attributes.map((attribute, position) => {
      const cell = drawn[position]?.[ordinal] ?? null
      if (variant === 0 || attribute.group !== undefined || attribute.references.length > 0) return cell
      return tied(drawing, relation, position, cell)
    })
    if (attempt > 0) refresh(drawing, relation, cells, attempt)
    const parents = relation.references.map((reference, at) => {
      const candidates = fitter.rowsOf(reference.parent)
      if (candidates.length === 0) return null
      if (reference.nullable.length > 0 && variant >= 2 && random.chance(variant === 2 ? 0.5 : 0.2)) return null
      // Unevenly: the square of a fraction favours the first parents; each reference and attempt starts elsewhere.
      const fraction = ((ordinal + at * 7 + attempt * 3) % count) / count
      return candidates[Math.floor(fraction ** 1.6 * candidates.length)]?.intended ?? null
    })
    return { cells, parents }
  })
  const dataset = buildDataset(plan, fitter, scope)
  for (const [path, table] of dataset.tables) {
    const relation = plan.relations.get(path)
    if (relation !== undefined) bands.set(path, kindsOf(drawing, relation, table.rows, variant))
  }
  return keepMaking(dataset, { ...dataset, bands })
}

/** All cells of a relation's own attributes, attribute by attribute: vectors and NULLs are properties of columns. */
function drawColumns(drawing: Drawing, relation: RelationPlan, count: number, variant: number, vectors: Vectors): (string | null)[][] {
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
    columns[position] = drawColumn(drawing, relation, attribute, position, count, variant, vectors).map((cell) =>
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
  count: number,
  variant: number,
  vectors: Vectors,
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

/** A value that the exclusions allow, banded where there is room for one; NULL where none is known. */
function replacement(drawing: Drawing, relation: RelationPlan, attribute: AttributePlan, position: number): string | null {
  const { random, bands } = drawing
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

/** On most rows the value of the other side of a soft reference. */
function tied(drawing: Drawing, relation: RelationPlan, position: number, cell: string | null): string | null {
  const links = drawing.links.of(relation.path, position)
  if (links.length === 0 || cell === null || !drawing.random.chance(0.8)) return cell
  const pools = relation.attributes[position]?.pools
  const value = linkedValue(drawing.plan, links, drawing.fitter, relation.path, position, cell, drawing.random)
  return value === undefined || (pools?.plausible !== undefined && !pools.plausible.includes(value)) ? cell : value
}

/** A row that was refused gets new values where a key might have refused it. */
function refresh(drawing: Drawing, relation: RelationPlan, cells: (string | null)[], attempt: number): void {
  for (const key of relation.keys) {
    for (const position of key.attributes) {
      const attribute = relation.attributes[position]
      if (attribute === undefined || attribute.references.length > 0 || attribute.group !== undefined || attribute.slot !== undefined)
        continue
      if (attribute.maker.room && attribute.pools.bands === undefined)
        cells[position] = attribute.maker.band(drawing.bands, attribute.context)
      else if (attribute.pools.bands !== undefined && attribute.pools.bands.length > 0)
        cells[position] = drawing.random.pick(attribute.pools.bands)
      else if (attribute.pools.plausible === undefined) cells[position] = attribute.maker.plausible(drawing.random, attribute.context)
      else if (attribute.pools.plausible.length > 0) cells[position] = drawing.random.pick(attribute.pools.plausible)
    }
  }
  for (const group of relation.groups) {
    const tuple = drawing.random.pick(attempt % 2 === 0 || group.bandTuples.length === 0 ? group.tuples : group.bandTuples)
    group.attributes.forEach((position, at) => {
      cells[position] = tuple[at] ?? null
    })
  }
}

function kindsOf(
  drawing: Drawing,
  relation: RelationPlan,
  rows: readonly (readonly (string | null | undefined)[])[],
  variant: number,
): Map<string, BandKind> {
  const kinds = new Map<string, BandKind>()
  for (const attribute of relation.relation.attributes) if (attribute.generated !== undefined) kinds.set(attribute.name, 'derived')
  relation.attributes.forEach((attribute, position) => {
    const cells = rows.map((row) => row[position]).filter((cell) => cell !== null && cell !== undefined)
    const values = new Set(cells)
    const literals = new Set(attribute.literals)
    const banded = cells.filter((cell) => !literals.has(cell))
    const alias =
      attribute.references.length > 0 ||
      (variant > 0 && drawing.links.of(relation.path, position).some((link) => link.ownJsonPath === undefined))
    const kind = (): BandKind => {
      if (alias) return 'alias'
      if (attribute.maker.room && new Set(banded).size === banded.length && banded.length > 0) return 'band'
      return values.size <= 1 && rows.length > 1 && cells.length === rows.length ? 'constant' : 'vector'
    }
    kinds.set(attribute.name, kind())
  })
  return kinds
}
