import { besideSavedWrite, findingsIn, isolation, type ReplayAnswer } from '../../invariants/index.ts'
import { findingId, type ShownWrite } from '../../result/index.ts'
import { benchOf } from '../../verify/index.ts'
import { learned, type ReplayContext } from './context.ts'

/** Send the saved write beside `up` on the saved rows once more, at every place: statements of `up` may be others by now. */
export async function replayInterleaved(context: ReplayContext, write: ShownWrite): Promise<ReplayAnswer> {
  const { inquiry, saved } = context
  const { subject, learned: known } = await learned(context)
  const alone = await inquiry.runner.runOnClone(subject, {
    regime: 'given',
    extreme: false,
    filling: { kind: 'sql', sql: saved.rowsSql },
    phases: ['up'],
    signal: inquiry.signal,
  })
  if (alone.failure !== undefined)
    return { violates: undefined, message: `up fails on the saved rows: ${alone.failure.message} (${alone.failure.sqlstate})` }
  const look = await besideSavedWrite({ ...benchOf(inquiry, known), subject }, saved.rowsSql, write)
  const found = look.seen
    .flatMap(({ seen }) => findingsIn(isolation.judge(seen, subject.knowledge)))
    .find((each) => findingId(subject.migration.name, each) === saved.finding)
  if (found !== undefined) return { violates: true, message: found.message }
  const because = look.notApplicable ?? look.leftOut?.[0]?.because
  if (because !== undefined) return { violates: undefined, message: because }
  const schedules = look.seen.reduce((sum, { seen }) => sum + seen.schedules, 0)
  return { violates: false, message: `the write is kept in ${schedules} interleavings with up on the saved rows` }
}
