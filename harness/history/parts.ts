import type { Passage } from '../lineage/index.ts'
import type { FindingWaiver, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import type { Counterexample } from '../verify/index.ts'
import type { Shard } from './deal.ts'
import type { WayBack } from './end-to-end.ts'
import type { Unapplied } from './unapplied.ts'

/** What one machine found out of a project, before what only all steps together tell. Plain JSON: shards save it, and `assemble` unites it. */
export interface VerifiedPart {
  /** Undefined where this machine had all steps. */
  readonly shard?: Shard | undefined
  readonly seed: string
  readonly postgres: VerifyResult['postgres']
  readonly digest: VerifyResult['digest']
  readonly since?: string | undefined
  readonly failOn: 'error' | 'warning'
  readonly reportDirectory: string
  readonly ownInvariants?: VerifyResult['ownInvariants']
  /** What comments in the SQL accept. */
  readonly waivers: readonly FindingWaiver[]
  /** What is to be said of the server in every source. */
  readonly serverNote?: string | undefined
  /** In the order in which they were named, on every machine. */
  readonly sources: readonly SourcePart[]
  readonly durationMs: number
  /** Of the whole, without those of its sources. */
  readonly timings: Readonly<Record<string, number>>
}

export type SourcePart = PairsPart | HistoryPart

interface AnyPart {
  readonly path: string
  readonly format: string
  /** Steps that the source has, whoever verifies them. */
  readonly total: number
  /** Indexes of the steps that are to be verified by some machine. */
  readonly selected: readonly number[]
  /** Of those, the ones that this machine was dealt. */
  readonly dealt: readonly number[]
}

export interface PairsPart extends AnyPart {
  readonly kind: 'pairs'
  readonly steps: readonly PairPart[]
}

/** A step as it was verified by itself. */
interface StepOutcome {
  /** Its index in the source. */
  readonly at: number
  readonly result: MigrationResult
  readonly counterexamples: readonly (readonly [path: string, example: Counterexample])[]
}

export interface PairPart extends StepOutcome {
  readonly notes: readonly string[]
}

export interface HistoryPart extends AnyPart {
  readonly kind: 'history'
  readonly steps: readonly StepPart[]
  /** Steps that were not applied as a whole, as far as this machine went, by index. */
  readonly unapplied: readonly (readonly [at: number, step: Unapplied])[]
  readonly brokenAt: (NonNullable<SourceResult['brokenAt']> & { readonly at: number }) | null
  /** Of the environment and the files; the same on every machine that verified a step. */
  readonly notes: readonly string[]
  /** What only the machine with the last step looks at; null on the others. */
  readonly ending: {
    /** Null where the tool applies each step by itself. */
    readonly batches: readonly string[] | null
    readonly back: WayBack | null
  } | null
  /** The first step that the time limit left out. */
  readonly cut: { readonly at: number; readonly note: string } | null
  /** Beside those of the steps. */
  readonly timings: Readonly<Record<string, number>>
}

export interface StepPart extends StepOutcome {
  /** Whether its findings are to be read after those of the steps before it: not of a step that did not apply as a whole. */
  readonly composed: boolean
  readonly passage: Passage
}
