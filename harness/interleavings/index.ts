export { type Counterexample, parseInterleaving, renderInterleaving } from './counterexample.ts'
export { exploreInterleavings, type InterleavingOptions, type InterleavingsResult, replayInterleaving } from './explore.ts'
export { readFacts } from './facts.ts'
export { conflict, footprintOf } from './footprint.ts'
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
export { type Choose, type Play, runInterleaving } from './run-interleaving.ts'
export { type SerialOrder, SerialOrders } from './serial-orders.ts'
export { heardSession, heardSettings, type Stage } from './stage.ts'
export { planSessions } from './units.ts'
