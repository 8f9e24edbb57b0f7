export type { SavedCounterexample } from './replay/saved.ts'
export { replay } from './replay.ts'
export { onSchemaOfFiles, type SchemaOfFiles } from './schema-of-files.ts'
export { readSources, type Verified, verify, verifyOn } from './verify.ts'
