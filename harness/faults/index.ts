export * from './apply-with-fault.ts'
