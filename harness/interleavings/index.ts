export { type Counterexample, parseInterleaving, renderInterleaving } from './counterexample.ts'
export { exploreInterleavings, type InterleavingOptions, type InterleavingsResult, replayInterleaving } from './explore.ts'
export { readFacts } from './facts.ts'
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
export { type Play, runInterleaving } from './run-interleaving.ts'
export { type SerialOrder, SerialOrders } from './serial-orders.ts'
export { heardSession, heardSettings, type Stage } from './stage.ts'
export { ScheduleTree } from './tree.ts'
export { planSessions } from './units.ts'
