import { join } from 'node:path'
import { type Dataset, datasetArbitrary, sampleDatasets } from '../../harness/data/index.ts'
import { readSources } from '../../harness/history/index.ts'
import { runInvariants } from '../../harness/invariants/index.ts'
import type { Subject } from '../../harness/lineage/subject.ts'
import type { Cluster, Database, Session } from '../../harness/postgres/index.ts'
import { bandedFillings } from '../../harness/run/banded.ts'
import { legacyTemplate, roleOf } from '../../harness/run/database.ts'
import type { RunRequest } from '../../harness/run/execute.ts'
import type { RunObservation } from '../../harness/run/index.ts'
import { Runner } from '../../harness/run/runner.ts'
import { rungOf } from '../../harness/run/scripts-of.ts'
import { seedNumber } from '../../harness/run/seed.ts'
import { CloneStages } from '../../harness/run/stage.ts'
import { TransactionStages } from '../../harness/run/transaction-stage.ts'
import { learnFrom } from '../../harness/verify/learn.ts'
import { prepareSubject } from '../../harness/verify/prepare.ts'
import { ringsFor } from '../../harness/verify/rings.ts'

/** A sound migration with what was learned of it, ready for run after run on rung 1. */
export interface Prepared extends AsyncDisposable {
  readonly id: string
  readonly subject: Subject
  readonly runner: Runner
  readonly stages: TransactionStages
  /** Rows on which an unspoilt run shows nothing, with that run. */
  readonly baselines: readonly Baseline[]
}

export interface Baseline {
  readonly number: number
  readonly dataset: Dataset
  readonly run: RunObservation
  /** What the unspoilt run shows already, by message. */
  readonly shown: ReadonlySet<string>
}

const options = {}

/** As `verifyMigration` prepares it; undefined where there is nothing to learn or to sabotage on rung 1. */
export async function prepareForSabotage(cluster: Cluster, id: string, seed: string): Promise<Prepared | undefined> {
  const [source] = await readSources([join('fixtures/corpus', id)], options)
  const read = source?.kind === 'pairs' ? source.migrations[0] : undefined
  if (read === undefined || rungOf(read.migration).rung !== 'transaction') return undefined
  const template = await legacyTemplate(cluster, read.migration, options)
  const head: Database = await cluster.clone(template)
  const session: Session = await head.connect()
  const close = async () => {
    await session.close()
    await head.drop()
  }
  try {
    const found = await prepareOn(cluster, session, read.migration, template, seed)
    if (found === undefined) await close()
    return found === undefined ? undefined : { id, ...found, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

async function prepareOn(
  cluster: Cluster,
  session: Session,
  migration: Parameters<typeof prepareSubject>[1],
  template: Awaited<ReturnType<typeof legacyTemplate>>,
  seed: string,
) {
  const unlearned = await prepareSubject(session, migration)
  const role = roleOf(cluster, options)
  const stages = new TransactionStages(() => session, role, unlearned.legacy)
  const runner = new Runner(
    stages,
    new CloneStages({ cluster, template: async () => template, role, settings: {}, roles: undefined }),
    rungOf(migration),
  )
  const banded: RunObservation[] = []
  for (const { dataset, bands } of bandedFillings(unlearned, seed, [])) {
    const run = await runner.run(unlearned, { ...requestFor(dataset), regime: 'banded', bands })
    if (run.failure === undefined) banded.push(run)
  }
  // Where some banded rows are refused a verification learns which; here there are others to take.
  if (banded.length < 3 || runner.need.rung !== 'transaction') return undefined
  const subject = learnFrom(unlearned, banded)
  const baselines: Baseline[] = []
  for (const [number, dataset] of datasetsFor(subject, seed).entries()) {
    if (baselines.length >= 4) break
    const run = await runner.run(subject, requestFor(dataset))
    if (run.migrated === undefined) continue
    const shown = shownBy(subject, run, false)
    if (shown.length === 0) baselines.push({ number, dataset, run, shown: new Set(shown) })
  }
  return baselines.length === 0 || runner.need.rung !== 'transaction' ? undefined : { subject, runner, stages, baselines }
}

/** A run as far as `up`. */
export function requestFor(dataset: Dataset): RunRequest {
  return { regime: 'edge', extreme: dataset.extreme, filling: { kind: 'dataset', dataset }, phases: ['up'] }
}

/** The findings of a run at error or warning; without `down` nothing is acquitted, and that there is no down is not counted. */
export function shownBy(subject: Subject, run: RunObservation, hasDown: boolean): readonly string[] {
  return runInvariants.flatMap((invariant) => {
    if (!hasDown && invariant.id === 'rollback-restores-state') return []
    const verdict = invariant.judge(run, { ...subject.knowledge, hasDown })
    return verdict.outcome === 'violated'
      ? verdict.findings.filter((each) => each.severity !== 'info').map((each) => `${invariant.id}: ${each.message}`)
      : []
  })
}

/** Half of them with a ring, as edge runs have it. */
function datasetsFor(subject: Subject, seed: string): readonly Dataset[] {
  return [ringsFor(subject), new Map<string, string>()]
    .flatMap((ring, at) =>
      sampleDatasets(
        datasetArbitrary(subject.plan, { rows: { min: 2, max: 6 }, relations: [...subject.scope], ring, profile: 'plausible' }),
        seedNumber(seed, `sabotage ${at}`),
        4,
      ),
    )
    .sort((left, right) => sizeOf(right) - sizeOf(left))
}

function sizeOf(dataset: Dataset): number {
  return [...dataset.tables.values()].reduce((sum, each) => sum + each.rows.length, 0)
}
