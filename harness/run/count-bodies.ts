import type { BodyCount } from '../coverage/index.ts'
import { StatementError } from '../postgres/index.ts'
import { fillStage, type RunRequest } from './execute.ts'
import type { Stage } from './stage.ts'
import type { UnderTest } from './under-test.ts'

/**
 * Run `up`, and `down` where bodies in it are marked, on the rows of a request once more, with marked copies of the bodies. Nothing is
 * judged by it: the runs that are judged have the original texts.
 *
 * @param applies  Whether `up` was applied on these rows. If the copy fails then, its marks tell nothing.
 */
export async function countBodies(
  subject: UnderTest,
  stage: Stage,
  { filling, signal, settings, statementTimeoutMs: limit }: RunRequest,
  { plan, counted, refused }: BodyCount,
  applies: boolean,
): Promise<void> {
  const { up, down } = subject.migration
  if (up.kind !== 'sql') return
  const marks: number[] = []
  const limited = limit === undefined ? settings : { ...settings, statement_timeout: String(limit) }
  const options = { signal, settings: limited, counted: (noted: readonly number[]) => marks.push(...noted) }
  try {
    await fillStage(subject, stage, filling)
    if (plan.functions.length > 0) await stage.look((session) => session.script(plan.functions.join(';\n')))
    const outcome = await stage.apply({ kind: 'sql', script: plan.up ?? up.script }, options)
    if (outcome.outcome === 'failed') {
      if (applies) return refused(outcome.failure.sqlstate)
    } else if (down?.kind === 'sql' && plan.countsDown) await stage.apply({ kind: 'sql', script: plan.down ?? down.script }, options)
    counted(marks)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    refused(error.sqlstate)
  }
}
