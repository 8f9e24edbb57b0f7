import { Arbitrary, type Random, Stream, Value } from 'fast-check'
import { BandSource } from '../band/band-source.ts'
import type { Dataset } from '../dataset.ts'
import type { GenerationPlan, RelationPlan } from '../plan/model.ts'
import { Randomness } from '../random.ts'
import type { Aim } from './aim.ts'
import { buildDataset, intentionsOf, type MadeDataset } from './build.ts'
import type { Drawing, Sweep } from './draw-cell.ts'
import { drawRow } from './draw-row.ts'
import { type Exclusion, Restrictions } from './exclusion.ts'
import type { IntendedRow } from './fitted-row.ts'
import { Fitter } from './fitter.ts'
import { placeRows } from './place-rows.ts'
import { scopeOf } from './scope.ts'
import { shrinkDataset } from './shrink-dataset.ts'
import { SoftLinks } from './soft-references.ts'
import type { Focus } from './strides.ts'
import { noTraits, type Traits, traitsOf } from './traits.ts'

export interface DatasetOptions {
  /** Rows in a relation, drawn for each anew; default 1 to 6. */
  readonly rows?: { readonly min: number; readonly max: number }
  /** Relations to fill; those that their foreign keys lead to are added. Default: all. */
  readonly relations?: readonly string[]
  /** Relation path → the attribute that carries a band, unique over the data set, in every row. */
  readonly ring?: ReadonlyMap<string, string>
  /** What no data set may show (again). */
  readonly exclude?: readonly Exclusion[]
  /** `plausible` never draws a type's limits; `extreme`, the default, does so in a quarter of the data sets, and marks them. */
  readonly profile?: 'plausible' | 'extreme'
  /** Let rows violate constraints that are NOT VALID, as rows from before the constraint may. */
  readonly dirty?: boolean
  /** The rows are to be written beside others: keys of one attribute keep clear of usual values, also when shrunk. */
  readonly beside?: boolean
  /** Rows that refer to their own relation form rings too: the row itself, two rows, three. See `makesRings`. */
  readonly rings?: boolean
  /** Rows of relations that get a unique key, or of which a key holds what gets another type, differ as little as they may. */
  readonly alike?: boolean
  /** When rows are shrunk: what it is about. */
  readonly focus?: Focus | undefined
  /** Cells are not drawn but take what shows something for certain. */
  readonly sweep?: Sweep | undefined
  /** What some rows are to be like, as far as that is legal. */
  readonly aims?: readonly Aim[] | undefined
}

/**
 * Legal data sets of a schema: NULLs, duplicates, borders, the migration's constants in half of the cells that have some, soft references
 * matched, unmatched and doubled.
 *
 * Pure: the same random source gives the same data set. Every shrunk data set is legal too, for what the plan decides in memory (keys,
 * references, NOT NULL, types) and what the server judged when the plan was made (checks).
 */
export function datasetArbitrary(plan: GenerationPlan, options: DatasetOptions = {}): Arbitrary<Dataset> {
  return new DatasetArbitrary(plan, options)
}

class DatasetArbitrary extends Arbitrary<Dataset> {
  readonly #plan: GenerationPlan
  readonly #options: DatasetOptions
  readonly #scope: ReadonlySet<string>
  readonly #restrictions: Restrictions
  readonly #links: SoftLinks
  readonly #least: ReadonlyMap<string, number>
  readonly #traits: ReadonlyMap<string, Traits>

  constructor(plan: GenerationPlan, options: DatasetOptions) {
    super()
    this.#plan = plan
    this.#options = options
    this.#scope = scopeOf(plan, options.relations)
    this.#restrictions = new Restrictions(plan, options.exclude ?? [])
    this.#links = new SoftLinks(plan, true)
    this.#least = leastParents(plan, this.#scope)
    this.#traits = traitsOf(plan, this.#scope)
  }

  override generate(mrng: Random, _biasFactor: number | undefined): Value<Dataset> {
    const dataset = this.#make(mrng.nextInt())
    return new Value<Dataset>(dataset, undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is Dataset {
    return intentionsOf(this.#plan, value) !== undefined
  }

  override shrink(value: Dataset, _context: unknown): Stream<Value<Dataset>> {
    const intentions = intentionsOf(this.#plan, value)
    if (intentions === undefined) return Stream.nil<Value<Dataset>>()
    const legal = { plan: this.#plan, restrictions: this.#restrictions, scope: this.#scope }
    const smaller = shrinkDataset(legal, value, intentions, this.#options)
    return new Stream(wrap(smaller))
  }

  #make(seed: number): MadeDataset {
    const plan = this.#plan
    const random = new Randomness(seed)
    const { min, max } = this.#options.rows ?? { min: 1, max: 6 }
    const extreme = random.chance(0.25) && this.#options.profile !== 'plausible'
    const fitter = new Fitter(plan, this.#restrictions)
    const keyed = [...plan.unified].some((path) => !plan.meeting.has(path))
    const alike = this.#options.alike ?? (keyed && random.chance(0.3))
    const clocked = !plan.clocks.hinted ? 0.1 : this.#options.alike === true ? 0.85 : 0.35
    const drawing: Drawing = {
      plan,
      random,
      bands: new BandSource(random.next(), 0),
      fitter,
      links: this.#links,
      restrictions: this.#restrictions,
      ring: this.#options.ring ?? new Map(),
      extreme,
      crowded: plan.doubled.size > 0 && random.chance(0.4),
      alike,
      clock: plan.clocks.changes.length > 0 && random.chance(clocked) ? random.pick(plan.clocks.changes) : undefined,
      beside: this.#options.beside ?? false,
      sweep: this.#options.sweep,
      aims: this.#options.aims,
    }
    const emptied = plan.emptied.length > 0 && random.chance(0.2) ? random.pick(plan.emptied) : undefined
    const drawn = new Map(
      [...this.#scope].map((path) => [
        path,
        path === emptied
          ? 0
          : (aimedRows(this.#options.aims, path, random) ??
            Math.min(Math.max(random.between(min, max), min > 0 ? (this.#least.get(path) ?? 0) : 0), this.#restrictions.most(path))),
      ]),
    )
    placeRows(plan, fitter, this.#restrictions.counted(drawn), (relation, ordinal, attempt): IntendedRow => {
      const traits = this.#traits.get(relation.path) ?? noTraits
      const { cells, parents } = drawRow(drawing, relation, traits, ordinal, attempt)
      const own = this.#options.rings === true ? ringOf(relation) : undefined
      // A row of which nothing descends is a ring of its own: not all, so that there are roots too.
      const ring = own !== undefined && parents[own] === null && random.chance(ordinal === 0 ? 0.9 : 0.5) ? { ring: own } : {}
      // Every third row, and never after refusals: a dirty cell may be in a key.
      const dirty = this.#options.dirty === true && relation.dirt.length > 0 && attempt < 3 && random.chance(0.35)
      if (!dirty) return { cells, parents, ...ring }
      const of = random.below(relation.dirt.length)
      return { cells, parents, ...ring, dirt: { of, tuple: random.below(relation.dirt[of]?.tuples.length ?? 1) } }
    })
    return buildDataset(plan, fitter, this.#scope)
  }
}

/** Whether rows of some relation can form rings: it refers to itself, may be NULL there, and no trigger looks at what is inserted. */
export function makesRings(plan: GenerationPlan, scope: ReadonlySet<string>): boolean {
  return [...scope].some((path) => {
    const relation = plan.relations.get(path)
    return relation !== undefined && ringOf(relation) !== undefined
  })
}

function ringOf({ path, references, relation }: RelationPlan): number | undefined {
  // A trigger may refuse rings, and seeding would go past it.
  if (relation.triggers.some(({ enabled }) => enabled !== 'disabled')) return undefined
  const at = references.findIndex(({ parent, late, nullable }) => parent === path && !late && nullable.length > 0)
  return at < 0 ? undefined : at
}

/** How many rows an aim asks for, in half of the data sets. */
function aimedRows(aims: readonly Aim[] | undefined, path: string, random: Randomness): number | undefined {
  const aimed = aims?.flatMap((aim) => (aim.kind === 'rows' && aim.relation === path ? [aim.rows] : [])) ?? []
  return aimed.length > 0 && random.chance(0.5) ? random.pick(aimed) : undefined
}

/** Two references to one relation that a check tells apart want two rows there. */
function leastParents(plan: GenerationPlan, scope: ReadonlySet<string>): ReadonlyMap<string, number> {
  const least = new Map<string, number>()
  for (const path of scope) {
    const relation = plan.relations.get(path)
    if (relation === undefined) continue
    for (const position of relation.groups.flatMap((group) => group.pairs.flat())) {
      for (const at of relation.attributes[position]?.references ?? []) least.set(relation.references[at]?.parent ?? '', 2)
    }
  }
  return least
}

function* wrap(datasets: Iterable<MadeDataset>): IterableIterator<Value<Dataset>> {
  for (const dataset of datasets) yield new Value<Dataset>(dataset, undefined)
}
