export { type Acceptance, type Accepted, acceptFindings } from './accept.ts'
export {
  type Baseline,
  type BaselineEntry,
  type BaselineStep,
  baselineEntry,
  type ExtendOptions,
  extendBaseline,
  pruneBaseline,
  staleEntries,
} from './baseline.ts'
export { type BenchmarkOutcome, fewestRounds, judgeBenchmark, medianInterval } from './benchmark.ts'
export {
  claimsBy,
  declaredClaims,
  isClaimId,
  judgeClaims,
  keepMeasured,
  type SeenElsewhere,
  type SpecOutcome,
  withClaims,
} from './claims.ts'
export { coverageOfAll } from './coverage-total.ts'
export { type Finding, messageOf, type Rule, type Severity, type Through } from './finding.ts'
export { findingId, findingKey } from './fingerprint.ts'
export { alterationRank, classOf, compareGravity, severityRank } from './gravity.ts'
export { type Estimate, fewestSizes, type GrowthMeasured, type MigrationPass, type Pass } from './growth-model.ts'
export { growthOf } from './growth-of.ts'
export { growthSentences, rowsText } from './growth-text.ts'
export type { Saw, Verdict } from './judgement.ts'
export { type Contenders, measureInTurn, type Round, ratiosOf } from './measure-in-turn.ts'
export { mergeResults } from './merge-results.ts'
export type {
  ClaimResult,
  ClaimState,
  CoverageCounts,
  CoverageResult,
  FindingResult,
  GroundResult,
  InvariantResult,
  LineageEntry,
  MigrationResult,
  Outcome,
  OwnInvariant,
  ResultDigest,
  SourceResult,
  TargetResult,
  VerifyResult,
} from './result.ts'
export { parseResult, resultSchema, resultSchemaText } from './result-schema.ts'
export type { Shown, ShownInterleaving, ShownSender, ShownSequence, ShownStatement, ShownToClients, ShownWrite } from './shown.ts'
export { counts, type FailOn, fallsShort, gravest, judgeMigration, judgeRun, warningsOf } from './verdict.ts'
export { expiredText, type FindingWaiver, isExpired, todayUtc, waivedBy } from './waiver.ts'
