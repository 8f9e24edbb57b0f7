export { type Counterexample, parseInterleaving, renderInterleaving } from './counterexample.ts'
export { exploreInterleavings, type InterleavingOptions, type InterleavingsResult, replayInterleaving } from './explore.ts'
export type {
  Client,
  Counts,
  Interleaving,
  IsolationLevel,
  Operation,
  OperationStep,
  Reader,
  Result,
  SentStatement,
  SessionPlan,
  Sessions,
  SqlStep,
  StateInvariant,
  Step,
  Told,
  UnitOutcome,
  Violation,
} from './model.ts'
