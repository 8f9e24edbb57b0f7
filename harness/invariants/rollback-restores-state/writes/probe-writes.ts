import type { Catalog } from '../../../catalog/index.ts'
import type { RunQuestions } from '../../../coverage/index.ts'
import { type Dataset, datasetArbitrary, type Exclusion, sampleDatasets } from '../../../data/index.ts'
import type { Subject } from '../../../lineage/index.ts'
import { type Failure, statementTargets } from '../../../migration/index.ts'
import { partsOf, quoteName, type Session } from '../../../postgres/index.ts'
import { failuresOf, inOrder, planFor, type Runner, type RunObservation, type RunRequest } from '../../../run/index.ts'
import type { Write } from './model.ts'
import { planWrites } from './plan-writes.ts'
import { FromAfterUp, type LookAfterUp, type Trials, type Tried, type TryOptions, WholeRuns } from './trials.ts'

export interface ProbePlan {
  readonly seed: number
  readonly exclusions: readonly Exclusion[]
  readonly deadline: number
  readonly signal: AbortSignal | undefined
  /** How many legacy data sets to start from; each takes all rounds. */
  readonly bases: number
  /** Data sets that went up and down; where there are too few, others are drawn. */
  readonly passing: readonly Dataset[]
  /** What the server is asked in each run, for coverage; nothing that is judged depends on it. */
  readonly questions?: (() => RunQuestions) | undefined
  /** Told the questions of a run, once it has answered them. */
  readonly onAnswers?: ((questions: RunQuestions) => void) | undefined
}

/** So many data sets are tried to find one that goes up and down. */
const tries = 4
/** So many causes of one round are told apart. */
const mostCauses = 8

/**
 * Write to the migrated database what the legacy schema would not have held, and see whether `down` still runs: many writes at once, and
 * where it fails, halved until one is left, which names the attribute. What was found so is not written again.
 *
 * Trials start from one state after `up` where runs are made in transactions; what they find is shown once more by a whole run.
 *
 * @param onRun  Told each run on which `down` fails after the fewest writes.
 */
export async function probeWrites(subject: Subject, runner: Runner, plan: ProbePlan, onRun: OnRun): Promise<void> {
  if (subject.migration.down === undefined || subject.scope.size === 0) return
  const settled = new Set<string>()
  const arbitrary = datasetArbitrary(subject.plan, {
    rows: { min: 3, max: 6 },
    relations: [...subject.scope],
    exclude: plan.exclusions,
    profile: 'plausible',
  })
  let bases = 0
  // `up` may spread the rows by what they hold: a relation that got none of this base's rows is met with another.
  const empty = new Set<string>()
  const met = new Set<string>()
  for (const dataset of [...fullest(plan.passing).slice(0, plan.bases), ...sampleDatasets(arbitrary, plan.seed, tries)]) {
    if ((bases >= plan.bases && empty.size === 0) || performance.now() > plan.deadline) break
    const probe = new Probe(subject, runner, plan, dataset, settled)
    const found = await probe.look((filled) => bases < plan.bases || [...empty].some((path) => filled.has(path)))
    await probe.report(onRun)
    if (found === undefined) continue
    const { rounds, filled } = found
    bases += 1
    for (const path of filled) met.add(path)
    for (const { relation } of rounds.flat()) if (!met.has(relation)) empty.add(relation)
    for (const path of met) empty.delete(path)
    if (rounds.length === 0) return
  }
}

/** Those with rows in most tables first, then those with some rows in each, then those with few. */
function fullest(datasets: readonly Dataset[]): readonly Dataset[] {
  const filled = (dataset: Dataset) => [...dataset.tables.values()].filter(({ rows }) => rows.length > 0)
  const size = (dataset: Dataset) =>
    filled(dataset).reduce((sum, { rows }) => sum + Math.min(rows.length, 6), 1000 * filled(dataset).length)
  const all = (dataset: Dataset) => filled(dataset).reduce((sum, { rows }) => sum + rows.length, 0)
  return datasets
    .filter(({ extreme, dirty = [] }) => !extreme && dirty.length === 0)
    .sort((left, right) => size(right) - size(left) || all(left) - all(right))
}

type OnRun = (run: RunObservation, request: RunRequest) => void

/** What there is to write, and which of its relations hold rows. */
interface Found {
  readonly rounds: readonly (readonly Write[])[]
  readonly filled: ReadonlySet<string>
}

/** Writes to the rows of one data set. */
class Probe {
  readonly #subject: Subject
  readonly #runner: Runner
  readonly #plan: ProbePlan
  readonly #dataset: Dataset
  readonly #whole: WholeRuns
  /** What writes were about after which `down` fails, also on other data sets: they are made no more. */
  readonly #settled: Set<string>
  readonly #causes: Cause[] = []

  constructor(subject: Subject, runner: Runner, plan: ProbePlan, dataset: Dataset, settled: Set<string>) {
    this.#subject = subject
    this.#runner = runner
    this.#plan = plan
    this.#dataset = dataset
    this.#whole = new WholeRuns(subject, runner, dataset, plan.signal)
    this.#settled = settled
  }

  /**
   * Make all writes, and tell the causes for which `down` fails.
   *
   * @param isWorthIt  Whether to write to these rows, by the relations that they fill.
   * @returns Undefined where it is not, or where these rows do not go up and down by themselves.
   */
  async look(isWorthIt: (filled: ReadonlySet<string>) => boolean): Promise<Found | undefined> {
    const { signal } = this.#plan
    const questions = this.#plan.questions?.()
    const filling = { kind: 'dataset', dataset: this.#dataset } as const
    const once = await this.#runner.afterUp(this.#subject, { filling, questions, signal }, async (lanes) => {
      if (questions !== undefined) this.#plan.onAnswers?.(questions)
      return { found: await this.#lookBy(new FromAfterUp(lanes, signal), isWorthIt) }
    })
    return once === undefined ? this.#lookBy(this.#whole, isWorthIt) : once.found
  }

  async #lookBy(trials: Trials, isWorthIt: (filled: ReadonlySet<string>) => boolean): Promise<Found | undefined> {
    let found: Found | undefined
    const look: LookAfterUp = async (stage, migrated, fingerprint) => {
      const rounds = planWrites(this.#subject, migrated, await planFor(this.#subject, stage, migrated, fingerprint))
      found = await stage.look(async (session) => ({
        rounds: (await speaksPlpgsql(session)) ? rounds : [],
        filled: await filledOf(session, migrated, rounds),
      }))
    }
    const { failure } = await this.#asking(trials, [], { look })
    if (failure !== undefined || found === undefined || !isWorthIt(found.filled)) return undefined
    const tried = inOrder(found.rounds, this.#runner.lanes, async (round, turn) => {
      const open = this.#open(round)
      return { round, fails: open.length > 0 && (await this.#asking(trials, open, { turn })).failure !== undefined }
    })
    for await (const { round, fails } of tried) {
      if (performance.now() > this.#plan.deadline) break
      if (fails) await this.#tellCauses(trials, round)
    }
    return found
  }

  /** Make a whole run on each cause that was found. @param onRun  Told those on which `down` fails. */
  async report(onRun: OnRun): Promise<void> {
    const runs = inOrder(this.#causes, this.#runner.lanes, async ({ writes, failure }, turn) => {
      const [only, ...others] = writes
      if (only?.inEveryRow !== undefined && others.length === 0) {
        const plain = await this.#whole.run([{ ...only, statements: [only.inEveryRow] }], { turn })
        if (failuresOf(plain.run).some((each) => each.sqlstate === failure.sqlstate && each.index === failure.index)) return plain
      }
      return this.#whole.run(writes, { turn })
    })
    for await (const { run, request } of runs) if (failuresOf(run).length > 0) onRun(run, request)
  }

  async #asking(trials: Trials, writes: readonly Write[], options: TryOptions): Promise<Tried> {
    const questions = this.#plan.questions?.()
    const tried = await trials.try(writes, { ...options, questions })
    if (questions !== undefined) this.#plan.onAnswers?.(questions)
    return tried
  }

  #open(writes: readonly Write[]): readonly Write[] {
    return writes.filter((write) => !this.#settled.has(subjectOf(write)))
  }

  async #tellCauses(trials: Trials, writes: readonly Write[]): Promise<void> {
    for (let causes = 0; causes < mostCauses; causes++) {
      const open = this.#open(writes)
      if (open.length === 0) return
      const { failure, made } = await trials.try(open)
      if (failure === undefined) return
      const cause = await narrow(trials, await nearest(trials, made, failure), failure)
      const last = cause.writes.at(-1)
      if (last === undefined) return
      this.#causes.push(cause)
      this.#settled.add(subjectOf(last))
    }
  }
}

/** The writes to relations of the statement that failed, where these alone make `down` fail. */
async function nearest(trials: Trials, writes: readonly Write[], { statement }: Failure): Promise<readonly Write[]> {
  const named = new Set(statement === undefined ? [] : statementTargets(statement).map(({ name }) => name))
  const near = writes.filter(({ relation }) => named.has(partsOf(relation).at(-1) ?? ''))
  if (near.length === 0 || near.length === writes.length) return writes
  const { failure, made } = await trials.try(near)
  return failure === undefined ? writes : made
}

/** Writes that make `down` fail, and how. */
interface Cause {
  readonly writes: readonly Write[]
  readonly failure: Failure
}

/** The fewest writes that make `down` fail, nearly always one: the shortest failing beginning, then what of it can be left out. */
async function narrow(trials: Trials, writes: readonly Write[], failure: Failure): Promise<Cause> {
  let smallest: Cause = { writes, failure }
  const fails = async (some: readonly Write[]) => {
    const tried = await trials.try(some)
    if (tried.failure !== undefined) smallest = { writes: some, failure: tried.failure }
    return tried.failure !== undefined
  }
  for (let passing = 0; smallest.writes.length - passing > 1; ) {
    const middle = (passing + smallest.writes.length) >> 1
    if (!(await fails(writes.slice(0, middle)))) passing = middle
  }
  const last = smallest.writes.at(-1)
  if (last === undefined || smallest.writes.length === 1 || (await fails([last]))) return smallest
  for (let part = Math.ceil((smallest.writes.length - 1) / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let from = 0; from < smallest.writes.length - 1; ) {
      const { writes: needed } = smallest
      const fewer = [...needed.slice(0, from), ...needed.slice(Math.min(from + part, needed.length - 1))]
      if (fewer.length === needed.length || !(await fails(fewer))) from += part
    }
  }
  return smallest
}

async function speaksPlpgsql(session: Session): Promise<boolean> {
  const [found] = await session.script(`SELECT 1 FROM pg_catalog.pg_language WHERE lanname = 'plpgsql'`)
  return (found?.rows.length ?? 0) > 0
}

/** Those of the written relations that hold a row. */
async function filledOf(session: Session, migrated: Catalog, rounds: readonly (readonly Write[])[]): Promise<ReadonlySet<string>> {
  const paths = [...new Set(rounds.flat().map(({ relation }) => relation))]
  const tests = paths.flatMap((path) => {
    const relation = migrated.relations.get(path)
    return relation === undefined ? [] : [`EXISTS (SELECT FROM ${quoteName(relation)})`]
  })
  if (tests.length === 0) return new Set()
  const [result] = await session.script(`SELECT ${tests.join(', ')}`)
  return new Set(paths.filter((_, at) => result?.rows[0]?.[at] === 't'))
}

/** What a cause is known by: writes about the same thing fail for the same reason. */
function subjectOf({ relation, attribute, json }: Write): string {
  return JSON.stringify([relation, attribute ?? null, json])
}
