export * from './model.ts'
export { readCatalog } from './read-catalog.ts'
export { ownSearchPath, readJson, scriptPinned } from './settings.ts'
