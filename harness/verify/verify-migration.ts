import { type Catalog, readCatalog } from '../catalog/index.ts'
import { describeExclusion, type Exclusion } from '../data/index.ts'
import { atomicity, determinism, learnLineage, type RunObservation, type State, volatileAttributes } from '../invariant/index.ts'
import type { Failure, Migration } from '../migration/index.ts'
import { assembleResult } from './assemble.ts'
import { smallFillings, tiedRows } from './banded.ts'
import { type BandedRun, bandedRuns } from './banded-runs.ts'
import type { Base } from './base.ts'
import { type ClientsPlan, lookAsClients } from './clients.ts'
import { Collector } from './collect.ts'
import { confirmFindings } from './confirm.ts'
import type { Counterexample } from './counterexample.ts'
import { onlyShown } from './counterexamples/only-shown.ts'
import { rolesSqlOf } from './counterexamples/roles.ts'
import type { Depth } from './depth.ts'
import { type EdgeRuns, edgeRuns, ringsFor } from './edges.ts'
import { judgeEquivalence, observeEquivalence } from './equivalence/index.ts'
import { type Filling, type RunRequest, storedRelations } from './execute.ts'
import { injectFaults } from './inject.ts'
import { judgeRun } from './judge.ts'
import { judgeOnline } from './online/index.ts'
import type { VerifyHooks, VerifyOptions } from './options.ts'
import { type Passage, passageOf } from './passage.ts'
import { prepareSubject, rungOf } from './prepare.ts'
import { type Repeated, repeatRuns } from './repeat.ts'
import type { MigrationResult } from './result.ts'
import { Runner } from './runner.ts'
import { seedNumber } from './seed.ts'
import { CloneStages, TransactionStages } from './stage.ts'
import { stopwatch } from './stopwatch.ts'
import type { Subject } from './subject.ts'
import { widen, withoutFarSequences } from './widen.ts'
import { writeAfterUp } from './write-since.ts'
import { writtenRelations } from './written.ts'

export interface VerifiedMigration {
  readonly result: MigrationResult
  /** By path, as it stands in the finding. */
  readonly counterexamples: ReadonlyMap<string, Counterexample>
  /** Where the attributes of the written relations went, for the steps that come after. */
  readonly passage: Passage
  /** Why `up` fails on the state as the steps before leave it, without any row of ours. */
  readonly broken: Failure | undefined
}

export interface MigrationContext {
  readonly options: VerifyOptions
  readonly seed: string
  readonly hooks: VerifyHooks
  /** Path as the caller named it. */
  readonly path: string
  /** How thoroughly to look, once the legacy catalog is known. */
  readonly depth: (legacy: Catalog) => Depth
  /** Milliseconds that were spent on the base, by stage. */
  readonly before?: Readonly<Record<string, number>> | undefined
  /** Of the base, where it was just read. */
  readonly catalog?: Catalog | undefined
  /** False where neither the tool nor the history knows downs. */
  readonly downsUsed?: boolean | undefined
}

/**
 * Verify one migration: learn on banded rows, judge on edge rows, repeat, break off on purpose, and confirm on a clone what was found.
 *
 * @param base  The database just before it; left as it was.
 */
export async function verifyMigration(migration: Migration, base: Base, context: MigrationContext): Promise<VerifiedMigration> {
  const { options, seed, hooks } = context
  const clock = stopwatch()
  const progress = (stage: string, done?: number, total?: number) => hooks.onProgress?.({ migration: migration.name, stage, done, total })
  const notChecked: string[] = []
  const disagreements: string[] = []

  progress('legacy schema')
  const catalog = context.catalog ?? (await clock.time('prepare', () => readCatalog(base.session())))
  const depth = context.depth(catalog)
  const limit = performance.now() + (options.timeLimitMs ?? Number.POSITIVE_INFINITY)
  const deadline = Math.min(limit, performance.now() + (depth.mostMs ?? Number.POSITIVE_INFINITY))
  const cutAt = (what: string) => {
    if (performance.now() <= limit) return false
    notChecked.push(`${what}: left out, the time limit was reached`)
    return true
  }
  const prepare = (also?: ReadonlySet<string>) =>
    clock.time('prepare', () =>
      prepareSubject(base.session(), migration, {
        scope: depth.scope,
        memory: base.memory,
        objects: base.objects,
        catalog,
        downsUsed: context.downsUsed,
        reserved: base.reserved,
        also,
      }),
    )
  let subject = await prepare()
  const clones = new CloneStages(base)
  const transactions = base.cluster.superuser ? new TransactionStages(base.session, base.role, withoutFarSequences(subject)) : undefined
  const need =
    transactions === undefined ? { rung: 'clone' as const, because: 'the harness is no superuser on this cluster' } : rungOf(migration)
  const runner = new Runner(transactions, clones, need)
  const collector = new Collector()
  const exclusions: Exclusion[] = []

  progress('empty database')
  const reached = new Set<string>()
  const none: RunRequest = {
    regime: 'empty',
    extreme: false,
    filling: { kind: 'sql', sql: '' },
    until: 'again',
    deep: true,
    signal: hooks.signal,
    ...(depth.scope === 'reached' && depth.variants > 0
      ? {
          onReached: (relations) => {
            for (const each of relations) reached.add(rootOf(catalog, each))
          },
        }
      : {}),
  }
  const empty = await clock.time('empty', () => runner.run(subject, none))
  // What varies by itself is known later, and a migration may write times to an empty database too.
  if (empty.failure !== undefined) judgeRun(subject, empty, collector, none)
  if ([...reached].some((path) => !subject.scope.has(path) && storedRelations(catalog).includes(path))) subject = await prepare(reached)

  const savedRows = options.saved?.get(migration.name) ?? []
  // Nothing that stands here could be touched: no rows are needed to tell.
  const variants = subject.scope.size === 0 ? 0 : depth.variants
  let banded: readonly BandedRun[] = []
  if (empty.failure === undefined && variants > 0) {
    progress('banded rows')
    const plan = { seed, exclusions, variants, shrinkMs: depth.shrinkMs, signal: hooks.signal }
    banded = await clock.time('band', () => bandedRuns(subject, runner, collector, plan))
  }
  const passed = banded.filter(({ run }) => run.failure === undefined)
  subject = learn(
    subject,
    passed.map(({ run }) => run),
  )

  const lanes = await widen(subject, base, runner, depth)
  const first = passed[0]
  if (first !== undefined && depth.repeats && !cutAt('determinism')) {
    progress('repetitions')
    const repeated = await clock.time('determinism', () =>
      repeatRuns(
        subject,
        depth.scope === 'reached' ? 'suspected' : 'always',
        clones,
        first.dataset,
        tiedRows(subject, seed, exclusions, depth.runs > 20 ? 8 : 2),
        runner,
        lanes,
        hooks.signal,
      ),
    )
    for (const verdict of repeated.verdicts) collector.add(determinism.id, verdict)
    subject = { ...subject, knowledge: { ...subject.knowledge, volatile: repeated.volatile } }
    disagreements.push(...rungsDisagree(first.run, repeated))
    notChecked.push(...repeated.notChecked)
  }
  // Where no row of ours is needed the migration's own may still come from the clock or from chance.
  if (first === undefined && empty.migrated !== undefined && hasRows(empty.migrated)) {
    const again = await clock.time('determinism', () => runner.runOnClone(subject, { ...none, until: 'up' }))
    const volatile = again.migrated === undefined ? [] : volatileAttributes(empty.migrated, again.migrated).keys()
    subject = { ...subject, knowledge: { ...subject.knowledge, volatile: new Set(volatile) } }
  }
  if (empty.failure === undefined) judgeRun(subject, empty, collector, none)
  for (const { run, request } of passed) judgeRun(subject, run, collector, request)

  let edges: EdgeRuns = { runs: 0, passed: 0, failed: 0, datasets: [], cut: undefined }
  if (empty.failure === undefined && depth.runs > 0 && subject.scope.size > 0) {
    const total = depth.runs
    edges = await clock.time('edge', () =>
      edgeRuns(subject, runner, collector, {
        runs: total,
        rows: options.rows ?? 6,
        seed: seedNumber(seed, 'edge'),
        rings: ringsFor(subject),
        exclusions,
        deadline,
        shrinkMs: depth.shrinkMs,
        signal: hooks.signal,
        saved: savedRows,
        writeSince: writeAfterUp(seed),
        onRun: (done) => progress('edge rows', done, total),
      }),
    )
    if (edges.cut !== undefined) notChecked.push(edges.cut)
  }

  if (empty.failure === undefined && depth.faults !== 'none' && (first !== undefined || variants === 0) && !cutAt('atomicity')) {
    progress('faults')
    const filling: Filling = first === undefined ? none.filling : { kind: 'dataset', dataset: first.dataset }
    const injected = await clock.time('atomicity', () =>
      injectFaults(subject, clones, filling, { failing: failingRows(collector), lanes, limit, signal: hooks.signal }),
    )
    collector.add(atomicity.id, atomicity.judge(injected.faults, injected.rows))
    if (injected.skipped > 0) notChecked.push(`atomicity: ${injected.skipped} of the positions in up were not tried (the script is long)`)
    if (injected.cut > 0) notChecked.push(`atomicity: ${injected.cut} faults were not tried: the time limit was reached`)
  }

  if (empty.failure === undefined && !cutAt('what clients see')) {
    progress('clients')
    const plan: ClientsPlan = {
      run: first?.run ?? empty,
      filling: first === undefined ? undefined : { kind: 'dataset', dataset: first.dataset },
      widen: prepare,
      session: base.session,
      seed,
      exclusions,
      role: base.role,
      superuser: base.cluster.superuser,
      signal: hooks.signal,
    }
    const clients = await clock.time('clients', () => lookAsClients(subject, runner, collector, plan))
    notChecked.push(...clients.notChecked)
    disagreements.push(...clients.disagreements)
  }

  const afterUp = empty.migrated
  if (afterUp !== undefined && !cutAt('view-equivalence and online-safety')) {
    const observed = await clock.time('equivalence', () =>
      observeEquivalence(subject, clones, afterUp.catalog, {
        seed,
        role: base.role,
        sequences: Math.min(60, Math.max(20, depth.runs)),
        exclusions,
        deadline,
        signal: hooks.signal,
      }),
    )
    judgeEquivalence(subject, observed, collector)
    if (options.online !== undefined) progress('traffic')
    notChecked.push(
      ...(await clock.time('online', () =>
        judgeOnline(subject, clones, collector, { options: options.online, dataset: first?.dataset, signal: hooks.signal }),
      )),
    )
  }

  collector.settle()
  progress('counterexamples')
  const confirmed = await clock.time('shrink', () =>
    confirmFindings(subject, runner, collector, {
      seed,
      deadline,
      edges,
      exclusions,
      empty: { run: empty, request: none },
      small: depth.scope === 'reached' ? smallFillings(subject, seed, exclusions) : [],
    }),
  )
  const rolesSql = confirmed.confirmed.length === 0 ? [] : await rolesSqlOf(base.session(), textsOf(migration), base.settings)
  const assembled = assembleResult({
    subject,
    collector,
    confirmed: { ...confirmed, disagreements: [...disagreements, ...confirmed.disagreements] },
    context,
    runner,
    depth,
    role: base.role ?? 'the user of the URL',
    server: base.cluster.version.text,
    rolesSql,
    runs: edges.runs,
    exclusions: exclusions.map(describeExclusion),
    banded: passed.map(({ run }) => run),
    anyRun: empty.failure === undefined,
    notChecked,
    timings: {},
  })
  const saved = await clock.time('shrink', () => onlyShown(assembled, clones, lanes))
  const result = { ...saved.result, timings: { ...context.before, ...clock.timings() } }
  return { result, counterexamples: saved.counterexamples, passage: passageOf(subject, passed[0]?.run), broken: empty.failure }
}

function textsOf({ legacy, up, down }: Migration): readonly string[] {
  return [...legacy, ...[up, down].flatMap((step) => (step?.kind === 'sql' ? [step.script] : []))].map((each) => each.text)
}

function hasRows(state: State): boolean {
  return [...state.rows.values()].some(({ rows }) => rows.length > 0)
}

function rootOf(catalog: Catalog, path: string): string {
  const parent = catalog.relations.get(path)?.partitionOf?.parent
  return parent === undefined ? path : rootOf(catalog, parent)
}

/** Rows on which `up` fails, where a run found some. */
function failingRows(collector: Collector): Filling | undefined {
  return collector.findings().find(({ finding, request }) => finding.invariant === 'applies' && request?.filling.kind === 'dataset')
    ?.request?.filling
}

/** One run is made on both rungs: where a transaction and a clone end in different rows, one of them is wrong, and not the migration. */
function rungsDisagree(run: RunObservation, repeated: Repeated): readonly string[] {
  if (run.rung !== 'transaction' || run.migrated === undefined || repeated.migrated === undefined) return []
  return [...volatileAttributes(run.migrated, repeated.migrated).values()].flatMap(([relation, attribute]) => {
    const path = `${relation}.${attribute}`
    return repeated.volatile.has(path) ? [] : [`${path} differs between a run in a transaction and the same run on a clone`]
  })
}

/** What banded runs tell about a subject: where attributes go, and which relations are written. */
export function learn(subject: Subject, runs: readonly RunObservation[]): Subject {
  if (runs.length === 0) return subject
  const written = new Set(runs.flatMap((run) => [...writtenRelations(run)]))
  return { ...subject, knowledge: { ...subject.knowledge, lineage: learnLineage(runs), written } }
}
