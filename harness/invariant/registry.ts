import { applies } from './applies.ts'
import { noOrphans } from './no-orphans.ts'
import { quantityParity } from './quantity-parity.ts'
import { rollbackRestoresState } from './rollback-restores-state.ts'
import { roundTrip } from './round-trip.ts'
import type { Invariant } from './support.ts'
import { zeroLoss } from './zero-loss.ts'

/**
 * The invariants that are judged on every run. `determinism` and `atomicity` see repetitions and faults instead of runs;
 * `backward-compatibility` and `access-parity` see what clients see.
 */
export const runInvariants: readonly Invariant[] = [applies, zeroLoss, quantityParity, noOrphans, rollbackRestoresState, roundTrip]

/** Every invariant by id, in the order of reports. */
export const invariantIds = [
  'applies',
  'zero-loss',
  'quantity-parity',
  'no-orphans',
  'rollback-restores-state',
  'round-trip',
  'determinism',
  'atomicity',
  'backward-compatibility',
  'view-equivalence',
  'online-safety',
  'access-parity',
] as const
