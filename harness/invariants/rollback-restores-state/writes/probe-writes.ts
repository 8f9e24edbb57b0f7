import type { Catalog } from '../../../catalog/index.ts'
import type { RunQuestions } from '../../../coverage/index.ts'
import { type Dataset, datasetArbitrary, type Exclusion, sampleDatasets } from '../../../data/index.ts'
import type { Subject } from '../../../lineage/index.ts'
import { statementTargets } from '../../../migration/index.ts'
import { partsOf, quoteName, type Session } from '../../../postgres/index.ts'
import type { Runner, RunObservation } from '../../../run/index.ts'
import { failuresOf, inOrder, planFor, type RunRequest } from '../../../run/index.ts'
import type { Write } from './model.ts'
import { performWrites } from './perform-writes.ts'
import { planWrites } from './plan-writes.ts'

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
    const probe = new Probe(subject, runner, plan, dataset, onRun)
    const found = await probe.rounds()
    if (found === undefined) continue
    const { rounds, filled } = found
    if (bases >= plan.bases && ![...empty].some((path) => filled.has(path))) continue
    bases += 1
    for (const path of filled) met.add(path)
    for (const { relation } of rounds.flat()) if (!met.has(relation)) empty.add(relation)
    for (const path of met) empty.delete(path)
    if (rounds.length === 0) return
    const tried = inOrder(rounds, runner.lanes, async (round, at) => ({ round, fails: await probe.fails(round, settled, at) }))
    for await (const { round, fails } of tried) {
      if (performance.now() > plan.deadline) break
      if (fails) await probe.round(round, settled)
    }
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

type Before = (...of: Parameters<NonNullable<RunRequest['writeSince']>>) => Promise<void>

type OnRun = (run: RunObservation, request: RunRequest) => void

class Probe {
  readonly #subject: Subject
  readonly #runner: Runner
  readonly #onRun: OnRun
  readonly #plan: ProbePlan
  readonly #dataset: Dataset

  constructor(subject: Subject, runner: Runner, plan: ProbePlan, dataset: Dataset, onRun: OnRun) {
    this.#subject = subject
    this.#runner = runner
    this.#onRun = onRun
    this.#plan = plan
    this.#dataset = dataset
  }

  /** What to write, and which of its relations hold rows; undefined where these rows do not go up and down by themselves. */
  async rounds(): Promise<{ readonly rounds: readonly (readonly Write[])[]; readonly filled: ReadonlySet<string> } | undefined> {
    let found: { readonly rounds: readonly (readonly Write[])[]; readonly filled: ReadonlySet<string> } | undefined
    const before: Before = async (stage, migrated, fingerprint) => {
      const rounds = planWrites(this.#subject, migrated, await planFor(this.#subject, stage, migrated, fingerprint))
      found = { rounds, filled: await stage.look((session) => filledOf(session, migrated, rounds)) }
    }
    const { run } = await this.#make([], { before, asks: true })
    return failed(run) ? undefined : found
  }

  /** Whether `down` fails after all writes of a round whose cause is not known yet. */
  async fails(writes: readonly Write[], settled: ReadonlySet<string>, turn: number): Promise<boolean> {
    const open = writes.filter((write) => !settled.has(subjectOf(write)))
    return open.length > 0 && failed((await this.#make(open, { turn, asks: true })).run)
  }

  /** Tell the causes of a round on which `down` fails. */
  async round(writes: readonly Write[], settled: Set<string>): Promise<void> {
    let open = writes.filter((write) => !settled.has(subjectOf(write)))
    for (let causes = 0; causes < mostCauses && open.length > 0; causes++) {
      const all = await this.#make(open)
      if (!failed(all.run)) return
      const cause = await this.#narrow(await this.#nearest(all.made, all.run))
      const last = cause.at(-1)
      if (last === undefined) return
      const { run, request } = await this.#make(cause)
      if (failed(run)) this.#onRun(run, request)
      settled.add(subjectOf(last))
      open = open.filter((write) => subjectOf(write) !== subjectOf(last))
    }
  }

  /** The writes to relations of the statement that failed, where these alone make `down` fail. */
  async #nearest(writes: readonly Write[], run: RunObservation): Promise<readonly Write[]> {
    const statement = failuresOf(run)[0]?.statement
    const named = new Set(statement === undefined ? [] : statementTargets(statement).map(({ name }) => name))
    const near = writes.filter(({ relation }) => named.has(partsOf(relation).at(-1) ?? ''))
    if (near.length === 0 || near.length === writes.length) return writes
    const { run: again, made } = await this.#make(near)
    return failed(again) ? made : writes
  }

  /** The fewest writes that make `down` fail, nearly always one: the shortest failing beginning, then what of it can be left out. */
  async #narrow(writes: readonly Write[]): Promise<readonly Write[]> {
    let [passes, fails] = [0, writes.length]
    while (fails - passes > 1) {
      const middle = (passes + fails) >> 1
      if (failed((await this.#make(writes.slice(0, middle))).run)) fails = middle
      else passes = middle
    }
    const last = writes[fails - 1]
    if (last === undefined) return []
    if (failed((await this.#make([last])).run)) return [last]
    let needed = writes.slice(0, fails)
    for (let part = Math.ceil((needed.length - 1) / 2); part >= 1; part = part === 1 ? 0 : Math.ceil(part / 2)) {
      for (let from = 0; from < needed.length - 1; ) {
        const fewer = [...needed.slice(0, from), ...needed.slice(Math.min(from + part, needed.length - 1))]
        if (fewer.length < needed.length && failed((await this.#make(fewer)).run)) needed = fewer
        else from += part
      }
    }
    return needed
  }

  async #make(
    writes: readonly Write[],
    { before, turn = 0, asks = false }: { readonly before?: Before; readonly turn?: number; readonly asks?: boolean } = {},
  ): Promise<{ readonly run: RunObservation; readonly request: RunRequest; readonly made: readonly Write[] }> {
    this.#plan.signal?.throwIfAborted()
    let made: readonly Write[] = []
    const questions = asks ? this.#plan.questions?.() : undefined
    const request: RunRequest = {
      regime: 'edge',
      extreme: this.#dataset.extreme,
      filling: { kind: 'dataset', dataset: this.#dataset },
      phases: ['up', 'write', 'down'],
      writeSince: async (stage, migrated, fingerprint) => {
        await before?.(stage, migrated, fingerprint)
        const done = await stage.look((session) => performWrites(session, writes))
        made = done.flatMap(({ at }) => writes[at] ?? [])
        const last = made.at(-1)
        return {
          rows: new Map(made.map(({ relation }) => [relation, made.filter((other) => other.relation === relation).length])),
          extreme: made.some(({ extreme }) => extreme),
          focus:
            last === undefined
              ? undefined
              : {
                  relation: last.relation,
                  attribute: last.attribute,
                  json: last.json,
                  statements: done.map(({ statement }) => statement),
                },
          sql: done.map(({ statement }) => `${statement};\n`).join('\n'),
        }
      },
      questions,
      signal: this.#plan.signal,
    }
    const run = await this.#runner.run(this.#subject, request, turn)
    if (questions !== undefined) this.#plan.onAnswers?.(questions)
    return { run, request, made }
  }
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

function failed(run: RunObservation): boolean {
  return failuresOf(run).length > 0
}

/** What a cause is known by: writes about the same thing fail for the same reason. */
function subjectOf({ relation, attribute, json }: Write): string {
  return JSON.stringify([relation, attribute ?? null, json])
}
