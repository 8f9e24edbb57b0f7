import type { Coverage, RunQuestions } from '../coverage/index.ts'
import { type Dataset, type DatasetOptions, datasetArbitrary, makesRings, sampleDatasets } from '../data/index.ts'
import { otherZone, probeWrites, rollbackRestoresState, seemsLost } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import { inOrder, type RunObservation, type RunRequest, revertedOf, seedNumber, writeAfterUp } from '../run/index.ts'
import { aimsOfRun, forbidByChecks, isAimed } from './aim.ts'
import { timedOut } from './excluder.ts'
import type { Inquiry } from './inquiry.ts'
import { ringsFor } from './rings.ts'
import { RunSizes } from './sizes.ts'
import { drawsNumbers, otherEvery, otherWays, wayOf } from './ways.ts'

const largestBatch = 10
/** What runs fail on hides what else they would show: further runs are made, in all so many times those that are planned. */
const mostRuns = 3
/** So that exclusions, rings and limits of types come in turn. */
const batches = 4
/** Every so many runs sweep: borders and constants of each attribute take turns, so that no seed misses one. Every fourth sweep has the limits of types. */
const sweptEvery = 5
/** Every so many run in a session with another time zone. */
const elsewhereEvery = 10
/** Every so many have rows in rings, where rows can refer to their own relation. What goes through a tree may not end there. */
const ringsEvery = 8
/** Every so many have rows that differ as little as they may, where a unique key is to come or what one holds gets another type. */
const alikeEvery = 6
const endlessMs = 2_000
/** Runs beyond the usual ones are made so many at a time, and end after so many that reached nothing new. */
const furtherBatch = 2
const furtherInVain = 4
/** On the rows of so many first runs bodies are counted. */
const firstCounted = 4

/**
 * Run a migration on edge rows: small data sets first, larger ones later; saved counterexamples before all.
 *
 * When `up` fails, the smallest rows that make it fail give a rule, and later rows keep to it.
 *
 * @returns How many of them were made.
 */
export async function runEdges(inquiry: Inquiry, coverage: Coverage): Promise<number> {
  const edges = new EdgeRuns(inquiry, coverage)
  await edges.given()
  const runs = await edges.drawn()
  await edges.writes()
  return runs
}

class EdgeRuns {
  readonly #inquiry: Inquiry
  readonly #subject: Subject
  /** Edge runs that are planned: one more for each that failed or kept to no exclusion, up to three times as many. */
  #total: number
  readonly #planned: number
  readonly #batch: number
  readonly #sizes: RunSizes
  /** How far sweeps have come. */
  readonly #swept = { extremes: 0, edges: 0 }
  readonly #seed: number
  readonly #rings: ReadonlyMap<string, string>
  readonly #ways: ReturnType<typeof otherWays>
  readonly #passing: Dataset[] = []
  readonly #ringed: boolean
  readonly #mayNotEnd = new WeakSet<Dataset>()
  /** Something did not end on a ring, which costs its time-out each time. */
  #endless = false
  readonly #coverage: Coverage
  /** Whether a run with rows in every relation got past `up`. */
  #passed = false
  /** The last run that reached a target first. */
  #lastNews = 0

  constructor(inquiry: Inquiry, coverage: Coverage) {
    const { subject, depth, context, active } = inquiry
    this.#inquiry = inquiry
    this.#coverage = coverage
    forbidByChecks(coverage, subject.plan)
    this.#subject = subject
    this.#total = depth.runs
    this.#planned = depth.runs
    this.#batch = Math.max(1, Math.min(largestBatch, Math.ceil(depth.runs / batches)))
    this.#sizes = new RunSizes(depth.runs, context.options.rows)
    this.#seed = seedNumber(context.seed, 'edge')
    this.#rings = ringsFor(subject)
    this.#ways = otherWays(active)
    this.#ringed = makesRings(subject.plan, subject.scope)
  }

  /** Rows of counterexamples saved earlier, and those that came with the migration. */
  async given(): Promise<void> {
    const { context, runner, judging, migration, signal } = this.#inquiry
    const base = { regime: 'given', phases: ['up', 'down', 'up'], signal } as const
    for (const { sql, extreme } of context.options.saved?.get(migration.name) ?? []) {
      const request: RunRequest = {
        ...base,
        extreme,
        filling: { kind: 'sql', sql },
        statementTimeoutMs: this.#ringed ? endlessMs : undefined,
      }
      // If the legacy schema has changed since, saved rows are refused: skip them; `godwit replay` reports that.
      const run = await runner.run(this.#subject, request).catch(() => undefined)
      if (run !== undefined) judging.see(run, request)
    }
    if (migration.legacyData.length === 0) return
    const request: RunRequest = { ...base, extreme: false, filling: { kind: 'scripts', scripts: migration.legacyData } }
    judging.see(await runner.run(this.#subject, request), request)
  }

  async drawn(): Promise<number> {
    const inquiry = this.#inquiry
    const { runner, exclusions, judging } = inquiry
    let runs = 0
    while (runs < this.#total || this.#goesOn(runs)) {
      inquiry.signal?.throwIfAborted()
      // An exclusion excludes more than the cause: draw every other batch without exclusions; rows of it that pass are judged too.
      const free = exclusions.length > 0 && Math.floor(runs / this.#batch) % 2 === 1
      const from = runs
      const questions = this.#coverage.plan()
      const made = inOrder(this.#sample(runs, free), runner.lanes, async (dataset, at) => {
        const request = this.#requestOf(dataset, from + at, questions())
        // An enum label cannot be used in the transaction that adds it: if `up` adds one, write on a clone, after a commit.
        const onClone = request.phases.includes('write') && addsLabels(this.#subject)
        const run = await (onClone ? runner.runOnClone(this.#subject, request) : runner.run(this.#subject, request, at))
        const count = this.#countsBodies(from + at, request) ? request.questions?.bodies : undefined
        if (count !== undefined) await runner.count(this.#subject, { request, run, count }, at)
        const back = this.#wayBack(run, request)
        return { dataset, request, run, ...(back === undefined ? {} : { back, reverted: await runner.run(this.#subject, back, at) }) }
      })
      for await (const { dataset, request, run, back, reverted } of made) {
        if (inquiry.isOver) {
          if (runs >= this.#total) return runs
          const because = `${this.#total - runs} of ${this.#total} generated data sets were left out: the time limit was reached`
          inquiry.leaveOutRuns({ because })
          return runs
        }
        runs += 1
        inquiry.progress('edge', runs, Math.max(runs, this.#total))
        if (request.questions !== undefined && this.#coverage.note(runs, request.questions) > 0) this.#lastNews = runs
        judging.see(run, request)
        if (back !== undefined && reverted !== undefined) judging.see(reverted, back)
        this.#endless ||=
          request.statementTimeoutMs !== undefined &&
          run.outcomes.some((each) => each.outcome === 'failed' && timedOut(each.failure.sqlstate))
        this.#passed ||=
          run.failure === undefined && ![...this.#subject.scope].some((path) => (dataset.tables.get(path)?.rows.length ?? 0) === 0)
        if (run.failure === undefined && revertedOf(run)?.outcome === 'applied') this.#passing.push(dataset)
        if ((free || run.failure !== undefined) && runs <= this.#total) this.#total = Math.min(this.#total + 1, this.#planned * mostRuns)
        if (!free && (await this.#exclude(run, request))) break
        // No rule keeps later rows clear of the cause.
        if (!free && run.failure !== undefined) this.#sizes.failed(dataset)
      }
    }
    return runs
  }

  /** Where something seems lost and `down` was not the next that was done: the same rows, to see whether it brings that back. */
  #wayBack(run: RunObservation, request: RunRequest): RunRequest | undefined {
    const { knowledge, migration } = this.#subject
    if (migration.down === undefined || request.phases[1] === 'down' || !seemsLost(run, knowledge)) return undefined
    return { ...request, phases: ['up', 'down'], deep: false, writeSince: undefined, questions: undefined }
  }

  /** Whether a run beyond the usual ones is worth its time: something is left that rows can be aimed at. */
  #goesOn(runs: number): boolean {
    const { depth, context } = this.#inquiry
    if (context.aimed === false || runs >= this.#total + (depth.aimedRuns ?? 0)) return false
    if (runs - Math.max(this.#lastNews, this.#total) >= furtherInVain) return false
    return aimsOfRun(this.#coverage.left(), runs).length > 0
  }

  #sample(runs: number, free: boolean): readonly Dataset[] {
    const odd = Math.floor(runs / this.#batch) % 2 === 1
    const options: DatasetOptions = {
      relations: [...this.#subject.scope],
      // A ring gives each row another value: leave it out in every other batch, or equal rows would never be tried.
      ring: odd ? new Map() : this.#rings,
      // A relation that is left empty shows nothing: only where no row of it gets past `up` do the others have their turn without it.
      exclude: free ? [] : this.#inquiry.exclusions.filter(({ rule }) => rule !== 'empty' || (runs >= this.#batch && !this.#passed)),
      profile: Math.floor(runs / this.#batch) % 4 === 3 ? 'extreme' : 'plausible',
      // A table can hold rows from before a NOT VALID constraint that violate it.
      dirty: odd,
    }
    const count = runs < this.#total ? Math.min(this.#batch, this.#total - runs) : furtherBatch
    return Array.from({ length: count }, (_, at) => {
      const run = runs + at
      const sized = { ...options, rows: free ? this.#sizes.alone(run) : this.#sizes.of(run) }
      return (run < this.#total ? this.#sweptInstead(sized, run) : undefined) ?? this.#aimedInstead(sized, run) ?? this.#draw(sized, run)
    })
  }

  #draw(options: DatasetOptions, run: number): Dataset {
    const [dataset] = sampleDatasets(datasetArbitrary(this.#subject.plan, options), this.#seed + run, 1)
    if (dataset === undefined) throw new Error('a sample of one has one')
    return dataset
  }

  /** The data set of a run that is aimed at what no run before has reached; undefined where it is not. */
  #aimedInstead(options: DatasetOptions, run: number): Dataset | undefined {
    const further = run >= this.#total
    if (this.#inquiry.context.aimed === false || !(further || isAimed(run, this.#total, run % sweptEvery === 2))) return undefined
    const aims = aimsOfRun(this.#coverage.left(), further ? 2 * run : run)
    if (aims.length === 0) return undefined
    return this.#draw({ ...options, ring: new Map(), profile: 'plausible', aims }, run)
  }

  /** Whether marked bodies are run on the rows of a run too: of the first ones, of those that sweep, that are aimed, or that write after `up`. */
  #countsBodies(run: number, { phases }: RunRequest): boolean {
    const sweeps = run % sweptEvery === 2
    return run < firstCounted || phases.includes('write') || sweeps || isAimed(run, this.#total, sweeps)
  }

  /** The data set of a run that is not drawn at random: NULL wherever it may be in the second run, a sweep in every so many; undefined for the others. */
  #sweptInstead(options: DatasetOptions, run: number): Dataset | undefined {
    const rows = this.#sizes.most
    const draw = (swept: DatasetOptions) => this.#draw({ ...options, ...swept }, run)
    if (this.#ringed && !this.#endless && run % ringsEvery === 5)
      return this.#withRings(draw({ rings: true, ring: new Map(), dirty: false }))
    if (this.#subject.plan.unified.size > 0 && run % alikeEvery === 4)
      return draw({ rows: { min: rows, max: rows }, profile: 'plausible', alike: true, ring: new Map() })
    // Without exclusions: they come from failures of several rows, and one row may pass.
    if (run === 1) return draw({ rows: { min: 1, max: 1 }, profile: 'plausible', exclude: [], sweep: { of: 'nulls' } })
    if (run % sweptEvery !== 2) return undefined
    const of = Math.floor(run / sweptEvery) % 4 === 3 ? 'extremes' : 'edges'
    const from = this.#swept[of]
    this.#swept[of] += rows
    return draw({ rows: { min: rows, max: rows }, profile: of === 'extremes' ? 'extreme' : 'plausible', sweep: { of, from } })
  }

  #withRings(dataset: Dataset): Dataset {
    this.#mayNotEnd.add(dataset)
    return dataset
  }

  #requestOf(dataset: Dataset, run: number, questions: RunQuestions): RunRequest {
    const { context, migration, signal } = this.#inquiry
    const phases = wayOf(run, this.#ways, migration.down !== undefined)
    return {
      regime: 'edge',
      extreme: dataset.extreme,
      filling: { kind: 'dataset', dataset },
      phases,
      deep: run < (drawsNumbers(this.#subject) ? 4 * otherEvery : otherEvery) && this.#ways.includes(phases),
      writeSince: writeAfterUp(context.seed)(this.#subject, run),
      settings: run % elsewhereEvery === 3 && !this.#mayNotEnd.has(dataset) ? otherZone : undefined,
      statementTimeoutMs: this.#mayNotEnd.has(dataset) ? endlessMs : undefined,
      questions,
      signal,
    }
  }

  /** Where `up` failed: a rule that keeps later rows clear of the cause. @returns Whether rows are to be drawn anew. */
  async #exclude(run: RunObservation, request: RunRequest): Promise<boolean> {
    const { exclusions, excluder } = this.#inquiry
    // Rows with magnitudes that nobody has are to keep clear of nothing that others have.
    if (run.failure === undefined || run.extreme) return false
    const exclusion = await excluder.ruleFor(run, request)
    if (exclusion === undefined || exclusion.rule === 'empty') return false
    exclusions.push(exclusion)
    return true
  }

  /** Rows that only the new schema allows, written between `up` and `down`. */
  async writes(): Promise<void> {
    const inquiry = this.#inquiry
    const { runner, exclusions, limit, signal, judging, depth } = inquiry
    if (depth.wanted?.has(rollbackRestoresState.id) === false) return
    const plan = {
      seed: this.#seed + 7,
      exclusions,
      deadline: limit,
      signal,
      bases: this.#total > 10 ? 2 : 1,
      passing: this.#passing,
      questions: this.#coverage.plan(true),
      // These runs come in no order that is always the same, so they count as one.
      onAnswers: (questions: RunQuestions) => this.#coverage.note(this.#total + 1, questions),
    }
    await probeWrites(this.#subject, runner, plan, (run, request) => judging.see(run, request))
    if (inquiry.isOver && inquiry.migration.down !== undefined)
      inquiry.collector.leaveOut('rollback-restores-state', { because: 'writes after up were not all tried: the time limit was reached' })
  }
}

function addsLabels(subject: Subject): boolean {
  const { up } = subject.migration
  return up.kind === 'sql' && up.script.statements.some((each) => each.node === 'AlterEnumStmt')
}
