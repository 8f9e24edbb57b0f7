import { type Dataset, describeExclusion, type Exclusion } from '../data/index.ts'
import { atomicity, determinism, learnLineage, type RunObservation, volatileAttributes } from '../invariant/index.ts'
import type { Migration } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import { assembleResult } from './assemble.ts'
import { bandedFillings, tiedRows } from './banded.ts'
import { Collector } from './collect.ts'
import { confirmFindings, smallestFor } from './confirm.ts'
import type { Counterexample } from './counterexample.ts'
import { legacyTemplate, roleOf } from './database.ts'
import { type EdgeRuns, edgeRuns, ringsFor } from './edges.ts'
import { excludeCause, mostExclusions } from './exclude.ts'
import type { Filling, RunRequest } from './execute.ts'
import { injectFaults } from './inject.ts'
import { judgeRun } from './judge.ts'
import type { VerifyHooks, VerifyOptions } from './options.ts'
import { ownCluster, rolesOf } from './own-cluster.ts'
import { prepareSubject, rungOf } from './prepare.ts'
import { type Repeated, repeatRuns } from './repeat.ts'
import type { MigrationResult } from './result.ts'
import { Runner } from './runner.ts'
import { seedNumber } from './seed.ts'
import { CloneStages, TransactionStages } from './stage.ts'
import { stopwatch } from './stopwatch.ts'
import type { Subject } from './subject.ts'
import { writeAfterUp } from './write-since.ts'
import { writtenRelations } from './written.ts'

export interface VerifiedMigration {
  readonly result: MigrationResult
  /** By path, as it stands in the finding. */
  readonly counterexamples: ReadonlyMap<string, Counterexample>
}

export interface MigrationContext {
  readonly cluster: Cluster
  readonly options: VerifyOptions
  readonly seed: string
  readonly hooks: VerifyHooks
  /** Path as the caller named it. */
  readonly path: string
}

/**
 * Verify one migration: learn on banded rows, judge on edge rows, repeat, break off on purpose, and confirm on a clone what was found.
 *
 * @throws {InputError} When the legacy schema does not apply.
 */
export async function verifyMigration(migration: Migration, context: MigrationContext): Promise<VerifiedMigration> {
  const { options, seed, hooks } = context
  const clock = stopwatch()
  const progress = (stage: string, done?: number, total?: number) => hooks.onProgress?.({ migration: migration.name, stage, done, total })
  const deadline = options.timeLimitMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + options.timeLimitMs
  const notChecked: string[] = []
  const disagreements: string[] = []

  const wanted = rungOf(migration)
  await using own = await ownCluster(context.cluster, wanted)
  const cluster = own ?? context.cluster
  progress('legacy schema')
  const template = await clock.time('legacy', () => legacyTemplate(cluster, migration, options))
  await using head = await clock.time('legacy', () => cluster.clone(template))
  await using session = await head.connect()
  let subject = await clock.time('prepare', () => prepareSubject(session, migration, options.skipExtensions))
  const role = roleOf(cluster, options)
  const clones = new CloneStages(cluster, template, role, own === undefined ? undefined : await rolesOf(own))
  const transactions = cluster.superuser ? new TransactionStages(session, role, subject.legacy) : undefined
  const need = transactions === undefined ? { rung: 'clone' as const, because: 'the harness is no superuser on this cluster' } : wanted
  const runner = new Runner(transactions, clones, need)
  const collector = new Collector()
  const exclusions: Exclusion[] = []

  progress('empty database')
  const none: RunRequest = {
    regime: 'empty',
    extreme: false,
    filling: { kind: 'sql', sql: '' },
    until: 'again',
    deep: true,
    signal: hooks.signal,
  }
  const empty = await clock.time('empty', () => runner.run(subject, none))
  judgeRun(subject, empty, collector, none)

  const saved = options.saved?.get(migration.name) ?? []
  const banded: { run: RunObservation; request: RunRequest; dataset: Dataset }[] = []
  if (empty.failure === undefined) {
    progress('banded rows')
    await clock.time('band', async () => {
      for (const { dataset, bands, variant } of bandedFillings(subject, seed, exclusions)) {
        let request: RunRequest = {
          regime: 'banded',
          extreme: false,
          filling: { kind: 'dataset', dataset },
          bands,
          until: 'again',
          signal: hooks.signal,
        }
        let run = await runner.run(subject, request)
        let rows = dataset
        while (run.failure !== undefined && exclusions.length < mostExclusions) {
          judgeRun(subject, run, collector, request)
          const finding =
            collector.findings().find((each) => each.finding.invariant === 'applies' && each.observation === run)?.finding ??
            lastFailure(subject, run)
          const exclusion =
            finding === undefined
              ? undefined
              : excludeCause(subject, finding, await smallestFor(subject, runner, finding, request), exclusions)
          if (exclusion === undefined) break
          exclusions.push(exclusion)
          const again = bandedFillings(subject, seed, exclusions)[variant]
          if (again === undefined) break
          rows = again.dataset
          request = { ...request, filling: { kind: 'dataset', dataset: again.dataset }, bands: again.bands }
          run = await runner.run(subject, request)
        }
        if (run.failure !== undefined) judgeRun(subject, run, collector, request)
        banded.push({ run, request, dataset: rows })
      }
    })
  }
  const passed = banded.filter(({ run }) => run.failure === undefined)
  subject = learn(
    subject,
    passed.map(({ run }) => run),
  )

  const first = passed[0]
  if (first !== undefined) {
    progress('repetitions')
    const repeated = await clock.time('determinism', () =>
      repeatRuns(subject, clones, first.dataset, tiedRows(subject, seed, exclusions), runner, hooks.signal),
    )
    for (const verdict of repeated.verdicts) collector.add(determinism.id, verdict)
    subject = { ...subject, knowledge: { ...subject.knowledge, volatile: repeated.volatile } }
    disagreements.push(...rungsDisagree(first.run, repeated))
  }
  for (const { run, request } of passed) judgeRun(subject, run, collector, request)

  let edges: EdgeRuns = { runs: 0, passed: 0, failed: 0, datasets: [], cut: undefined }
  if (empty.failure === undefined) {
    const total = options.runs ?? 100
    edges = await clock.time('edge', () =>
      edgeRuns(subject, runner, collector, {
        runs: total,
        rows: options.rows ?? 6,
        seed: seedNumber(seed, 'edge'),
        rings: ringsFor(subject),
        exclusions,
        deadline,
        signal: hooks.signal,
        saved,
        writeSince: writeAfterUp(seed),
        onRun: (done) => progress('edge rows', done, total),
      }),
    )
    if (edges.cut !== undefined) notChecked.push(edges.cut)
  }

  if (first !== undefined) {
    progress('faults')
    const filling: Filling = { kind: 'dataset', dataset: first.dataset }
    const injected = await clock.time('atomicity', () => injectFaults(subject, clones, filling, failingRows(collector), hooks.signal))
    collector.add(atomicity.id, atomicity.judge(injected.faults, injected.rows))
    if (injected.skipped > 0) notChecked.push(`atomicity: ${injected.skipped} of the positions in up were not tried (the script is long)`)
  }

  collector.settle()
  progress('counterexamples')
  const confirmed = await clock.time('shrink', () =>
    confirmFindings(subject, runner, collector, { seed, deadline, edges, exclusions, empty: { run: empty, request: none } }),
  )
  return assembleResult({
    subject,
    collector,
    confirmed: { ...confirmed, disagreements: [...disagreements, ...confirmed.disagreements] },
    context,
    runner,
    role: role ?? 'the user of the URL',
    runs: edges.runs,
    exclusions: exclusions.map(describeExclusion),
    banded: passed.map(({ run }) => run),
    anyRun: empty.failure === undefined,
    notChecked,
    timings: clock.timings(),
  })
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

function lastFailure(subject: Subject, run: RunObservation) {
  const collector = new Collector()
  judgeRun(subject, run, collector, { regime: run.regime, extreme: run.extreme, filling: { kind: 'sql', sql: '' }, until: 'up' })
  return collector.findings().find((each) => each.finding.invariant === 'applies')?.finding
}
