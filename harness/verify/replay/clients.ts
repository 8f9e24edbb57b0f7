import { lookAsClients } from '../clients.ts'
import { Collector, findingId } from '../collect.ts'
import type { ReplayAnswer } from '../equivalence/index.ts'
import type { Filling } from '../execute.ts'
import { learned, type ReplayContext } from './context.ts'

/** Look as clients once more on the saved rows: the same statements, the same roles. */
export async function replayClients(context: ReplayContext): Promise<ReplayAnswer> {
  const { base, saved, signal } = context
  const { subject, runner, exclusions } = await learned(context)
  const filling: Filling = { kind: 'sql', sql: saved.rowsSql }
  const run = await runner.runOnClone(subject, { regime: 'given', extreme: false, filling, until: 'up', signal })
  if (run.failure !== undefined)
    return { violates: undefined, message: `up fails on the saved rows: ${run.failure.message} (${run.failure.sqlstate})` }
  const collector = new Collector()
  const looked = await lookAsClients(subject, runner, collector, {
    run,
    filling,
    fixed: true,
    widen: async () => subject,
    session: base.session,
    seed: saved.seed,
    exclusions,
    role: base.role,
    superuser: base.cluster.superuser,
    signal,
  })
  const found = collector.findings().find(({ finding }) => findingId(subject.migration.name, finding) === saved.finding)?.finding
  if (found !== undefined) return { violates: found.severity !== 'info', message: found.message }
  const { outcome, because } = collector.summary(saved.invariant)
  if (outcome !== 'seen') return { violates: undefined, message: because }
  const about = [...looked.disagreements, ...looked.notChecked].find(
    (each) => each.includes(saved.invariant) && (saved.relation == null || each.includes(saved.relation) || each.includes('relations')),
  )
  if (about !== undefined) return { violates: undefined, message: about }
  return { violates: false, message: 'clients see the same before and after on the saved rows, and the finding is not there' }
}
