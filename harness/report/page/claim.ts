/** A promise of the plan, and what became of it. */
export interface Claim {
  readonly id: string
  readonly text: string
  readonly state: 'held' | 'refuted' | 'not-checked'
  /** Why; empty where it held. */
  readonly because: string
  /** Id of the finding that refutes it. */
  readonly finding?: string | null | undefined
}
