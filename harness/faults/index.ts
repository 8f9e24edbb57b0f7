export * from './apply-watched.ts'
export * from './apply-with-fault.ts'
export * from './traffic.ts'
export * from './watch-locks.ts'
