export { judgeEquivalence } from './judge-equivalence.ts'
export { observeEquivalence } from './observe-equivalence.ts'
