export { commandStep, type DiscoverOptions, discoverCommandSteps, readHistoryTable } from './command-steps.ts'
export { decodeSource } from './decode-source.ts'
export { git } from './git.ts'
export {
  type CommandSource,
  type FormatName,
  formatNames,
  type History,
  type HistoryStep,
  type OpaqueStep,
  type Source,
} from './history.ts'
export { isPair, readPair, withDiscards } from './pair.ts'
export { type ReadOptions, readSource } from './read-source.ts'
export { searchFolders } from './search-folders.ts'
export { type StepsSince, stepsSince } from './since.ts'
