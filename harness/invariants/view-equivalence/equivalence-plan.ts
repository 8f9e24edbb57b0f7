import type { Exclusion } from '../../data/index.ts'

/** How the views of a migration are to be told from their tables. */
export interface EquivalencePlan {
  readonly seed: string
  /** Who runs migrations, and here stands for the client. */
  readonly role: string | undefined
  /** Sequences for each view, besides one of each form alone. */
  readonly sequences: number
  readonly exclusions: readonly Exclusion[]
  readonly deadline: number
  readonly signal: AbortSignal | undefined
}
