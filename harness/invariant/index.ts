export {
  type AccessObservation,
  type AccessState,
  type Command as AccessCommand,
  commands as accessCommands,
  type Extent,
  everybody,
  type Policy,
  type Reached,
  type RelationAccess,
  type Rights,
  type Stated,
} from './access/model.ts'
export { type Successor, successorsOf } from './access/successors.ts'
export { accessParity } from './access-parity.ts'
export { applies, blameLegacy, cellHolds, unreadValue } from './applies.ts'
export { atomicity, type FaultObservation } from './atomicity.ts'
export type { Replayed, Routine, StatementOutcome, WorkloadObservation } from './backward-compatibility/model.ts'
export { backwardCompatibility } from './backward-compatibility.ts'
export { determinism, type Repetition, volatileAttributes } from './determinism.ts'
export * from './finding.ts'
export { columnName } from './lineage/columns.ts'
export { learnLineage } from './lineage/learn.ts'
export {
  type AttributeLineage,
  type Destination,
  isReversible,
  type Lineage,
  type Place,
  type RelationLineage,
  type Transform,
} from './lineage/model.ts'
export { isPlausible } from './lineage/plausible.ts'
export { ownAttribute, sameRelation } from './lineage/same.ts'
export { noOrphans } from './no-orphans.ts'
export type { Knowledge, MeasureReading, Observation, Reverted, RunObservation, State } from './observation.ts'
export { modeText, whomItStops } from './online-safety/lock-modes.ts'
export type {
  ClientFailure,
  ClientStatement,
  ClientWait,
  DirectionSeen,
  LockTaken,
  OnlineBudget,
  OnlineObservation,
  TrafficSeen,
  WatchedStatement,
  WorkDone,
} from './online-safety/model.ts'
export { onlineSafety } from './online-safety.ts'
export { quantityParity } from './quantity-parity.ts'
export { invariantIds, runInvariants } from './registry.ts'
export { rollbackRestoresState } from './rollback-restores-state.ts'
export { roundTrip } from './round-trip.ts'
export type { Shown, ShownSender, ShownStatement } from './shown.ts'
export { type Invariant, isDiscarded, keyAttributes } from './support.ts'
export * from './verdict.ts'
export { type CompareOptions, type Comparison, compareHistories } from './view-equivalence/compare-histories.ts'
export type {
  Answer,
  AnswerTable,
  EquivalenceObservation,
  History as StatementHistory,
  ShownDivergence,
  ViewLimit,
} from './view-equivalence/model.ts'
export { divergenceKey, viewEquivalence } from './view-equivalence.ts'
export { zeroLoss } from './zero-loss.ts'
