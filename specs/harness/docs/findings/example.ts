import type { VerifyOptions } from '../../../../harness/verify/index.ts'

/** A migration that shows one kind of finding, and one that does the same work without it, on the same legacy schema. */
export interface Example {
  readonly legacy: string
  readonly bad: Scripts
  readonly good: Scripts
  /** The text of `contract.ts`, for both. */
  readonly contract?: string
  /** Options without which nobody looks for it. */
  readonly options?: VerifyOptions
}

export interface Scripts {
  readonly up: string
  readonly down?: string
}

/** The examples of one invariant, by kind of finding; where none can be given, the reason. */
export type Examples = Readonly<Record<string, Example | { readonly without: string }>>
