export { type Catalog, readCatalog } from './catalog/index.ts'
export { type Config, defineConfig, type ProjectConfig, type ProjectOptions } from './config/index.ts'
export {
  type BandedDataset,
  bandedDataset,
  type Dataset,
  datasetArbitrary,
  type GenerationPlan,
  type Hints,
  noHints,
  planGeneration,
  renderInserts,
  seedDataset,
} from './data/index.ts'
export { EnvironmentError, GodwitError, InputError } from './errors.ts'
export { defineFormat, type MigrationFolder, type OwnFormat, type OwnScript, type OwnStep, readPair } from './formats/index.ts'
export { verify } from './history/index.ts'
export {
  type Client,
  type Counterexample,
  exploreInterleavings,
  type Interleaving,
  type InterleavingOptions,
  type InterleavingsResult,
  type IsolationLevel,
  type Operation,
  type OperationStep,
  parseInterleaving,
  type Reader,
  renderInterleaving,
  replayInterleaving,
  type SentStatement,
  type SessionPlan,
  type Sessions,
  type SqlStep,
  type StateInvariant,
  type Step,
  type Told,
  type UnitOutcome,
  type Violation,
} from './interleavings/index.ts'
export {
  type AnyInvariant,
  type Bench,
  defineInvariant,
  type Invariant,
  isOver,
  type LeftOut,
  type Look,
  type Probe,
  runInvariants,
} from './invariants/index.ts'
export type { Knowledge, Lineage, Subject } from './lineage/index.ts'
export {
  applyStep,
  type Claim,
  type Contract,
  type Discard,
  defineContract,
  type Measure,
  type Metric,
  type Migration,
  type Program,
  readHints,
  type Waiver,
} from './migration/index.ts'
export type { Check, Plan } from './operations/index.ts'
// By its file: the room would bring all that `godwit` does around a real migration into each contract that is loaded.
export { definePlan } from './operations/ready/define-plan.ts'
export {
  type Cluster,
  type Database,
  parseClusterRequest,
  quoteIdentifier,
  quoteName,
  type Session,
  StatementError,
  startCluster,
  withSavepoint,
  withTransaction,
} from './postgres/index.ts'
export type {
  BenchmarkOutcome,
  ClaimResult,
  Finding,
  FindingResult,
  GroundResult,
  MigrationResult,
  OwnInvariant,
  Rule,
  Saw,
  Severity,
  Verdict,
  VerifyResult,
} from './result/index.ts'
export type { Applied, Failed, Filling, Phase, PhaseOutcome, RunObservation, RunRequest, Stage, State, Wrote } from './run/index.ts'
export { fillStage, outcomeAfter } from './run/index.ts'
export { captureSnapshot, compareSnapshots, readRows, type Snapshot } from './snapshot/index.ts'
export type { VerifyOptions } from './verify/index.ts'
