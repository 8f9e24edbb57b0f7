export { type ColumnFacts, ColumnReader } from './view-columns.ts'
export { type SchemaTypes, schemaTypes, type TypesRequest, writeTypes } from './write-types.ts'
