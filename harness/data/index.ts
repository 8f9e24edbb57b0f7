export * from './dataset.ts'
export * from './hints.ts'
