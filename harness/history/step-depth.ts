import type { Catalog } from '../catalog/index.ts'
import { controlsTransaction, type Step } from '../migration/index.ts'
import { type Depth, fullDepth, mayVary, reachOf } from '../run/index.ts'

/** One of hundreds: a cause is shrunk in fewer tries. Few runs reach little by chance, so some more are aimed where something is left. */
const hurried = { shrinkAttempts: 40, aimedRuns: 8 } as const

/**
 * A step of a history: what it cannot touch is not tried.
 *
 * @param alone  One of a few: looked at as thoroughly as a migration of its own.
 * @param isMapped  Whether its contract says where values go: rows must show it, whatever its statements look like.
 */
export function stepDepth(
  step: Step,
  legacy: Catalog,
  runs: number,
  { alone, isMapped }: { readonly alone: boolean; readonly isMapped: boolean },
): Depth {
  const reach = isMapped ? 'rows' : reachOf(step, legacy)
  const full = fullDepth(runs)
  if (alone && reach !== 'new') return { ...full, scope: 'reached', faults: step.kind === 'program' ? 'none' : full.faults }
  const transactional = step.kind === 'sql' && step.script.mode !== 'autocommit' && !step.script.statements.some(controlsTransaction)
  // A tool's own command makes its connections itself: there is no statement of it to stop before.
  const faults = step.kind === 'program' || transactional || step.script.statements.length < 2 ? 'none' : 'each'
  const shallow = { runs: 0, scope: 'reached', repeats: false, faults, ...hurried } as const
  if (reach === 'new') return { ...shallow, variants: 0, because: 'it only creates new objects' }
  if (reach === 'schema') return { ...shallow, variants: 1, because: 'no statement of the migration reads or checks rows' }
  return { runs, variants: runs > 10 ? 3 : 2, scope: 'reached', repeats: mayVary(step), faults, ...hurried, because: '' }
}
