/** What one injected fault left behind. */
export interface FaultObservation {
  readonly fault: 'error' | 'terminate'
  /** Path of the legacy relation that was being changed. */
  readonly relation: string | undefined
  /** The fault came before this statement (0-based); the number of statements stands for COMMIT. */
  readonly before: number
  /** How to name that: `statement 3`, `COMMIT`, `call 2 of the program`. */
  readonly place: string
  readonly statement: { readonly text: string; readonly file: string; readonly line: number } | undefined
  readonly left: 'legacy' | 'migrated' | 'other'
  /** The first difference from the legacy state, where it is neither. */
  readonly difference: string | undefined
  /** Running `up` again on what was left: whether it ends in the migrated state. */
  readonly rerun: 'migrated' | 'other' | { readonly fails: string } | undefined
}

/** What all faults of one migration left. */
export interface FaultsSeen {
  readonly faults: readonly FaultObservation[]
  /** Rows that the database held. */
  readonly rows: number
}
