export { type Asking, Coverage, type Measured, type RunQuestions } from './coverage.ts'
export { calledFunctions, enumerateTargets, type Knows, madeStable } from './enumerate.ts'
export type { Question, StatementTargets, Target, TargetKind } from './target.ts'
