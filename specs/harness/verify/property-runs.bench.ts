import { fileURLToPath } from 'node:url'
import { type Dataset, datasetArbitrary, sampleDatasets } from '../../../harness/data/index.ts'
import { readPair } from '../../../harness/formats/index.ts'
import { Collector } from '../../../harness/invariants/collect.ts'
import { Judging } from '../../../harness/invariants/judge.ts'
import { invariants } from '../../../harness/invariants/registry.ts'
import { learnLineage } from '../../../harness/lineage/index.ts'
import type { Subject } from '../../../harness/lineage/subject.ts'
import { writtenRelations } from '../../../harness/lineage/written.ts'
import type { Migration } from '../../../harness/migration/index.ts'
import { type Database, startCluster } from '../../../harness/postgres/index.ts'
import { bandedFillings } from '../../../harness/run/banded.ts'
import { legacyTemplate } from '../../../harness/run/database.ts'
import { executeRun, type RunRequest } from '../../../harness/run/execute.ts'
import { type RunObservation, revertedOf } from '../../../harness/run/index.ts'
import { CloneStage, CloneStages, type Stage } from '../../../harness/run/stage.ts'
import { TransactionStages } from '../../../harness/run/transaction-stage.ts'
import { prepareSubject } from '../../../harness/verify/prepare.ts'
import { type Figure, measure, ratios, roundsOr } from '../bench-support.ts'
import { Rounds } from '../snapshot/rounds.ts'
import { measurableImage, type SnapshotContainer, startSnapshotContainer } from './snapshot-container.ts'

// The same data sets, in the same order, by each way back to the legacy state: seed, read, up, read, down, read, judge.
const runsOfARound = 10
/** A container is given fewer: its runs are long. */
const restoredOfARound = 3
const [rung1, rung2, restored] = ['rung 1, one transaction', 'rung 2, a clone', 'Testcontainers snapshot'] as const
const stockBatches = fileURLToPath(new URL('../../../migrations/stock-batches', import.meta.url))

type Isolated = (work: (stage: Stage) => Promise<RunObservation>) => Promise<RunObservation>
type Contender = (runs: number) => Promise<void>

measure('Complete runs of migrations/stock-batches (seed, up, down, reading between, judging)', async () => {
  const migration = await readPair(stockBatches)
  await using cluster = await startCluster({ kind: 'embedded' })
  const template = await legacyTemplate(cluster, migration, {})
  const head = await cluster.clone(template)
  await using session = await head.connect()
  const subject = await prepareSubject(session, migration)
  const transactions = new TransactionStages(() => session, cluster.owner, subject.legacy)
  const clones = new CloneStages({ cluster, template: async () => template, role: cluster.owner, settings: {}, roles: undefined })
  const inTransaction = await contender(subject, (work) => transactions.run(work))
  const onClones = await contender(subject, (work) => clones.run(work))

  const image = await measurableImage()
  await using container = 'image' in image ? await startSnapshotContainer(image.image) : undefined
  const onSnapshots = container === undefined ? undefined : await snapshotContender(migration, container)

  const rounds = new Rounds({
    [rung1]: () => inTransaction(runsOfARound),
    [rung2]: () => onClones(runsOfARound),
    ...(onSnapshots === undefined ? {} : { [restored]: () => onSnapshots(restoredOfARound) }),
  })
  for (let round = 0; round < roundsOr(10); round += 1) await rounds.round()
  return figuresOf(rounds, 'because' in image ? image.because : undefined)
})

function figuresOf(rounds: Rounds, notMeasured: string | undefined): readonly Figure[] {
  const perSecond = (name: string, runs: number) => rounds.times(name).map((ms) => (runs * 1_000) / ms)
  const [first, second, third] = [perSecond(rung1, runsOfARound), perSecond(rung2, runsOfARound), perSecond(restored, restoredOfARound)]
  const gap = notMeasured === undefined ? {} : { notMeasured }
  return [
    { what: rung1, values: first, unit: ' /s' },
    { what: rung2, values: second, unit: ' /s' },
    { what: restored, values: third, unit: ' /s', ...gap },
    { what: `${rung1}, to ${rung2}`, values: ratios(first, second), unit: ' ×', budget: { least: 3 } },
    { what: `${rung1}, to ${restored}`, values: third.length === 0 ? [] : ratios(first, third), unit: ' ×', budget: { least: 10 }, ...gap },
  ]
}

/** Learns lineage on banded rows first, as a verification does, so that judging costs what it costs there. */
async function contender(subject: Subject, isolated: Isolated): Promise<Contender> {
  const banded: RunObservation[] = []
  for (const { dataset, bands } of bandedFillings(subject, 'bench', [])) {
    const request = { ...requestOf(dataset), regime: 'banded', bands } as const
    banded.push(await isolated((stage) => executeRun(subject, stage, request)))
  }
  const written = new Set(banded.flatMap((run) => [...writtenRelations(run)]))
  const learnt: Subject = { ...subject, knowledge: { ...subject.knowledge, lineage: learnLineage(banded), written } }
  const arbitrary = datasetArbitrary(learnt.plan, { rows: { min: 1, max: 6 }, relations: [...learnt.scope], profile: 'plausible' })
  const datasets = sampleDatasets(arbitrary, 7, runsOfARound)
  return async (runs) => {
    const collector = new Collector()
    const judging = new Judging(invariants, collector)
    judging.learned(learnt.knowledge)
    for (const dataset of datasets.slice(0, runs)) {
      const request = requestOf(dataset)
      const run = await isolated((stage) => executeRun(learnt, stage, request))
      if (run.failure !== undefined || revertedOf(run)?.outcome !== 'applied') throw new Error('a run of the benchmark failed')
      judging.see(run, request)
    }
    const [found] = collector.findings()
    if (found !== undefined) throw new Error(`a sound migration was refuted: ${found.finding.message}`)
  }
}

function requestOf(dataset: Dataset): RunRequest {
  return { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset }, phases: ['up', 'down'] }
}

async function snapshotContender(migration: Migration, { container, database }: SnapshotContainer): Promise<Contender> {
  const subject = await preparedOn(database, migration)
  await container.snapshot()
  return contender(subject, async (work) => {
    await container.restoreSnapshot()
    await using stage = new CloneStage(database, { cluster: { owner: '' }, role: undefined, settings: {} })
    return await work(stage)
  })
}

async function preparedOn(database: Database, migration: Migration): Promise<Subject> {
  await using session = await database.connect()
  for (const script of migration.legacy) await session.script(script.text)
  return await prepareSubject(session, migration)
}
