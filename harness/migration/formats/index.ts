export { type ReadOptions, readSource } from './read-source.ts'
export { searchFolders } from './search-folders.ts'
