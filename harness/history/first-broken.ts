import type { History } from '../formats/index.ts'
import type { Failure } from '../migration/index.ts'
import type { HistoryEnvironment } from './history-environment.ts'
import type { HistoryPart } from './parts.ts'
import { followedStep, unappliedOf } from './unapplied.ts'

/**
 * The first step of a history that does not apply: the one to correct first.
 *
 * @param failures  Why steps do not apply, by their index.
 */
export function firstBroken(
  history: History,
  failures: ReadonlyMap<number, Failure>,
  environment: Pick<HistoryEnvironment, 'hintFor'>,
): HistoryPart['brokenAt'] {
  const at = Math.min(...failures.keys())
  const failure = failures.get(at)
  if (failure === undefined) return null
  const before = history.steps.slice(0, at).flatMap((step, index) => unappliedOf(step, failures.get(index)) ?? [])
  const followed = followedStep(failure, before)
  const mayFollow = followed === undefined ? undefined : `It may follow from the step "${followed.name}", which ${followed.because}.`
  return {
    at,
    migration: history.steps[at]?.name ?? '',
    file: failure.file,
    line: failure.line,
    message: `${failure.message} (${failure.sqlstate})`,
    hint: mayFollow ?? environment.hintFor(failure) ?? failure.hint ?? null,
  }
}
