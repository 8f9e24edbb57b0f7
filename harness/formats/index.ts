export { environmentOf } from './command-environment.ts'
export { decodeSource } from './decode-source.ts'
export { defineFormat, isOwnFormat, type MigrationFolder, type OwnFormat, type OwnScript, type OwnStep } from './define-format.ts'
export type { Detected } from './detect.ts'
export { git, tryGit } from './git.ts'
export type {
  CommandSource,
  ConnectionPart,
  History,
  HistoryStep,
  ModelCheck,
  OpaqueStep,
  Source,
} from './history.ts'
export { isPair, readLegacy, readPair, withDiscards } from './pair.ts'
export { parentsOf } from './parents.ts'
export { programToolsBelow, type RecognisedTool } from './programs/find-program-tool.ts'
export { programTools } from './programs/registry.ts'
export { filesOfTool } from './programs/tool-files.ts'
export { type ReadOptions, readSource } from './read-source.ts'
export { type FormatName, formatNames, knownFormat, ownFormats, toolTables } from './registry.ts'
export { reportFile } from './report-folder.ts'
export { type CommandEnd, runCommand } from './run-command.ts'
export { searchFolders } from './search-folders.ts'
export { type StepsSince, stepsSince } from './since.ts'
export { offerOf } from './sql-folders.ts'
