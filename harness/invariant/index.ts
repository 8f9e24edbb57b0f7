export * from './finding.ts'
export * from './verdict.ts'
