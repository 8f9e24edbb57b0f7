export { accessParity } from './access-parity/judge.ts'
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
} from './access-parity/model.ts'
export { type Successor, successorsOf } from './access-parity/successors.ts'
export { applies, blameLegacy, cellHolds, unreadValue } from './applies/judge.ts'
export { atomicity, type FaultObservation } from './atomicity/judge.ts'
export { injectFaults } from './atomicity/observe.ts'
export { backwardCompatibility } from './backward-compatibility/judge.ts'
export type { Replayed, Routine, StatementOutcome, WorkloadObservation } from './backward-compatibility/model.ts'
export { type ClientsPlan, lookAsClients } from './clients.ts'
export { type Collected, Collector } from './collect.ts'
export { determinism, type Repetition, volatileAttributes } from './determinism/judge.ts'
export { type Repeated, repeatRuns } from './determinism/observe.ts'
export type { Invariant } from './invariant.ts'
export { judgeRun, showsAgain } from './judge.ts'
export { noOrphans } from './no-orphans/judge.ts'
export { onlineSafety } from './online-safety/judge.ts'
export { judgeOnline } from './online-safety/judge-online.ts'
export type {
  ClientFailure,
  ClientWait,
  DirectionSeen,
  OnlineBudget,
  OnlineObservation,
  TrafficSeen,
} from './online-safety/model.ts'
export type { OnlineOptions } from './online-safety/options.ts'
export { quantityParity } from './quantity-parity/judge.ts'
export { invariantIds, runInvariants } from './registry.ts'
export { rollbackRestoresState } from './rollback-restores-state/judge.ts'
export { probeWrites } from './rollback-restores-state/writes/probe-writes.ts'
export { roundTrip } from './round-trip/judge.ts'
export { type CompareOptions, type Comparison, compareHistories } from './view-equivalence/compare-histories.ts'
export { divergenceKey, viewEquivalence } from './view-equivalence/judge.ts'
export { judgeEquivalence } from './view-equivalence/judge-equivalence.ts'
export type {
  Answer,
  AnswerTable,
  EquivalenceObservation,
  History as StatementHistory,
  ShownDivergence,
  ViewLimit,
} from './view-equivalence/model.ts'
export { observeEquivalence } from './view-equivalence/observe-equivalence.ts'
export { replaySequence, type SavedSequence } from './view-equivalence/replay-sequence.ts'
export { zeroLoss } from './zero-loss/judge.ts'
