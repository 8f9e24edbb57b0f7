export { defineFormat, isOwnFormat, type MigrationFolder, type OwnFormat, type OwnScript, type OwnStep } from './define-format.ts'
export { type ReadOptions, readSource } from './read-source.ts'
export { type FormatName, formatNames, knownFormat, ownFormats, toolTables } from './registry.ts'
export { searchFolders } from './search-folders.ts'
