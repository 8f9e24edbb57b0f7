export { judgeCode, judgeDatabase, type RemovalCheck } from './judge-removal.ts'
export type { Removal } from './removal.ts'
export { type Tombstone, tombstoneIn, tombstoneOf, writeTombstone } from './tombstone.ts'
