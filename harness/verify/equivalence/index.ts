export { judgeEquivalence } from './judge-equivalence.ts'
export { observeEquivalence } from './observe-equivalence.ts'
export { replaySequence, type SavedSequence } from './replay-sequence.ts'
