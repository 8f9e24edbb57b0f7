import { type Dataset, datasetArbitrary } from '../data/index.ts'
import { type AnyInvariant, type Collected, runInvariantsOf, showsAgain } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import { type Phase, type Runner, type RunRequest, type Shrinker, shrinkDataset } from '../run/index.ts'

/** Most time, and most tries, to shrink the rows of one finding. */
export const shrinkMs = 1500
export const shrinkAttempts = 150

export interface Shrunk {
  readonly dataset: Dataset | undefined
  /** The run that shows the finding on them. */
  readonly request: RunRequest
  /** Whether shrinking came to its end. */
  readonly complete: boolean
}

/** The phases that a run needs to show a finding. */
export function phasesToShow(invariants: readonly AnyInvariant[], finding: Finding): readonly Phase[] {
  return finding.shownBy ?? runInvariantsOf(invariants).find(({ id }) => id === finding.invariant)?.looks.everyRun ?? ['up']
}

/** Shrinks the rows of findings of one migration. */
export class FindingShrinker {
  readonly #invariants: readonly AnyInvariant[]
  readonly #subject: Subject
  readonly #runner: Runner

  constructor(invariants: readonly AnyInvariant[], subject: Subject, runner: Runner) {
    this.#invariants = invariants
    this.#subject = subject
    this.#runner = runner
  }

  /**
   * The smallest rows that still show a finding.
   *
   * @param known  Small data sets that show other findings: tried first.
   * @param end  When to stop, by `performance.now()`.
   */
  async shrink(
    collected: Pick<Collected, 'finding' | 'key'>,
    request: RunRequest,
    known: readonly Dataset[],
    end: number,
  ): Promise<Shrunk> {
    const base: RunRequest = { ...request, phases: phasesToShow(this.#invariants, collected.finding) }
    if (request.filling.kind !== 'dataset') return { dataset: undefined, request: base, complete: request.regime === 'empty' }
    const requestFor = (dataset: Dataset): RunRequest => ({
      ...base,
      regime: 'edge',
      extreme: dataset.extreme ?? false,
      bands: undefined,
      filling: { kind: 'dataset', dataset },
    })
    const shows = async (dataset: Dataset) =>
      showsAgain(this.#invariants, this.#subject, await this.#runner.run(this.#subject, requestFor(dataset)), collected) !== undefined
    const nothing: Dataset = { tables: new Map(), unfilled: [], extreme: false, dirty: [] }
    if (await shows(nothing)) return { dataset: nothing, request: requestFor(nothing), complete: true }
    let start = request.filling.dataset
    for (const dataset of known) {
      if (rowsOf(dataset) < rowsOf(start) && (await shows(dataset))) start = dataset
    }
    const deadline = Math.min(end, performance.now() + shrinkMs)
    const { dataset, complete } = await shrinkDataset(start, shrinkerOf(this.#subject), shows, { deadline, attempts: shrinkAttempts })
    return { dataset, request: requestFor(dataset), complete }
  }

  /** The smallest rows that make `up` fail as the finding says, without confirming it: for the rule that excludes the cause. */
  async smallestFor(finding: Finding, request: RunRequest, withinMs = shrinkMs): Promise<Dataset | undefined> {
    const found = await this.shrink({ key: findingKey(finding), finding }, request, [], performance.now() + withinMs)
    return found.dataset
  }
}

/** Smaller rows, as the plan of a subject makes them. */
export function shrinkerOf({ plan, scope }: Subject): Shrinker {
  const arbitrary = datasetArbitrary(plan, { rows: { min: 0, max: 48 }, relations: [...scope] })
  return {
    *shrink(dataset) {
      for (const value of arbitrary.shrink(dataset, undefined)) yield value.value
    },
  }
}

function rowsOf(dataset: Dataset): number {
  return [...dataset.tables.values()].reduce((sum, table) => sum + table.rows.length, 0)
}
