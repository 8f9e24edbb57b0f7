import { type ClientsSeen, findingsIn, type Invariant, type Probe, type ReplayAnswer } from '../../invariants/index.ts'
import { findingId } from '../../result/index.ts'
import type { Filling } from '../../run/index.ts'
import { benchOf } from '../../verify/index.ts'
import { learned, type ReplayContext } from './context.ts'

/** Look as clients once more on the saved rows: the same statements, the same roles. */
export async function replayClients(
  context: ReplayContext,
  invariant: Invariant<ClientsSeen>,
  probe: Probe<ClientsSeen>,
): Promise<ReplayAnswer> {
  const { inquiry, saved } = context
  const { subject, learned: known } = await learned(context)
  const filling: Filling = { kind: 'sql', sql: saved.rowsSql }
  const run = await inquiry.runner.runOnClone(subject, {
    regime: 'given',
    extreme: false,
    filling,
    phases: ['up'],
    signal: inquiry.signal,
  })
  if (run.failure !== undefined)
    return { violates: undefined, message: `up fails on the saved rows: ${run.failure.message} (${run.failure.sqlstate})` }
  const bench = { ...benchOf(inquiry, known), subject, empty: run, first: undefined }
  const look = await probe.observe(bench, { on: 'clone', rows: filling })
  const verdicts = look.seen.map(({ seen }) => invariant.judge(seen, subject.knowledge))
  const found = verdicts.flatMap(findingsIn).find((each) => findingId(subject.migration.name, each) === saved.finding)
  if (found !== undefined) return { violates: found.severity !== 'info', message: found.message }
  const left = (look.leftOut ?? []).find((each) => each.invariant === undefined || each.invariant === invariant.id)
  if (left !== undefined) return { violates: undefined, message: left.because }
  const blind = verdicts.find((each) => each.outcome === 'unknown' || each.outcome === 'not-applicable')
  if (blind !== undefined && 'because' in blind) return { violates: undefined, message: blind.because }
  const about = (look.notChecked ?? []).find(
    (each) => each.includes(saved.invariant) && (saved.relation == null || each.includes(saved.relation) || each.includes('relations')),
  )
  if (about !== undefined) return { violates: undefined, message: about }
  return { violates: false, message: 'clients see the same before and after on the saved rows, and the finding is not there' }
}
