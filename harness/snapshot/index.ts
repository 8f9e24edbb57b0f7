export * from './model.ts'
export { readRows } from './read-rows.ts'
