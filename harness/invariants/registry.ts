import { applies } from './applies/judge.ts'
import type { Invariant } from './invariant.ts'
import { noOrphans } from './no-orphans/judge.ts'
import { quantityParity } from './quantity-parity/judge.ts'
import { rollbackRestoresState } from './rollback-restores-state/judge.ts'
import { roundTrip } from './round-trip/judge.ts'
import { zeroLoss } from './zero-loss/judge.ts'

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
