export type { SavedCounterexample } from './replay/saved.ts'
export { replay } from './replay.ts'
export { readSources, type Verified, verify, verifyOn } from './verify.ts'
