export type { SavedCounterexample } from './replay/saved.ts'
export { replay } from './replay.ts'
export { onSchemaOfFiles, type SchemaOfFiles, type SchemaStep } from './schema-of-files.ts'
export { readSources, type Verified, verify, verifyOn } from './verify.ts'
