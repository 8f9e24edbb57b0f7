export { useCluster } from './cluster.ts'
export { describeMigration, type SuiteOptions, verifyShared } from './describe-migration.ts'
