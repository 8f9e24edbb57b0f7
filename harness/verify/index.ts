export { type Acceptance, type Accepted, acceptFindings, gravestOf } from './accept.ts'
export * from './baseline.ts'
export type { Counterexample } from './counterexample.ts'
export {
  type Phase as CounterexamplePhase,
  phasesOf as counterexamplePhases,
  type Steps as CounterexampleSteps,
  terminated,
} from './counterexamples/phases.ts'
export { type ProgressEvent, rulesVersion, type VerifyHooks, type VerifyOptions } from './options.ts'
export type { SavedCounterexample } from './replay/saved.ts'
export { replay } from './replay.ts'
export * from './result.ts'
export { readSources, type Verified, verify, verifyOn } from './verify.ts'
export { type VerifiedMigration, verifyMigration } from './verify-migration.ts'
export { type FindingWaiver, todayUtc } from './waiver.ts'
