import { StatementCommand } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { findingId, type ShownSequence } from '../../result/index.ts'
import type { Base, CloneStages } from '../../run/index.ts'
import { findLimits } from './find-limits.ts'
import { viewEquivalence } from './judge.ts'
import { compareOn, inLockstep } from './lockstep.ts'
import type { ShownDivergence } from './model.ts'
import { unreadable, unseen } from './unseen.ts'

/** What a replay found: `violates` is undefined where it could not tell, and the message says why. */
export interface ReplayAnswer {
  readonly violates: boolean | undefined
  readonly message: string
}

/**
 * Send saved statements to the table and to the view in its place once more.
 *
 * @param saved.finding  Fingerprint of the finding that they showed.
 * @returns Whether they show it still; undetermined where something else hides it.
 */
export async function replaySequence(
  subject: Subject,
  clones: CloneStages,
  role: Base['role'],
  saved: {
    readonly relation: string
    readonly finding: string
    readonly rowsSql: string
    readonly sequence: ShownSequence
    readonly signal?: AbortSignal | undefined
  },
): Promise<ReplayAnswer> {
  const { relation, sequence } = saved
  const plan = { filling: { kind: 'sql', sql: saved.rowsSql } as const, role, signal: saved.signal }
  const worked = await inLockstep(subject, clones, plan, async (pairs): Promise<ReplayAnswer> => {
    const pair = pairs.find((each) => each.replaced.path === relation)
    if (pair === undefined) return { violates: false, message: `${relation} is no view in the place of a table any more` }
    const commands = sequence.statements.map((each) => new StatementCommand(each))
    const shown = await compareOn(pair, commands, new Set(sequence.ignored)).then(
      ({ comparison }): ShownDivergence | 'undetermined' | undefined =>
        comparison.outcome === 'diverges'
          ? { ...comparison, statements: sequence.statements, times: 1, ignored: sequence.ignored }
          : comparison.outcome === 'undetermined'
            ? 'undetermined'
            : undefined,
      (error: unknown) => {
        if (!(error instanceof StatementError)) throw error
        return unreadable(relation, error)
      },
    )
    if (shown === 'undetermined')
      return { violates: undefined, message: 'the table itself answers the saved statements in another way each time' }
    if (shown === undefined) return { violates: false, message: 'table and view give the same answers to the saved statements' }
    const verdict = viewEquivalence.judge({ ...unseen(relation), divergences: [shown] }, subject.knowledge)
    const [found] = verdict.outcome === 'violated' ? verdict.findings : []
    if (found === undefined) return { violates: false, message: 'table and view give the same answers to the saved statements' }
    const same = findingId(subject.migration.name, found) === saved.finding
    return {
      violates: same ? true : undefined,
      message: same ? found.message : `the saved statements show something else: ${found.message}`,
    }
  })
  return worked.outcome === 'worked' ? worked.result : { violates: undefined, message: worked.because }
}

/** Try once more what only tables do, on the view in the place of one. */
export async function replayLimits(
  subject: Subject,
  clones: CloneStages,
  role: Base['role'],
  saved: { readonly relation: string; readonly finding: string; readonly rowsSql: string; readonly signal?: AbortSignal | undefined },
): Promise<ReplayAnswer> {
  const { relation } = saved
  const plan = { filling: { kind: 'sql', sql: saved.rowsSql } as const, role, signal: saved.signal }
  const worked = await inLockstep(subject, clones, plan, async (pairs): Promise<ReplayAnswer> => {
    const pair = pairs.find((each) => each.replaced.path === relation)
    if (pair === undefined) return { violates: false, message: `${relation} is no view in the place of a table any more` }
    const { limits } = await findLimits(pair)
    const verdict = viewEquivalence.judge({ ...unseen(relation), limits }, subject.knowledge)
    const findings = verdict.outcome === 'violated' ? verdict.findings : []
    const found = findings.find((each) => findingId(subject.migration.name, each) === saved.finding)
    return found === undefined
      ? { violates: false, message: 'the view does all that another kind of view could' }
      : { violates: true, message: found.message }
  })
  return worked.outcome === 'worked' ? worked.result : { violates: undefined, message: worked.because }
}
