import { applies } from './applies.ts'
import { accessParity, backwardCompatibility, viewEquivalence } from './clients.ts'
import { definitionsKept } from './definitions.ts'
import type { Example } from './example.ts'
import { metricsKept, noOrphans, quantityParity, zeroLoss } from './rows.ts'
import { atomicity, determinism, idempotence, isolation, noDegradation, onlineSafety } from './running.ts'
import { rollbackRestoresState, roundTrip } from './ways-back.ts'

const byInvariant = {
  applies,
  'zero-loss': zeroLoss,
  'quantity-parity': quantityParity,
  'metrics-kept': metricsKept,
  'no-orphans': noOrphans,
  'rollback-restores-state': rollbackRestoresState,
  'round-trip': roundTrip,
  idempotence,
  determinism,
  atomicity,
  'definitions-kept': definitionsKept,
  'backward-compatibility': backwardCompatibility,
  'view-equivalence': viewEquivalence,
  'online-safety': onlineSafety,
  'no-degradation': noDegradation,
  isolation,
  'access-parity': accessParity,
}

const entries = Object.entries(byInvariant).flatMap(([id, examples]) =>
  Object.entries(examples).map(([kind, example]) => [`${id}/${kind}`, example] as const),
)

/** By id of the rule. */
export const examples: ReadonlyMap<string, Example> = new Map(
  entries.flatMap(([id, example]) => ('without' in example ? [] : [[id, example] as const])),
)

/** Why a rule has none, by its id. */
export const withoutExample: ReadonlyMap<string, string> = new Map(
  entries.flatMap(([id, example]) => ('without' in example ? [[id, example.without] as const] : [])),
)
