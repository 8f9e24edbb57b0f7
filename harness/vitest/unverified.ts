import { basename } from 'node:path'
import type { MigrationResult, VerifyResult } from '../result/index.ts'

/** A migration that nobody verified: unknown, never left out. */
export function unverifiedMigration(path: string, because: string, part: Partial<MigrationResult> = {}): MigrationResult {
  return {
    name: basename(path),
    path,
    digest: '',
    cached: false,
    verdict: 'unknown',
    runs: 0,
    rung: 'transaction',
    rungBecause: '',
    runAs: '',
    invariants: [],
    findings: [],
    lineage: [],
    notChecked: [because],
    disagreements: [],
    timings: {},
    ...part,
  }
}

/** A run in which nothing was verified. */
export function unverifiedRun(migrations: readonly MigrationResult[]): VerifyResult {
  return {
    version: 1,
    verdict: 'unknown',
    warnings: 0,
    postgres: { version: '', assumed: false, from: 'embedded' },
    seed: '',
    durationMs: 0,
    timings: {},
    digest: { files: '', config: '', rules: '', server: '' },
    sources: [],
    migrations,
  }
}
