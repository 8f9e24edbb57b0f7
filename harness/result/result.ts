import type { Budget } from '../migration/index.ts'
import type { Rule, Severity, Through } from './finding.ts'
import type { Saw } from './judgement.ts'

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
  /** The git ref, or the step, after which steps were verified; absent where all were. */
  readonly since?: string | undefined
  /** Which of several machines this is of, from 1: it has a share of the steps. Absent where all steps are in it. */
  readonly shard?: { readonly index: number; readonly count: number } | undefined
  /** The folders that were read; for a history, how far it went. */
  readonly sources: readonly SourceResult[]
  readonly migrations: readonly MigrationResult[]
  /** What generated rows have reached in all migrations together; absent where no edge run was made. */
  readonly coverage?: CoverageCounts | undefined
  /** The caller's own invariants that judged, with their texts: a report made from the saved result has no other source for them. */
  readonly ownInvariants?: readonly OwnInvariant[] | undefined
}

/** An invariant of the caller's own, as far as reports show it. */
export interface OwnInvariant {
  readonly id: string
  /** One sentence: when it holds. */
  readonly holds: string
  /** By kind. */
  readonly rules: Readonly<Record<string, Rule>>
}

/** One folder of migrations as a whole. */
export interface SourceResult {
  readonly path: string
  readonly format: string
  /** Steps found; steps verified in this run; steps whose verdict came from the cache. */
  readonly steps: number
  readonly verified: number
  readonly cached: number
  /** The step that does not apply to an empty database, and why; those after it may follow from it. */
  readonly brokenAt: {
    readonly migration: string
    readonly file: string
    readonly line: number
    readonly message: string
    readonly hint: string | null
  } | null
  /** All downs in reverse order from the end of the history; null where there is none, or it was not tried. */
  readonly endToEnd: { readonly steps: number; readonly verdict: Outcome; readonly because: string } | null
  /** Preludes, stand-ins, ignored files, warnings of the tool, what was cut. */
  readonly notes: readonly string[]
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
  /** Hex sha256 of its files. */
  readonly digest: string
  /** Whether the verdict comes from the cache of an earlier run. */
  readonly cached: boolean
  readonly verdict: Outcome
  /** Edge runs judged. */
  readonly runs: number
  readonly rung: 'transaction' | 'clone' | 'cluster'
  /** Why not the first rung; empty when it was. */
  readonly rungBecause: string
  readonly runAs: string
  readonly invariants: readonly InvariantResult[]
  readonly findings: readonly FindingResult[]
  /** What the plan promises, in the order of the contract; absent where it declares nothing. */
  readonly claims?: readonly ClaimResult[] | undefined
  readonly lineage: readonly LineageEntry[]
  /** What the generated rows have reached; absent where no edge run was made. */
  readonly coverage?: CoverageResult | undefined
  readonly notChecked: readonly string[]
  /** Where the harness contradicts itself, e.g. a finding of rung 1 that rung 2 does not show: the invariants concerned are unknown. */
  readonly disagreements: readonly string[]
  readonly timings: Readonly<Record<string, number>>
}

export type ClaimState = 'held' | 'refuted' | 'not-checked'

/** One promise of the plan, and what it rests on. */
export interface ClaimResult {
  /** As the plan names it: `SB-2`. */
  readonly id: string
  readonly text: string
  readonly state: ClaimState
  /** What it is held on, what refutes it, or why it was not checked: one or more sentences. */
  readonly because: string
  /** Id of the finding that refutes it. */
  readonly finding?: string | undefined
  /** Path of the finding's counterexample; of a test the values for which its property failed, and the seed. */
  readonly counterexample?: string | undefined
  /** By whom, until when and why it is accepted that it is refuted. */
  readonly accepted?: string | undefined
  readonly restsOn: readonly GroundResult[]
}

/** One thing that a claim rests on. */
export interface GroundResult {
  readonly on: 'invariant' | 'measure' | 'metric' | 'spec' | 'benchmark'
  /** Id of the invariant, or of the claim that titles begin with; name of the measure, metric or benchmark; part of a title. */
  readonly name: string
  /** Of a benchmark. */
  readonly budget?: Budget | undefined
  readonly state: ClaimState
  readonly because: string
  readonly finding?: string | undefined
  readonly counterexample?: string | undefined
  readonly accepted?: string | undefined
}

/** Targets by what became of them. */
export interface CoverageCounts {
  readonly reached: number
  /** Reached ones, and those that were not though nothing is known to forbid it. */
  readonly feasible: number
  /** Those that constraints forbid. */
  readonly infeasible: number
  /** Those that the server could not be asked for. */
  readonly unmeasured: number
}

/** How much of what a migration can do was done to some generated row. */
export interface CoverageResult extends CoverageCounts {
  /** The least share of feasible targets that was asked for, in percent; null where none was. */
  readonly wanted: number | null
  readonly targets: readonly TargetResult[]
}

/** One outcome at one place of a migration. */
export interface TargetResult {
  readonly direction: 'up' | 'down'
  readonly file: string
  readonly line: number
  /** `condition`, `join`, `group`, … */
  readonly kind: string
  /** The part of the statement. */
  readonly text: string
  readonly outcome: string
  readonly state: 'reached' | 'left' | 'infeasible' | 'unmeasured'
  /** The first edge run that reached it, from 1. */
  readonly run: number | null
  /** The constraint that forbids it, or why it was not measured. */
  readonly because: string | null
}

export interface InvariantResult {
  readonly id: string
  readonly verdict: Outcome | 'not-applicable'
  /** Empty when it holds. */
  readonly because: string
  readonly saw: Saw
  /** Under which exclusions it was judged, e.g. `public.items.status is not null`. */
  readonly under: readonly string[]
  /** Why it is unknown when findings are left aside; without it, it would hold. Given where the verdict says something else. */
  readonly otherwise?: string | undefined
  /** Ids of the findings because of which it could not be judged. */
  readonly blockedBy?: readonly string[] | undefined
  /** By whom and why it is accepted that it could not be judged. */
  readonly waived?: FindingResult['waived'] | undefined
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
  /** The foreign key by whose action it came about. */
  readonly through?: Through | undefined
  /** Of a statement that the server refuses: the constraint that it breaks. */
  readonly refusedBy?: string | undefined
  /** By whom and why it is accepted; without a day it is known from the baseline, and holds until the step's files change. */
  readonly waived: { readonly owner: string; readonly reason: string; readonly expires: string | null } | null
  readonly message: string
  readonly evidence: Readonly<Record<string, unknown>>
  /** Path of a self-contained SQL file, or null where no data set shows it. */
  readonly counterexample: string | null
  readonly hint: string | null
  /** SQL that counts the rows of a real legacy database which it concerns; null where it cannot be derived. */
  readonly preflight: string | null
}

export interface LineageEntry {
  readonly from: string
  readonly to: readonly string[]
  readonly transform: string
  readonly fate: 'kept' | 'moved' | 'altered' | 'lost' | 'discarded'
  /** How it is known. */
  readonly known: 'observed' | 'declared' | 'digest'
  /** Why it may go, of what is discarded. */
  readonly because?: string | undefined
}
