import type { BandedDataset, BandKind } from '../dataset.ts'
import { buildDataset, keepMaking } from '../generate/build.ts'
import type { Drawing } from '../generate/draw-cell.ts'
import { type Exclusion, Restrictions } from '../generate/exclusion.ts'
import type { IntendedRow } from '../generate/fitted-row.ts'
import { Fitter } from '../generate/fitter.ts'
import { placeRows } from '../generate/place-rows.ts'
import { scopeOf } from '../generate/scope.ts'
import { linkedValue, SoftLinks } from '../generate/soft-references.ts'
import type { GenerationPlan, RelationPlan } from '../plan/model.ts'
import { topOf } from '../plan/plan-scope.ts'
import { Randomness, seedOf } from '../random.ts'
import { kindsOf } from './band-kinds.ts'
import { BandSource } from './band-source.ts'
import { castableBand, drawColumns } from './draw-columns.ts'
import { Vectors } from './vectors.ts'

export interface BandOptions {
  readonly seed: number
  /** Rows in each relation to be banded, 16 to 48; the numbers differ a little from relation to relation. */
  readonly rows: number
  /** 0: bands only. 1: constants in a third of the cells, soft references tied. 2: sparse. 3 and above: other mixes. */
  readonly variant: number
  /** Relations to band; those that their foreign keys lead to are filled too. Default: all. */
  readonly relations?: readonly string[]
  /** Rows in the relations that are filled only because foreign keys lead to them; default as many as in those asked for. */
  readonly parents?: number
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
    links: new SoftLinks(plan, false),
    restrictions,
    ring: new Map(),
    extreme: false,
  }
  const scope = scopeOf(plan, options.relations)
  const asked = options.relations === undefined ? scope : new Set(options.relations.map((path) => topOf(plan.catalog, path)))
  const rowsOf = (path: string, more: number) =>
    asked.has(path) ? rows + more : scope.has(path) ? (options.parents ?? rows) + more : (options.elsewhere ?? 0)
  const counts = restrictions.counted(
    new Map([...plan.relations.keys()].map((path, at) => [path, Math.min(rowsOf(path, (at * 5 + variant) % 4), restrictions.most(path))])),
  )
  const bands = new Map<string, ReadonlyMap<string, BandKind>>()
  const columns = new Map<string, readonly (readonly (string | null)[])[]>()
  const vectors = new Vectors(random)
  placeRows(plan, fitter, counts, (relation, ordinal, attempt): IntendedRow | undefined => {
    const count = counts.get(relation.path) ?? 0
    let column = columns.get(relation.path)
    if (column === undefined || (attempt > 0 && attempt % 4 === 0)) {
      column = drawColumns(drawing, relation, { count, variant, vectors })
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
      const due = restrictions.due(relation, at, fitter)
      if (due !== undefined) return due
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

/** On most rows the value of the other side of a soft reference. */
function tied(drawing: Drawing, relation: RelationPlan, position: number, cell: string | null): string | null {
  const links = drawing.links.of(relation.path, position)
  if (links.length === 0 || cell === null || !drawing.random.chance(0.8)) return cell
  const attribute = relation.attributes[position]
  const plausible = attribute?.pools.plausible
  const value = linkedValue(drawing, links, attribute, cell)
  return value === undefined || (plausible !== undefined && !plausible.includes(value)) ? cell : value
}

/** A row that was refused gets new values where a key might have refused it. */
function refresh(drawing: Drawing, relation: RelationPlan, cells: (string | null)[], attempt: number): void {
  for (const key of relation.keys) {
    for (const position of key.attributes) {
      const attribute = relation.attributes[position]
      if (attribute === undefined || attribute.references.length > 0 || attribute.group !== undefined || attribute.slot !== undefined)
        continue
      const only = drawing.restrictions.only(relation.path, position)
      const castable = castableBand(drawing, relation, position)
      if (only.length > 0) cells[position] = drawing.random.pick(only)
      else if (castable !== undefined) cells[position] = castable
      else if (attribute.maker.room && attribute.pools.bands === undefined)
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
