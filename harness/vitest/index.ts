export { benchmarkClaims, type Contenders, measureInTurn } from './benchmark-claims.ts'
export { claim, refutedClaim } from './claim.ts'
export { useCluster } from './cluster.ts'
export { describeMigration, type SuiteOptions, verifyShared } from './describe-migration.ts'
