import pLimit from 'p-limit'
import { readCatalog } from '../catalog/index.ts'
import type { PlanMemory } from '../data/index.ts'
import { type History, type HistoryStep, toolTables } from '../formats/index.ts'
import { noPassage } from '../lineage/index.ts'
import type { Failure, Migration, Script, Step } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import type { Base } from '../run/index.ts'
import { clusterNeed, ownCluster, ownClusterNotes, rememberRoles } from '../run/index.ts'
import { usualRuns, verifyMigration } from '../verify/index.ts'
import { applyBatches } from './batches.ts'
import { collectGarbage } from './collect-garbage.ts'
import { walkElsewhere } from './elsewhere.ts'
import { revertAll } from './end-to-end.ts'
import { firstBroken } from './first-broken.ts'
import { Head } from './head.ts'
import type { HistoryContext } from './history-context.ts'
import { type HistoryEnvironment, historyEnvironment, sqlSteps } from './history-environment.ts'
import { type Lane, recent } from './lane.ts'
import type { HistoryPart, StepPart } from './parts.ts'
import { brokenStep, cutStep, opaqueStep } from './plain-results.ts'
import { stepDepth } from './step-depth.ts'
import { type Unapplied, unappliedOf } from './unapplied.ts'
import { type StepVerdict, VerdictCache } from './verdict-cache.ts'

/** With more steps than that each gets the few runs of a history, else as many as a migration that stands alone. */
const fewSteps = 3
const runsOfAStep = 8
const lanes = 2
const readsAtATime = 16

/**
 * Verify each step of a history in the state that the steps before it leave, and look at what only the end of it tells: batches in one
 * transaction, and the way back. What steps tell of each other is put together by `assemble`.
 *
 * @throws {InputError} When the environment cannot be made, or a file that was merged has changed.
 */
export async function verifyHistory(
  shared: Cluster,
  history: History,
  { selected, dealt }: Selection,
  context: HistoryContext,
): Promise<HistoryPart> {
  const { options, hooks } = context
  const about = {
    kind: 'history',
    path: history.path,
    format: history.format,
    total: history.steps.length,
    selected: [...selected],
    dealt: [...dealt],
  } as const
  // A branch that adds no step, or no step for this machine: no server is asked.
  if (dealt.size === 0) return { ...about, steps: [], unapplied: [], brokenAt: null, notes: [], ending: null, cut: null, timings: {} }
  const need = clusterNeed(shared, { legacy: [], steps: sqlSteps(history) })
  await using own = await ownCluster(shared, need)
  const cluster = own ?? shared
  const environment = await historyEnvironment(cluster, history, options, { rows: true })
  const walk = new Walk({ cluster, own: own !== undefined, history, selected, dealt, environment, context })
  // Roles that the walk makes stay behind in a cluster of our own, and would be in the way of the next one.
  const roles = own === undefined ? undefined : await rememberRoles(own)
  await walk.recall()
  // The machine with the last step walks through all of them anyhow.
  const ends = dealt.has(Math.max(...selected))
  const wayBack = () => revertAll(cluster, history, environment)
  const beside = ends && own === undefined && walk.lanes > 1 ? wayBack() : undefined
  beside?.catch(() => undefined)
  if (walk.unfinished) await Promise.all(Array.from({ length: walk.lanes }, () => walk.run()))
  await walk.kept()
  await roles?.restore()
  hooks.signal?.throwIfAborted()
  const broken = firstBroken(history, walk.failures, environment)
  const ending = async () => {
    const batched = history.steps.some((step) => step.batch !== undefined)
    const batches = batched ? await applyBatches(cluster, history, environment, broken ?? undefined) : null
    await roles?.restore()
    return { batches, back: (await (beside ?? wayBack())) ?? null }
  }
  return {
    ...about,
    ...walk.outcome(),
    brokenAt: broken,
    notes: [
      ...ownClusterNotes(shared, own, need),
      ...environment.notes,
      ...history.warnings,
      ...history.ignored.map(({ file, because }) => `${file} is no step: ${because}`),
    ],
    ending: ends ? await ending() : null,
    cut: walk.cut ?? null,
    timings: walk.timings,
  }
}

/** Steps by their index. */
export interface Selection {
  /** To verify. */
  readonly selected: ReadonlySet<number>
  /** Those of them that this machine verifies; how thoroughly does not depend on it. */
  readonly dealt: ReadonlySet<number>
}

/** What there is to walk through, and where. */
interface Course extends Selection {
  readonly cluster: Cluster
  /** The cluster is this history's only: roles may be forgotten. */
  readonly own: boolean
  readonly history: History
  readonly environment: HistoryEnvironment
  readonly context: HistoryContext
}

/** One lane walks through all steps and verifies those that no other lane has taken; what it does not verify it only applies. */
class Walk {
  readonly verdicts: (StepVerdict | undefined)[] = []
  readonly timings: Record<string, number> = { apply: 0 }
  readonly lanes: number
  cut: HistoryPart['cut'] | undefined
  readonly #course: Course
  /** Steps to verify that no lane has taken. */
  readonly #open: Set<number>
  readonly #cache: VerdictCache
  readonly #memory: PlanMemory = new Map()
  readonly #deadline: number
  #last: number
  /** The last step that is to be verified by any machine: up to it each step is applied to what the steps before it leave. */
  readonly #end: number
  readonly #downsUsed: boolean
  /** One of a few: each is looked at as thoroughly as a migration of its own. */
  readonly #alone: boolean
  #done = 0
  /** Why steps do not apply to what the steps before them leave, by their index. */
  readonly failures = new Map<number, Failure>()

  constructor(course: Course) {
    const { cluster, own, history, selected, dealt, environment, context } = course
    this.#course = course
    this.#alone = selected.size <= fewSteps
    this.#cache = new VerdictCache(context.store, {
      alone: this.#alone,
      options: context.options,
      history,
      server: `${cluster.kind} ${cluster.version.text}`,
      // The template is named by a digest of what was put into it.
      environment: [...environment.notes, environment.template.name.replace(/^.*_t_/, '')],
    })
    // What one lane does to the whole cluster (a role), another would stumble on.
    this.lanes = own || dealt.size < 2 * lanes ? 1 : lanes
    const { timeLimitMs } = context.options
    this.#deadline = timeLimitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeLimitMs
    this.#open = new Set(dealt)
    this.#last = Math.max(-1, ...dealt)
    this.#end = Math.max(-1, ...selected)
    this.#downsUsed =
      history.downs === 'required' || (history.downs === 'optional' && history.steps.some((step) => step.down !== undefined))
  }

  get unfinished(): boolean {
    return this.#open.size > 0
  }

  /** Take what is known already; behind the last step that is not, nothing need be applied. */
  async recall(): Promise<void> {
    const limit = pLimit(readsAtATime)
    const known = await Promise.all([...this.#open].map((at) => limit(async () => [at, await this.#cache.read(at)] as const)))
    for (const [at, cached] of known) {
      if (cached === undefined) continue
      this.verdicts[at] = cached
      this.#open.delete(at)
      this.#done += 1
    }
    this.#last = Math.max(-1, ...this.#open)
  }

  /** Wait until verdicts are kept for the next run. */
  kept(): Promise<void> {
    return this.#cache.written()
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
        collectGarbage()
      }
      if (step.up.kind === 'opaque') continue
      if (at < this.#last || this.#last < this.#end || step.up.kind === 'program') await this.#advance(head, at, step.up)
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
    hooks.onProgress?.({ migration: step.name, stage: 'step', done: this.#done, total: this.#course.dealt.size, step: at + 1 })
    const { path } = this.#course.history
    const about = { path, own: options.invariants, contracts: options.contracts }
    if (step.up.kind === 'opaque') return { result: opaqueStep(step, step.up, about), passage: noPassage, counterexamples: new Map() }
    if (performance.now() > this.#deadline) {
      this.cut ??= { at, note: `steps from "${step.name}" on were not verified: the time limit was reached` }
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
    const alone = this.#alone
    const runs = options.runs ?? (alone ? usualRuns : runsOfAStep)
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
    this.#cache.write(at, verdict)
    return verdict
  }

  /** What was found out of each step of this machine, and which steps were not applied as a whole. */
  outcome(): Pick<HistoryPart, 'steps' | 'unapplied'> {
    const { history, dealt, context } = this.#course
    const { invariants, contracts } = context.options
    const unapplied: [at: number, step: Unapplied][] = []
    const steps = history.steps.flatMap((step, at): readonly StepPart[] => {
      const [verdict, failure] = [this.verdicts[at], this.failures.get(at)]
      const before = unapplied.map(([, each]) => each)
      const missed = unappliedOf(step, failure)
      if (missed !== undefined) unapplied.push([at, missed])
      if (verdict === undefined || !dealt.has(at)) return []
      const { passage, counterexamples } = verdict
      const about = { path: history.path, own: invariants, contracts }
      const result = failure === undefined ? verdict.result : brokenStep(step, failure, before, about)
      return [{ at, composed: missed === undefined, result, passage, counterexamples: [...counterexamples] }]
    })
    return { steps, unapplied }
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
