import { readCatalog } from '../catalog/index.ts'
import type { PlanMemory } from '../data/index.ts'
import { type History, type HistoryStep, toolTables } from '../formats/index.ts'
import { noPassage } from '../lineage/index.ts'
import type { Failure, Migration, Script, Step } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import type { MigrationResult, SourceResult } from '../result/index.ts'
import { judgeMigration } from '../result/index.ts'
import type { Base } from '../run/index.ts'
import { clusterNeed, ownCluster, ownClusterNotes, rememberRoles } from '../run/index.ts'
import type { Counterexample, VerifyHooks, VerifyOptions } from '../verify/index.ts'
import { usualRuns, verifyMigration } from '../verify/index.ts'
import { applyBatches } from './batches.ts'
import { Composition } from './compose.ts'
import { walkElsewhere } from './elsewhere.ts'
import { revertAll, type WayBack } from './end-to-end.ts'
import { Head } from './head.ts'
import { type HistoryEnvironment, historyEnvironment, sqlSteps } from './history-environment.ts'
import { brokenStep, cutStep, isJudged, opaqueStep } from './plain-results.ts'
import { selectSteps } from './select-steps.ts'
import { stepDepth } from './step-depth.ts'
import { unappliedOf } from './unapplied.ts'
import { type StepVerdict, VerdictCache } from './verdict-cache.ts'

export interface VerifiedHistory {
  readonly source: SourceResult
  readonly migrations: readonly MigrationResult[]
  readonly counterexamples: ReadonlyMap<string, Counterexample>
  readonly timings: Readonly<Record<string, number>>
}

export interface HistoryContext {
  readonly options: VerifyOptions
  readonly seed: string
  readonly hooks: VerifyHooks
}

/** With more steps than that each gets the few runs of a history, else as many as a migration that stands alone. */
const fewSteps = 3
const runsOfAStep = 8
const lanes = 2

/**
 * Verify each step of a history in the state that the steps before it leave, then what only all of them tell: copies that a later step
 * relies on, batches in one transaction, and the way back from the end.
 *
 * @throws {InputError} When the environment cannot be made, or a file that was merged has changed.
 */
export async function verifyHistory(shared: Cluster, history: History, context: HistoryContext): Promise<VerifiedHistory> {
  const { options, hooks } = context
  const selected = await selectSteps(history, options)
  if (selected.size === 0) return nothingSelected(history)
  const need = clusterNeed(shared, { legacy: [], steps: sqlSteps(history) })
  await using own = await ownCluster(shared, need)
  const cluster = own ?? shared
  const environment = await historyEnvironment(cluster, history, options)
  const walk = new Walk({ cluster, own: own !== undefined, history, selected, environment, context })
  // Roles that the walk makes stay behind in a cluster of our own, and would be in the way of the next one.
  const roles = own === undefined ? undefined : await rememberRoles(own)
  await walk.recall()
  const wayBack = () => revertAll(cluster, history, environment)
  const beside = own === undefined && walk.lanes > 1 ? wayBack() : undefined
  beside?.catch(() => undefined)
  if (walk.unfinished) await Promise.all(Array.from({ length: walk.lanes }, () => walk.run()))
  await roles?.restore()
  const { broken, verdicts } = walk
  const failOn = options.failOn ?? 'error'
  const composition = new Composition(failOn)
  const migrations = history.steps.flatMap((step, at) => {
    const [verdict, failure] = [verdicts[at], walk.failures.get(at)]
    const before = composition.unapplied
    const missed = unappliedOf(step, failure)
    if (missed !== undefined) composition.miss(missed)
    if (verdict === undefined || !selected.has(at)) return []
    if (failure !== undefined)
      return [brokenStep(step, failure, before, { path: history.path, own: options.invariants, contracts: options.contracts })]
    return [missed === undefined ? composition.pass(step, verdict) : verdict.result]
  })
  hooks.signal?.throwIfAborted()
  const batches = await applyBatches(cluster, history, environment, broken)
  await roles?.restore()
  const back = await (beside ?? wayBack())
  const counterexamples = new Map(verdicts.flatMap((each) => [...(each?.counterexamples ?? [])]))
  const timings: Record<string, number> = {}
  for (const verdict of verdicts)
    for (const [stage, ms] of Object.entries(verdict?.result.timings ?? {})) timings[stage] = (timings[stage] ?? 0) + ms
  for (const [stage, ms] of Object.entries(walk.timings)) timings[stage] = (timings[stage] ?? 0) + ms
  return {
    source: {
      path: history.path,
      format: history.format,
      steps: history.steps.length,
      verified: migrations.filter((each) => !each.cached && isJudged(each)).length,
      cached: migrations.filter((each) => each.cached).length,
      brokenAt: broken ?? null,
      endToEnd: back?.endToEnd ?? null,
      notes: [
        ...ownClusterNotes(shared, own, need),
        ...environment.notes,
        ...history.warnings,
        ...history.ignored.map(({ file, because }) => `${file} is no step: ${because}`),
        ...batches,
        ...(walk.cut === undefined ? [] : [walk.cut]),
      ],
    },
    migrations: migrations.map((each) => withWayBack(each, back, failOn)),
    counterexamples,
    timings,
  }
}

/** A branch that adds no step: no server is asked. */
function nothingSelected({ path, format, steps }: History): VerifiedHistory {
  const source = { path, format, steps: steps.length, verified: 0, cached: 0, brokenAt: null, endToEnd: null, notes: [] }
  return { source, migrations: [], counterexamples: new Map(), timings: {} }
}

/** The step whose down fails on the way back, unless its own round trip says so already. */
function withWayBack(result: MigrationResult, back: WayBack | undefined, failOn: 'error' | 'warning'): MigrationResult {
  const blamed = back?.blamed
  const known = result.findings.some((each) => each.invariant === 'rollback-restores-state' && each.severity === 'error')
  if (blamed === undefined || blamed.step !== result.name || known) return result
  return judgeMigration(result, [...result.findings, blamed.finding], failOn)
}

interface Lane {
  readonly head: Head
  readonly objects: Base['objects']
}

const remembered = 6

/** What was read longest ago goes first: a step meets what the one before it left. */
function recent(objects: Base['objects']): Base['objects'] {
  for (const key of [...objects.keys()].slice(0, Math.max(0, objects.size - remembered))) objects.delete(key)
  return objects
}

/** What there is to walk through, and where. */
interface Course {
  readonly cluster: Cluster
  /** The cluster is this history's only: roles may be forgotten. */
  readonly own: boolean
  readonly history: History
  /** Steps to verify, by their index. */
  readonly selected: ReadonlySet<number>
  readonly environment: HistoryEnvironment
  readonly context: HistoryContext
}

/** One lane walks through all steps and verifies those that no other lane has taken; what it does not verify it only applies. */
class Walk {
  readonly verdicts: (StepVerdict | undefined)[] = []
  readonly timings: Record<string, number> = { apply: 0 }
  readonly lanes: number
  cut: string | undefined
  readonly #course: Course
  /** Steps to verify that no lane has taken. */
  readonly #open: Set<number>
  readonly #cache: VerdictCache
  readonly #memory: PlanMemory = new Map()
  readonly #deadline: number
  #last: number
  readonly #downsUsed: boolean
  #done = 0
  /** Why steps do not apply to what the steps before them leave, by their index. */
  readonly failures = new Map<number, Failure>()

  constructor(course: Course) {
    const { cluster, own, history, selected, environment, context } = course
    this.#course = course
    this.#cache = new VerdictCache(context.options, history, cluster.version.text, [
      ...environment.notes,
      // Named by a digest of what was put into it.
      environment.template.name.replace(/^.*_t_/, ''),
    ])
    // What one lane does to the whole cluster (a role), another would stumble on.
    this.lanes = own || selected.size < 2 * lanes ? 1 : lanes
    const { timeLimitMs } = context.options
    this.#deadline = timeLimitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeLimitMs
    this.#open = new Set(selected)
    this.#last = Math.max(-1, ...selected)
    this.#downsUsed =
      history.downs === 'required' || (history.downs === 'optional' && history.steps.some((step) => step.down !== undefined))
  }

  get unfinished(): boolean {
    return this.#open.size > 0
  }

  /** Take what is known already; behind the last step that is not, nothing need be applied. */
  async recall(): Promise<void> {
    for (const at of [...this.#open]) {
      const cached = await this.#cache.read(at)
      if (cached === undefined) continue
      this.verdicts[at] = cached
      this.#open.delete(at)
      this.#done += 1
    }
    this.#last = Math.max(-1, ...this.#open)
  }

  async run(): Promise<void> {
    const { hooks } = this.#course.context
    const { template, settings } = this.#course.environment
    await using head = await Head.open(this.#course.cluster, template, { role: this.#course.environment.role, settings })
    const objects: Base['objects'] = new Map()
    const before: Script[] = []
    for (const [at, step] of this.#course.history.steps.entries()) {
      hooks.signal?.throwIfAborted()
      if (at > this.#last) return
      if (this.#open.has(at)) {
        this.#open.delete(at)
        this.verdicts[at] = await this.#verify({ head, objects }, at, step, before)
        this.#done += 1
      }
      if (step.up.kind === 'opaque') continue
      if (at < this.#last || step.up.kind === 'program') await this.#advance(head, at, step.up)
      if (step.up.kind === 'sql') before.push(step.up.script)
    }
  }

  async #advance(head: Head, at: number, up: Step): Promise<void> {
    const started = performance.now()
    const outcome = await head.advance(this.#course.environment.stepFor(up), this.#course.context.hooks.signal)
    if (outcome.outcome === 'failed') {
      this.failures.set(at, outcome.failure)
      await head.advancePartly(this.#course.environment.stepFor(up), outcome.failure)
    }
    this.timings.apply = (this.timings.apply ?? 0) + performance.now() - started
  }

  async #verify({ head, objects }: Lane, at: number, step: HistoryStep, before: readonly Script[]): Promise<StepVerdict> {
    const { options, hooks, seed } = this.#course.context
    hooks.onProgress?.({ migration: step.name, stage: 'step', done: this.#done, total: this.#course.selected.size, step: at + 1 })
    const { path } = this.#course.history
    const about = { path, own: options.invariants, contracts: options.contracts }
    if (step.up.kind === 'opaque') return { result: opaqueStep(step, step.up, about), passage: noPassage, counterexamples: new Map() }
    if (performance.now() > this.#deadline) {
      this.cut ??= `steps from "${step.name}" on were not verified: the time limit was reached`
      return { result: cutStep(step, about), passage: noPassage, counterexamples: new Map() }
    }
    const up = this.#course.environment.stepFor(step.up)
    const migration: Migration = {
      name: step.name,
      path: step.path,
      legacy: [...before],
      legacyData: [],
      up,
      down: step.down === undefined ? undefined : this.#course.environment.stepFor(step.down),
      contract: { ...step.contract, ...options.contracts?.[step.name] },
      digest: step.digest,
    }
    const runs = options.runs ?? (this.#course.selected.size > fewSteps ? runsOfAStep : usualRuns)
    const alone = this.#course.selected.size <= fewSteps
    const verified = await verifyMigration(migration, await this.#base(head, objects, at), {
      options: {
        ...options,
        timeLimitMs: this.#deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(0, this.#deadline - performance.now()),
      },
      seed,
      hooks: { signal: hooks.signal, onLearned: hooks.onLearned },
      path,
      catalog: await readCatalog(head.session),
      depth: (legacy) => stepDepth(up, legacy, runs, { alone, isMapped: (migration.contract.mappings ?? []).length > 0 }),
      downsUsed: this.#downsUsed,
    })
    if (verified.broken !== undefined) {
      this.failures.set(at, verified.broken)
      return { result: verified.result, passage: noPassage, counterexamples: new Map() }
    }
    const { result, counterexamples, passage } = verified
    const verdict = { result, counterexamples, passage }
    await this.#cache.write(at, verdict)
    return verdict
  }

  /** The first step of the history that does not apply: the one to correct first. */
  get broken(): NonNullable<SourceResult['brokenAt']> | undefined {
    const at = Math.min(...this.failures.keys())
    const failure = this.failures.get(at)
    if (failure === undefined) return undefined
    return {
      migration: this.#course.history.steps[at]?.name ?? '',
      file: failure.file,
      line: failure.line,
      message: `${failure.message} (${failure.sqlstate})`,
      hint: this.#course.environment.hintFor(failure) ?? failure.hint ?? null,
    }
  }

  async #base(head: Head, objects: Base['objects'], at: number): Promise<Base> {
    return {
      cluster: this.#course.cluster,
      role: this.#course.environment.role,
      settings: this.#course.environment.settings,
      session: () => head.session,
      template: () => head.template(),
      reserved: ({ schema, name }) =>
        this.#course.environment.platformSchemas.has(schema) ||
        toolTables.has(name) ||
        (this.#course.history.historyTables ?? []).includes(name),
      roles: this.#course.own ? await rememberRoles(this.#course.cluster) : undefined,
      memory: this.#memory,
      objects: recent(objects),
      elsewhere: (cluster) => walkElsewhere(cluster, this.#course, at),
    }
  }
}
