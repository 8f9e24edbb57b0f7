export { type ReadOptions, readSource } from './read-source.ts'
