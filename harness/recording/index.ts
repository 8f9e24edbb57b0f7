export { type RecordedStep, type Recording, recordTool } from './record.ts'
export { recordedSteps } from './recorded-steps.ts'
