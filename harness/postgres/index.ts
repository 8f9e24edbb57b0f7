export * from './cluster.ts'
export * from './error.ts'
export * from './name.ts'
export * from './session.ts'
