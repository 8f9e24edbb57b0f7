import type { Saw, Severity } from '../invariant/index.ts'

/** The result of a run of `godwit verify`: the interface of `--json`, published as `result.schema.json`. Plain JSON throughout. */
export interface VerifyResult {
  readonly version: 1
  readonly verdict: Outcome
  /** Unwaived findings of severity `warning`. */
  readonly warnings: number
  readonly postgres: { readonly version: string; readonly assumed: boolean; readonly from: 'embedded' | 'container' | 'url' }
  readonly seed: string
  readonly durationMs: number
  /** Milliseconds by stage: `cluster`, `connect`, `legacy`, `band`, `edge`, `shrink`, … */
  readonly timings: Readonly<Record<string, number>>
  readonly digest: ResultDigest
  readonly migrations: readonly MigrationResult[]
}

export type Outcome = 'holds' | 'violated' | 'unknown'

/** What the verdict holds for. */
export interface ResultDigest {
  readonly files: string
  readonly config: string
  /** Version of the rules that judged: changes when a verdict may change. */
  readonly rules: string
  readonly server: string
}

export interface MigrationResult {
  readonly name: string
  readonly path: string
  readonly verdict: Outcome
  /** Edge runs judged. */
  readonly runs: number
  readonly rung: 'transaction' | 'clone' | 'cluster'
  /** Why not the first rung; empty when it was. */
  readonly rungBecause: string
  readonly runAs: string
  readonly invariants: readonly InvariantResult[]
  readonly findings: readonly FindingResult[]
  readonly lineage: readonly LineageEntry[]
  readonly notChecked: readonly string[]
  /** Violations seen on rung 1 that rung 2 did not confirm: the harness's own fault, shown and not counted. */
  readonly disagreements: readonly string[]
  readonly timings: Readonly<Record<string, number>>
}

export interface InvariantResult {
  readonly id: string
  readonly verdict: Outcome | 'not-applicable'
  /** Empty when it holds. */
  readonly because: string
  readonly saw: Saw
  /** Under which exclusions it was judged, e.g. `public.items.status is not null`. */
  readonly under: readonly string[]
}

export interface FindingResult {
  /** Stable fingerprint: invariant, kind, relation, attribute, object, migration's name. */
  readonly id: string
  readonly invariant: string
  readonly kind: string
  readonly severity: Severity
  readonly known: 'observed' | 'inferred' | 'static'
  readonly relation: string | null
  readonly attribute: string | null
  readonly object: string | null
  readonly file: string | null
  readonly line: number | null
  /** Id of the finding that this one follows from. */
  readonly cause: string | null
  readonly waived: { readonly owner: string; readonly reason: string; readonly expires: string } | null
  readonly message: string
  readonly evidence: Readonly<Record<string, unknown>>
  /** Path of a self-contained SQL file, or null where no data set shows it. */
  readonly counterexample: string | null
  readonly hint: string | null
}

export interface LineageEntry {
  readonly from: string
  readonly to: readonly string[]
  readonly transform: string
  readonly fate: 'kept' | 'moved' | 'altered' | 'lost' | 'discarded'
  /** How it is known. */
  readonly known: 'observed' | 'declared' | 'digest'
}
