import type { Exclusion } from '../../data/index.ts'
import { volatileAttributes } from '../../invariant/index.ts'
import { bandedRuns } from '../banded-runs.ts'
import type { Base } from '../base.ts'
import { Collector } from '../collect.ts'
import { rungOf } from '../prepare.ts'
import { Runner } from '../runner.ts'
import { type CloneStages, TransactionStages } from '../stage.ts'
import type { Subject } from '../subject.ts'
import { learn } from '../verify-migration.ts'
import { withoutFarSequences } from '../widen.ts'
import type { SavedCounterexample } from './saved.ts'

/** What a replay works with. */
export interface ReplayContext {
  readonly base: Base
  readonly subject: Subject
  readonly clones: CloneStages
  readonly saved: SavedCounterexample
  readonly signal: AbortSignal | undefined
}

/** What verification knew when it judged: where attributes go, what is written, what differs from run to run. */
export async function learned({ base, subject, clones, saved, signal }: ReplayContext): Promise<{
  readonly subject: Subject
  readonly runner: Runner
  readonly exclusions: readonly Exclusion[]
}> {
  const transactions = base.cluster.superuser ? new TransactionStages(base.session, base.role, withoutFarSequences(subject)) : undefined
  const runner = new Runner(transactions, clones, transactions === undefined ? { rung: 'clone', because: '' } : rungOf(subject.migration))
  const exclusions: Exclusion[] = []
  const variants = subject.scope.size === 0 ? 0 : 3
  const banded = await bandedRuns(subject, runner, new Collector(), { seed: saved.seed, exclusions, variants, shrinkMs: undefined, signal })
  const passed = banded.filter(({ run }) => run.failure === undefined)
  const knowing = learn(
    subject,
    passed.map(({ run }) => run),
  )
  const [first] = passed
  if (first === undefined) return { subject: knowing, runner, exclusions }
  const [once, twice] = [
    await runner.runOnClone(knowing, { ...first.request, until: 'up' }),
    await runner.runOnClone(knowing, { ...first.request, until: 'up' }),
  ]
  const volatile =
    once.migrated === undefined || twice.migrated === undefined ? [] : volatileAttributes(once.migrated, twice.migrated).keys()
  return { subject: { ...knowing, knowledge: { ...knowing.knowledge, volatile: new Set(volatile) } }, runner, exclusions }
}
