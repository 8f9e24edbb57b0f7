import { StatementCommand } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { findingId } from '../../result/index.ts'
import type { Base, CloneStages } from '../../run/index.ts'
import { viewEquivalence } from './judge.ts'
import { compareOn, inLockstep } from './lockstep.ts'
import type { ShownDivergence } from './model.ts'
import { unreadable, unseen } from './unseen.ts'

/** Statements that a counterexample saved, and what it left out of the comparison. */
export interface SavedSequence {
  readonly statements: ShownDivergence['statements']
  readonly ignored: readonly string[]
}

/**
 * Send saved statements to the table and to the view in its place once more.
 *
 * @param saved.finding  Fingerprint of the finding that they showed.
 * @returns Whether they show it still.
 */
export async function replaySequence(
  subject: Subject,
  clones: CloneStages,
  role: Base['role'],
  saved: {
    readonly relation: string
    readonly finding: string
    readonly rowsSql: string
    readonly sequence: SavedSequence
    readonly signal?: AbortSignal | undefined
  },
): Promise<{ readonly violates: boolean; readonly message: string }> {
  const { relation, sequence } = saved
  const plan = { filling: { kind: 'sql', sql: saved.rowsSql } as const, role, signal: saved.signal }
  const worked = await inLockstep(subject, clones, plan, async (pairs) => {
    const pair = pairs.find((each) => each.replaced.path === relation)
    if (pair === undefined) return { violates: false, message: `${relation} is no view in the place of a table any more` }
    const commands = sequence.statements.map((each) => new StatementCommand(each))
    const shown = await compareOn(pair, commands, new Set(sequence.ignored)).then(
      ({ comparison }): ShownDivergence | undefined =>
        comparison.outcome === 'diverges'
          ? { ...comparison, statements: sequence.statements, times: 1, ignored: sequence.ignored }
          : undefined,
      (error: unknown) => {
        if (!(error instanceof StatementError)) throw error
        return unreadable(relation, error)
      },
    )
    if (shown === undefined) return { violates: false, message: 'table and view give the same answers to the saved statements' }
    const verdict = viewEquivalence.judge({ ...unseen(relation), divergences: [shown] }, subject.knowledge)
    const [found] = verdict.outcome === 'violated' ? verdict.findings : []
    if (found === undefined) return { violates: false, message: 'table and view give the same answers to the saved statements' }
    const same = findingId(subject.migration.name, found) === saved.finding
    return { violates: same, message: same ? found.message : `the saved statements show something else: ${found.message}` }
  })
  return worked.outcome === 'worked' ? worked.result : { violates: false, message: worked.because }
}
