export * from './evidence/index.ts'
export { type ArrivalSql, type AttributeSql, compileLineage, type LineageSource, type PlaceSql, type RelationSql } from './lineage-sql.ts'
export { type CompiledQueries, compileQueries } from './queries/compile-queries.ts'
export { type WrittenQueries, writeQueries } from './queries/write-queries.ts'
