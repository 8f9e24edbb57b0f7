import { type Dataset, datasetArbitrary, type Focus, noRows } from '../data/index.ts'
import { type AnyInvariant, type Collected, runInvariantsOf, showsAgain } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import { type Finding, findingKey } from '../result/index.ts'
import {
  type Phase,
  type Runner,
  type RunObservation,
  type RunRequest,
  type Shrinker,
  type ShrinkLimits,
  shrinkDataset,
} from '../run/index.ts'

/**
 * Most tries to shrink the rows of one finding. They are counted, and not timed: the smallest rows decide which rows are kept clear of later and
 * which attribute is to blame, and a busy machine must not decide that.
 */
export const shrinkAttempts = 150

/** Runs on small rows are remembered, so many of them: findings about one relation shrink to the same rows, and are tried on the same smaller ones. */
const rememberedRuns = 200
const rememberedRows = 40

/** Each try of what does not end takes its time-out. */
const endlessAttempts = 12

export interface Shrunk {
  readonly dataset: Dataset | undefined
  /** The run that shows the finding on them. */
  readonly request: RunRequest
  /** Whether shrinking came to its end. */
  readonly complete: boolean
  /** Tries that it took. */
  readonly attempts: number
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
  readonly #runs = new Map<string, Promise<RunObservation>>()

  constructor(invariants: readonly AnyInvariant[], subject: Subject, runner: Runner) {
    this.#invariants = invariants
    this.#subject = subject
    this.#runner = runner
  }

  /**
   * The smallest rows that still show a finding.
   *
   * @param known  Small data sets that show other findings: tried first.
   * @param limits  Most tries; and when the caller's time is over, by `performance.now()`.
   * @param lane  Where to make the tries, one after the other; undefined for as many at a time as there are lanes.
   */
  async shrink(
    collected: Pick<Collected, 'finding' | 'key'>,
    request: RunRequest,
    known: readonly Dataset[],
    limits: ShrinkLimits,
    lane?: number,
  ): Promise<Shrunk> {
    let base: RunRequest = { ...request, phases: phasesToShow(this.#invariants, collected.finding), questions: undefined }
    if (request.filling.kind !== 'dataset') return { dataset: undefined, request: base, complete: request.regime === 'empty', attempts: 0 }
    const requestFor = (dataset: Dataset): RunRequest => ({
      ...base,
      regime: 'edge',
      extreme: dataset.extreme ?? false,
      bands: undefined,
      filling: { kind: 'dataset', dataset },
    })
    const shows = async (dataset: Dataset, turn = lane ?? 0) =>
      showsAgain(this.#invariants, this.#subject, await this.#run(dataset, requestFor(dataset), turn), collected) !== undefined
    const { dataset: whole } = request.filling
    const plainer = async (plain: RunRequest): Promise<void> => {
      const other = base
      base = plain
      if (!(await shows(whole))) base = other
    }
    // Only what the usual session does not show is told of the other one.
    if (base.settings !== undefined) await plainer({ ...base, settings: undefined })
    // Most of the time of a try is what a deep run compares, and few findings are in that.
    if (base.deep === true) await plainer({ ...base, deep: false })
    if (await shows(noRows)) return { dataset: noRows, request: requestFor(noRows), complete: true, attempts: 0 }
    let start = whole
    const { relation, attribute } = collected.finding
    const focus = relation === undefined ? undefined : { relation, attribute }
    for (const dataset of known) {
      if (relation !== undefined && isFilled(start, relation) && !isFilled(dataset, relation)) continue
      if (rowsOf(dataset) < rowsOf(start) && (await shows(dataset))) start = dataset
    }
    const fewer = request.statementTimeoutMs === undefined || collected.finding.kind !== '57014' ? limits.attempts : endlessAttempts
    const least = {
      ...limits,
      attempts: Math.min(limits.attempts, fewer),
      lanes: lane === undefined ? this.#runner.lanes : 1,
      refused: [noRows],
    }
    const tried = (dataset: Dataset, turn: number) => shows(dataset, lane ?? turn)
    const { dataset, complete, attempts } = await shrinkDataset(start, shrinkerOf(this.#subject, focus), tried, least)
    return { dataset, request: requestFor(dataset), complete, attempts }
  }

  /** Runs on the same rows, whichever finding they are for, are one. */
  #run(dataset: Dataset, request: RunRequest, turn: number): Promise<RunObservation> {
    const { writeSince, phases, deep, settings, statementTimeoutMs } = request
    // What is written between `up` and `down` is of the run that it was chosen for.
    if (writeSince !== undefined || rowsOf(dataset) > rememberedRows) return this.#runner.run(this.#subject, request, turn)
    const key = JSON.stringify([[...dataset.tables], phases, deep, settings, statementTimeoutMs])
    const known = this.#runs.get(key)
    if (known !== undefined) return known
    const run = this.#runner.run(this.#subject, request, turn)
    this.#runs.set(key, run)
    for (const oldest of this.#runs.keys()) {
      if (this.#runs.size <= rememberedRuns) break
      this.#runs.delete(oldest)
    }
    return run
  }

  /** The smallest rows that make `up` fail as the finding says, without confirming it: for the rule that excludes the cause. */
  async smallestFor(finding: Finding, request: RunRequest, attempts = shrinkAttempts): Promise<Dataset | undefined> {
    const limits = { attempts, deadline: Number.POSITIVE_INFINITY }
    const found = await this.shrink({ key: findingKey(finding), finding }, request, [], limits)
    return found.dataset
  }
}

/** Smaller rows, as the plan of a subject makes them. */
export function shrinkerOf({ plan, scope }: Pick<Subject, 'plan' | 'scope'>, focus?: Focus): Shrinker {
  const arbitrary = datasetArbitrary(plan, { rows: { min: 0, max: 48 }, relations: [...scope], focus })
  return {
    *shrink(dataset) {
      for (const value of arbitrary.shrink(dataset, undefined)) yield value.value
    },
  }
}

function isFilled({ tables }: Dataset, relation: string): boolean {
  return (tables.get(relation)?.rows.length ?? 0) > 0
}

function rowsOf(dataset: Dataset): number {
  return [...dataset.tables.values()].reduce((sum, table) => sum + table.rows.length, 0)
}
