import type { BodyCount } from '../coverage/index.ts'
import { StatementError } from '../postgres/index.ts'
import { fillStage, type RunRequest } from './execute.ts'
import { type RunObservation, writtenIn } from './observation.ts'
import type { Stage } from './stage.ts'
import type { UnderTest } from './under-test.ts'

/** A run that was made, and what is to be counted on its rows. */
export interface CountRequest {
  readonly request: RunRequest
  readonly run: RunObservation
  readonly count: BodyCount
}

/**
 * Run `up`, and `down` where bodies in it are marked, on the rows of a run once more, with marked copies of the bodies, and with what was
 * written in between. Nothing is judged by it: the runs that are judged have the original texts. If the copy of an `up` fails that was applied
 * on these rows, its marks tell nothing.
 */
export async function countBodies(
  subject: UnderTest,
  stage: Stage,
  { request, run, count: { plan, counted, refused } }: CountRequest,
): Promise<void> {
  const { filling, signal, settings, statementTimeoutMs: limit } = request
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
      if (run.failure === undefined) return refused(outcome.failure.sqlstate)
    } else if (down?.kind === 'sql' && plan.countsDown) {
      const written = writtenIn(run)?.sql
      if (written !== undefined) {
        await stage.look((session) => session.script(written))
        await stage.settle()
      }
      await stage.apply({ kind: 'sql', script: plan.down ?? down.script }, options)
    }
    counted(marks)
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    refused(error.sqlstate)
  }
}
