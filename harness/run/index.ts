export type { AfterUp } from './after-up.ts'
export { type BandedFilling, bandedFilling, bandedFillings, smallFillings, tiedRows } from './banded.ts'
export { type Base, type CloneSource, onPairBase } from './base.ts'
export { CatalogCache, type KnownCatalog, type ReadAs } from './catalog-cache.ts'
export { type Contents, type ContentsByStatement, contentsByStatement } from './contents-by-statement.ts'
export { environmentOf } from './database.ts'
export { type Depth, fullDepth } from './depth.ts'
export {
  countedByDown,
  executeRun,
  type Filling,
  fillStage,
  planFor,
  type RunRequest,
  readState,
  relationsToRead,
  storedRelations,
} from './execute.ts'
export { applyWatched, type Pause, pausedIn, type SentStatement, type WatchedStep, type WatchOptions } from './faults/apply-watched.ts'
export { applyWithFault, type FaultOptions, injectedSqlstate } from './faults/apply-with-fault.ts'
export { modeText, whomItStops } from './faults/lock-modes.ts'
export { startTraffic, type Traffic, type TrafficEvent } from './faults/traffic.ts'
export { type LockWatch, type SeenLock, type SeenWait, watchLocks } from './faults/watch-locks.ts'
export type { ClientStatement, LockTaken, WatchedStatement, WorkDone } from './faults/watched.ts'
export { allInOrder, inOrder } from './in-order.ts'
export {
  type Applied,
  type Failed,
  type Focus,
  failuresOf,
  type MeasureReading,
  observationOf,
  outcomeAfter,
  type Phase,
  type PhaseOutcome,
  type RunObservation,
  revertedOf,
  type State,
  type Wrote,
  writtenIn,
} from './observation.ts'
export type { AppliedScripts } from './own-cluster.ts'
export { clusterNeed, crashCluster, ownCluster, ownClusterNotes, repeatedScripts } from './own-cluster.ts'
export { leavesOneSchema, mayVary, reachedRelations, reachOf } from './reach.ts'
export { comparesWithBefore, type MetricReading, type MetricRows, readMetricsAfter, readMetricsBefore } from './read-metrics.ts'
export { triesEach } from './readable.ts'
export type { RoleState } from './role-state.ts'
export { rememberRoles } from './role-state.ts'
export { Runner } from './runner.ts'
export { rungOf, scriptsOf } from './scripts-of.ts'
export { seedNumber, sha256 } from './seed.ts'
export { type Shrinker, type ShrinkLimits, shrinkDataset } from './shrink.ts'
export { CloneStage, CloneStages, type Stage } from './stage.ts'
export { hearTemporaryFiles, type TemporaryFiles, tellingTemporaryFiles } from './temporary-files.ts'
export { type StatementTime, type StepTimes, timeStep } from './time-step.ts'
export { TransactionStages } from './transaction-stage.ts'
export type { UnderTest } from './under-test.ts'
export { widen, withoutFarSequences } from './widen.ts'
export { type WriteSince, writeAfterUp } from './write-since.ts'
