export { replay, type SavedCounterexample } from './replay.ts'
export { readSources, type Verified, verify, verifyOn } from './verify.ts'
