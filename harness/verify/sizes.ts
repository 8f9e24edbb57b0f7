import type { Dataset } from '../data/index.ts'

/** Edge runs of a migration that stands alone. */
export const usualRuns = 30
/** Most rows of a relation in an edge run. */
const usualRows = 30
/** A few rows: what depends on a size (one row, a value found once, two rows that meet) shows in them. */
const fewRows = 5
const singleRuns = 5
const singleShare = 0.25
/** Coprime to the turns in which phases change (4 and 5), so that each way is tried with few rows and with many. */
const manyEvery = 3

export interface Sizes {
  readonly min: number
  readonly max: number
}

/** How many rows the relations of edge runs have: one each in the first runs, then few or many. */
export class RunSizes {
  #most: number
  readonly #few: number
  readonly #single: number

  /**
   * @param total  Edge runs that are planned.
   * @param most  Most rows of a relation that the user asked for.
   */
  constructor(total: number, most = usualRows) {
    this.#most = most
    this.#few = Math.min(fewRows, most)
    this.#single = Math.min(singleRuns, Math.ceil(total * singleShare))
  }

  /** Rows of a relation in a run that has many. */
  get most(): number {
    return this.#most
  }

  of(run: number): Sizes {
    if (run < this.#single) return { min: 1, max: 1 }
    return { min: 1, max: run % manyEvery === 0 ? this.#most : this.#few }
  }

  /** For a run without exclusions: one row may pass where several fail. */
  alone(run: number): Sizes {
    return { min: 1, max: run < this.#single || run % 2 === 0 ? 1 : this.#few }
  }

  /** `up` failed on a data set. Where one of many rows makes it fail, the others show nothing: later runs have half as many, but never fewer than few. */
  failed({ tables }: Dataset): void {
    const rows = Math.max(0, ...[...tables.values()].map((each) => each.rows.length))
    if (rows > this.#few) this.#most = Math.max(this.#few, Math.min(this.#most, Math.floor(rows / 2)))
  }
}
