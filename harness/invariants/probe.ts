import type { Subject } from '../lineage/index.ts'
import type { RunRequest } from '../run/index.ts'

/** What a probe saw, and what it did not. */
export interface Look<Seen> {
  /** One entry for each thing that is judged by itself. */
  readonly seen: readonly { readonly seen: Seen; readonly request?: RunRequest | undefined }[]
  /** The migration as it was looked at, where that was over more relations than it reaches. */
  readonly over?: Subject | undefined
  /** Why there was nothing to look at: its invariants do not apply. */
  readonly notApplicable?: string | undefined
  /** What was planned and left out: its invariants are unknown, whatever else was seen. */
  readonly leftOut?: readonly LeftOut[] | undefined
  /** What no verdict depends on. */
  readonly notChecked?: readonly string[] | undefined
}

/** Something that was planned and is not there to be judged. */
export interface LeftOut {
  readonly because: string
  /** Of the invariants that share the look, the one that it matters to; default all. */
  readonly invariant?: string | undefined
  /** Whether it is because `up` fails: once that is accepted, nobody waits for the rest. */
  readonly upFails?: boolean | undefined
}

/** The harness contradicts itself: the invariant is unknown. */
export interface Disagreement {
  readonly invariant: string
  readonly text: string
}
