export { useCluster } from './cluster.ts'
export { describeMigration, verifyShared } from './describe-migration.ts'
