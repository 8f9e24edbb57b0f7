import { bandedDataset, type Dataset, type Exclusion } from '../data/index.ts'
import { backwardCompatibility, type Finding, type RunObservation, type Verdict, type WorkloadObservation } from '../invariant/index.ts'
import { quoteName, type Session } from '../postgres/index.ts'
import type { Collector } from './collect.ts'
import { type Filling, fillStage } from './execute.ts'
import type { Runner } from './runner.ts'
import { seedNumber } from './seed.ts'
import type { Stage } from './stage.ts'
import type { Subject } from './subject.ts'
import { answerLegacy, answerMigrated, touchedRelations } from './workload/observe-workload.ts'

export interface ClientsPlan {
  /** A run that went through: what `up` makes of the catalog. */
  readonly run: RunObservation
  /** The rows of that run. */
  readonly filling: Filling
  readonly seed: string
  readonly exclusions: readonly Exclusion[]
  readonly signal: AbortSignal | undefined
}

/** What looking from outside left unsaid. */
export interface ClientsLooked {
  readonly notChecked: readonly string[]
  readonly disagreements: readonly string[]
}

/**
 * Look at a migration as its clients do: what a legacy workload answers before and after `up`, on the same rows, in one run of its own.
 * What only a run tells is seen again on a clone before it is reported.
 */
export async function lookAsClients(subject: Subject, runner: Runner, collector: Collector, plan: ClientsPlan): Promise<ClientsLooked> {
  const { migrated } = plan.run
  if (migrated === undefined) return { notChecked: [], disagreements: [] }
  const { workload } = subject.migration.contract
  const touched = touchedRelations(subject.legacy, migrated.catalog, subject.knowledge.written)
  const fresh = touched.length === 0 && workload === undefined ? undefined : freshRows(subject, plan, touched)
  const seen = await runner.onStage((stage) => observe(subject, stage, plan, touched, fresh))
  if (seen === undefined)
    return { notChecked: ['backward-compatibility: up failed on the rows that it had passed with'], disagreements: [] }
  const verdict = backwardCompatibility.judge(seen.workload)
  const doubtful = findingsOf(verdict).filter(needsClone)
  if (doubtful.length === 0 || runner.need.rung !== 'transaction') {
    collector.add(backwardCompatibility.id, verdict)
    return { notChecked: seen.notChecked, disagreements: [] }
  }
  const again = await runner.clones.run((stage) => observe(subject, stage, plan, touched, fresh))
  const confirmed = again === undefined ? verdict : backwardCompatibility.judge(again.workload)
  collector.add(backwardCompatibility.id, confirmed)
  const shown = findingsOf(confirmed)
  return {
    notChecked: seen.notChecked,
    disagreements: doubtful
      .filter(
        (each) =>
          !shown.some((other) => other.relation === each.relation && other.attribute === each.attribute && other.object === each.object),
      )
      .map(
        (each) =>
          `${each.invariant} ${each.kind} on ${each.relation ?? each.object ?? 'the migration'}: seen in a transaction, not on a clone`,
      ),
  }
}

async function observe(
  subject: Subject,
  stage: Stage,
  plan: ClientsPlan,
  touched: readonly string[],
  fresh: Dataset | undefined,
): Promise<{ readonly workload: WorkloadObservation; readonly notChecked: readonly string[] } | undefined> {
  const { contract, up } = subject.migration
  await fillStage(subject, stage, plan.filling)
  const before = await stage.look((session) =>
    undone(stage, session, sequences(subject), () => answerLegacy(subject, session, touched, fresh)),
  )
  const applied = await stage.apply(up, { signal: plan.signal })
  if (applied.outcome === 'failed') return undefined
  const after = await stage.look((session) => undone(stage, session, [], () => answerMigrated(session, before)))
  return {
    workload: {
      run: plan.run,
      knowledge: subject.knowledge,
      statements: after.statements,
      given: contract.workload !== undefined,
      routines: { before: before.routines, after: after.routines },
    },
    notChecked: before.notTried,
  }
}

/** Work of which nothing stays: in a savepoint of the run's transaction, or in a transaction of its own on a clone. */
async function undone<Result>(stage: Stage, session: Session, first: readonly string[], work: () => Promise<Result>): Promise<Result> {
  const [begin, end] =
    stage.rung === 'transaction'
      ? ['SAVEPOINT godwit_clients', 'ROLLBACK TO SAVEPOINT godwit_clients; RELEASE SAVEPOINT godwit_clients']
      : ['BEGIN', 'ROLLBACK']
  await session.script([begin, ...first].join('; '))
  try {
    return await work()
  } finally {
    await session.script(end)
  }
}

/** Storage of this savepoint's own for each sequence, so that what the legacy workload draws is put back. */
function sequences({ legacy }: Subject): readonly string[] {
  return legacy.sequences.map((sequence) => `ALTER SEQUENCE ${quoteName(sequence)} CACHE ${sequence.cache}`)
}

/** Rows whose keys are not those that are there. */
function freshRows(subject: Subject, { seed, exclusions }: ClientsPlan, touched: readonly string[]): Dataset {
  const relations = touched.filter((path) => subject.scope.has(path))
  return bandedDataset(subject.plan, { seed: seedNumber(seed, 'clients'), rows: 4, variant: 1, relations, exclude: exclusions })
}

function needsClone({ severity, known, evidence }: Finding): boolean {
  return severity !== 'info' && known === 'observed' && evidence.change === undefined
}

function findingsOf(verdict: Verdict): readonly Finding[] {
  return verdict.outcome === 'violated' ? verdict.findings : []
}
