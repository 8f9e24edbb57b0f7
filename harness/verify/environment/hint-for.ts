import type { Failure } from '../../migration/index.ts'
import type { Environment } from './model.ts'

/** What a reader can do about an object that is not there; undefined where nothing is known. */
export function hintFor(
  _failure: Failure,
  _environment: Pick<Environment, 'notes' | 'standIns' | 'missing' | 'skipped'>,
): string | undefined {
  return undefined
}
