export { type CheckedEvidence, type CheckOptions, checkEvidence } from './check.ts'
export { type EvidenceDocument, evidenceFiles } from './document.ts'
export { type EvidenceMigration, migrationsIn } from './scope.ts'
export { type Evidence, type EvidenceOptions, takeEvidence } from './take.ts'
