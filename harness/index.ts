export { type Catalog, readCatalog } from './catalog/index.ts'
export { type Config, defineConfig, type ProjectConfig, type ProjectOptions } from './config/index.ts'
export {
  type BandedDataset,
  bandedDataset,
  type Dataset,
  datasetArbitrary,
  type GenerationPlan,
  type Hints,
  noHints,
  planGeneration,
  renderInserts,
  seedDataset,
} from './data/index.ts'
export { EnvironmentError, GodwitError, InputError } from './errors.ts'
export { type Finding, type Lineage, runInvariants, type Verdict } from './invariant/index.ts'
export {
  applyStep,
  type Contract,
  type Discard,
  defineContract,
  defineFormat,
  type Measure,
  type Migration,
  type MigrationFolder,
  type OwnFormat,
  type OwnScript,
  type OwnStep,
  type Program,
  readHints,
  readPair,
  type Waiver,
} from './migration/index.ts'
export {
  type Cluster,
  type Database,
  parseClusterRequest,
  quoteIdentifier,
  quoteName,
  type Session,
  StatementError,
  startCluster,
  withSavepoint,
  withTransaction,
} from './postgres/index.ts'
export { captureSnapshot, compareSnapshots, readRows, type Snapshot } from './snapshot/index.ts'
export { type FindingResult, type MigrationResult, type VerifyOptions, type VerifyResult, verify } from './verify/index.ts'
