export { judgeEquivalence } from './judge-equivalence.ts'
export { observeEquivalence } from './observe-equivalence.ts'
export { type ReplayAnswer, replayLimits, replaySequence, type SavedSequence } from './replay-sequence.ts'
