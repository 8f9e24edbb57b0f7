import type { Shown } from './shown.ts'

export type Severity = 'error' | 'warning' | 'info'

/** One violation, before it has an id and a counterexample file (those are `verify/`'s to give). */
export interface Finding {
  readonly invariant: string
  /** One of the kinds that the invariant documents. */
  readonly kind: string
  readonly severity: Severity
  readonly known: 'observed' | 'inferred' | 'static'
  /** Path of the legacy relation. */
  readonly relation?: string | undefined
  readonly attribute?: string | undefined
  /** What else than a relation or attribute it is about: an index, a policy, a sequence. */
  readonly object?: string | undefined
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly message: string
  /** Plain JSON. */
  readonly evidence: Readonly<Record<string, unknown>>
  readonly hint?: string | undefined
  /** What a client sends to see it, for the counterexample; no part of the result. */
  readonly shown?: Shown | undefined
}
