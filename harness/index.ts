export { type Contract, defineContract } from './migration/index.ts'
export type { Session } from './postgres/index.ts'
