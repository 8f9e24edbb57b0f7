export type { VerifiedMigration } from './context.ts'
export type { Counterexample } from './counterexample.ts'
export {
  type Phase as CounterexamplePhase,
  phasesOf as counterexamplePhases,
  type Steps as CounterexampleSteps,
  terminated,
} from './counterexamples/phases.ts'
export { Inquiry } from './inquiry.ts'
export { type Learned, learn, learnFrom } from './learn.ts'
export { benchOf } from './look.ts'
export { type LearnedMigration, type ProgressEvent, type SavedRows, type VerifyHooks, type VerifyOptions, whatAffects } from './options.ts'
export { prepareSubject } from './prepare.ts'
export { usualRuns } from './sizes.ts'
export { stopwatch } from './stopwatch.ts'
export { verifyMigration } from './verify-migration.ts'
