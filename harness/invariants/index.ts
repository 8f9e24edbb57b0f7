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
export { applies, blameLegacy, cellHolds, describeFailure, keyOfFailure, onEmptyDatabase, unreadValue } from './applies/judge.ts'
export { atomicity } from './atomicity/judge.ts'
export type { FaultObservation, FaultsSeen } from './atomicity/model.ts'
export type { CrashOptions } from './atomicity/options.ts'
export { backwardCompatibility } from './backward-compatibility/judge.ts'
export type { Replayed, Routine, StatementOutcome, WorkloadObservation } from './backward-compatibility/model.ts'
export { type Again, type Bench, type Crashable, isOver, type Probe } from './bench.ts'
export { followsFromLoss } from './causes.ts'
export type { ClientsSeen } from './clients.ts'
export { type Collected, Collector } from './collect.ts'
export { checkInvariant, defineInvariant } from './define-invariant.ts'
export { determinism, volatileAttributes } from './determinism/judge.ts'
export { type Repeated, repeatRuns } from './determinism/observe.ts'
export type { Repetition } from './determinism/repetition.ts'
export { otherZone } from './determinism/sessions.ts'
export { idempotence } from './idempotence/judge.ts'
export type { AnyInvariant, Invariant } from './invariant.ts'
export { isolation } from './isolation/judge.ts'
export type { ClientWrite, IsolationObservation, RowLeft, UnexplainedWrite } from './isolation/model.ts'
export { besideSavedWrite } from './isolation/observe-isolation.ts'
export type { IsolationOptions } from './isolation/options.ts'
export { findingsIn, Judging, showsAgain, showsSomething } from './judge.ts'
export { judgeBy, thrown } from './judge-by.ts'
export { metricsKept } from './metrics-kept/judge.ts'
export { judgeReading, judgeReadings } from './metrics-kept/judge-readings.ts'
export { noDegradation } from './no-degradation/judge.ts'
export type { DegradationObservation, PlanSeen, StatementTimed } from './no-degradation/model.ts'
export type { PerformanceOptions } from './no-degradation/options.ts'
export { noOrphans } from './no-orphans/judge.ts'
export { clientStatements } from './online-safety/client-statements.ts'
export { directionSeen, trafficSeen } from './online-safety/direction-seen.ts'
export { onlineSafety } from './online-safety/judge.ts'
export type {
  ClientFailure,
  ClientWait,
  DirectionSeen,
  OnlineBudget,
  OnlineObservation,
  TrafficSeen,
} from './online-safety/model.ts'
export { relationsByOid } from './online-safety/multiply-rows.ts'
export { longestWaitMs, type OnlineOptions } from './online-safety/options.ts'
export type { ColumnProfile, RowProfile } from './online-safety/row-profile.ts'
export { findingsUnderTraffic } from './online-safety/traffic-findings.ts'
export type { Disagreement, LeftOut, Look } from './probe.ts'
export { quantityParity } from './quantity-parity/judge.ts'
export {
  exampleOf,
  invariantIds,
  invariants,
  isOurs,
  type NamedRule,
  ownDigest,
  ownTexts,
  probesOf,
  ruleOf,
  rulesDigest,
  rulesOf,
  runInvariants,
  runInvariantsOf,
  violationOf,
  withOwn,
} from './registry.ts'
export { rollbackRestoresState } from './rollback-restores-state/judge.ts'
export { probeWrites } from './rollback-restores-state/writes/probe-writes.ts'
export { roundTrip } from './round-trip/judge.ts'
export { type CompareOptions, type Comparison, compareHistories } from './view-equivalence/compare-histories.ts'
export { divergenceKey } from './view-equivalence/divergence.ts'
export { viewEquivalence } from './view-equivalence/judge.ts'
export type {
  Answer,
  AnswerTable,
  EquivalenceObservation,
  History as StatementHistory,
  ShownDivergence,
  ViewLimit,
} from './view-equivalence/model.ts'
export { observeEquivalence } from './view-equivalence/observe-equivalence.ts'
export { type ReplayAnswer, replayLimits, replaySequence } from './view-equivalence/replay-sequence.ts'
export { seemsLost, zeroLoss } from './zero-loss/judge.ts'
