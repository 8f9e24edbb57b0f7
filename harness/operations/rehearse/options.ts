import type { Contract, Step } from '../../migration/index.ts'
import type { EvidenceMigration } from '../evidence/scope.ts'
import type { VerifiedLearned } from '../learn-migrations.ts'
import type { Copy } from './copy.ts'
import type { EventPlaces } from './event-log.ts'

/** The migration as its files have it. */
export interface RehearsedMigration {
  readonly name: string
  readonly digest: string
  readonly up: Step
  readonly down: Step | undefined
  readonly contract: Contract
}

export interface RehearseOptions {
  readonly migration: RehearsedMigration
  /** For the tables that it can reach. */
  readonly reach: EvidenceMigration
  readonly verified: VerifiedLearned
  readonly copy: Copy
  /** The new folder for evidence of the copy, taken before `up`; undefined for none. */
  readonly evidence?: string | undefined
  /** Where begin, statements, errors and end of `up` and `down` are written while they run. */
  readonly events?: EventPlaces | undefined
  readonly windowMs: number
  readonly showValues: boolean
  /** Whether to run `up` again on samples of the rows. */
  readonly growth: boolean
  /** Whether it may write to the servers that the copy names. */
  readonly allowForeignWrites: boolean
  readonly failOn: 'error' | 'warning' | undefined
  readonly signal: AbortSignal
  /** Gets a line for people at each step. */
  readonly say: (line: string) => void
}
