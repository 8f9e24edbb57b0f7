/** What one injected fault left behind. */
export interface FaultObservation {
  readonly fault: 'error' | 'terminate' | 'crash'
  /** Path of the legacy relation that was being changed. */
  readonly relation: string | undefined
  /** The fault came before this statement (0-based); the number of statements stands for COMMIT. Undefined for one at any moment. */
  readonly before: number | undefined
  /** How to name that: `before statement 3`, `before COMMIT`, `before call 2 of the program`, `after 12 of 40 ms`. */
  readonly place: string
  readonly statement: { readonly text: string; readonly file: string; readonly line: number } | undefined
  readonly left: 'legacy' | 'migrated' | 'other'
  /** The first difference from the legacy state, where it is neither. */
  readonly difference: string | undefined
  /** Running `up` again on what was left: whether it ends in the migrated state. */
  readonly rerun: 'migrated' | { readonly differs: string | undefined } | { readonly fails: string } | undefined
}

/** What all faults of one migration left. */
export interface FaultsSeen {
  readonly faults: readonly FaultObservation[]
  /** Rows that the database held. */
  readonly rows: number
}
