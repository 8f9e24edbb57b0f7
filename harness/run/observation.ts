import type { Catalog } from '../catalog/index.ts'
import type { BandKind, SeedReport } from '../data/index.ts'
import type { Failure } from '../migration/index.ts'
import type { RelationRows, SnapshotDifference } from '../snapshot/index.ts'
import type { MetricReading } from './read-metrics.ts'

/** One database in one state, as far as rows are judged. */
export interface State {
  readonly catalog: Catalog
  /** By relation path: partitioned tables under their root, plain tables, materialised views. */
  readonly rows: ReadonlyMap<string, RelationRows>
}

/** One declared measure on one state: key → exact decimal text (`''` as key for a measure without one). */
export interface MeasureReading {
  readonly name: string
  readonly relation: string | undefined
  readonly attribute: string | undefined
  readonly before: ReadonlyMap<string, string | null>
  readonly after: ReadonlyMap<string, string | null>
}

/** What a run does, one after the other: `write` stands for an application that writes to the migrated database. */
export type Phase = 'up' | 'down' | 'write'

/** A direction of the migration that went through, and what it left. */
export interface Applied {
  readonly phase: 'up' | 'down'
  readonly outcome: 'applied'
  readonly state: State
  /** From the state that it must end in: the legacy one after `down`, what the first `up` left after a later `up`. */
  readonly differences: readonly SnapshotDifference[]
}

/** A direction of the migration that failed: the last phase of its run. */
export interface Failed {
  readonly phase: 'up' | 'down'
  readonly outcome: 'failed'
  readonly failure: Failure
}

/** Rows that were written to the migrated database. */
export interface Wrote {
  readonly phase: 'write'
  readonly outcome: 'wrote'
  readonly rows: ReadonlyMap<string, number>
  readonly extreme: boolean
  /** The migrated attribute that was written on purpose, all else being as it was; with the statements that wrote. */
  readonly focus: Focus | undefined
  /** The statements that wrote, as they can be sent again. */
  readonly sql?: string | undefined
}

export type PhaseOutcome = Applied | Failed | Wrote

/** What one run saw: one outcome for each phase that it came to. */
export interface RunObservation {
  /** `banded`, `edge` or `empty` rows; `given` for rows that came with the migration. */
  readonly regime: 'banded' | 'edge' | 'empty' | 'given'
  readonly rung: 'transaction' | 'clone'
  /** Whether the rows hold magnitudes that nobody has. */
  readonly extreme: boolean
  /** Settings of the sessions in which `up` and `down` ran, beside those that every session has. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** The time that each statement of `up` and `down` was given, where less than usual. */
  readonly statementTimeoutMs?: number | undefined
  readonly legacy: State
  readonly outcomes: readonly PhaseOutcome[]
  /** What the first `up` left; undefined where it failed. */
  readonly migrated: State | undefined
  /** Why the first `up` failed. */
  readonly failure: Failure | undefined
  readonly measures: readonly MeasureReading[]
  /** Read after the first `up`. */
  readonly metrics: readonly MetricReading[]
  readonly seed: SeedReport
  /** When `up` ran, in milliseconds of the epoch: what stands in between comes from the clock. */
  readonly clock?: { readonly from: number; readonly to: number } | undefined
  /** Of a banded run: relation → attribute → what it carries. */
  readonly bands: ReadonlyMap<string, ReadonlyMap<string, BandKind>> | undefined
}

/** An observation from its outcomes. */
export function observationOf(seen: Omit<RunObservation, 'migrated' | 'failure'>): RunObservation {
  const [first] = seen.outcomes
  return {
    ...seen,
    migrated: first?.outcome === 'applied' ? first.state : undefined,
    failure: first?.outcome === 'failed' ? first.failure : undefined,
  }
}

/** How the last of these phases went, where the run began with exactly these; undefined where it did not come so far, or went another way. */
export function outcomeAfter(run: RunObservation, phases: readonly Phase[]): Applied | Failed | undefined {
  const last = run.outcomes[phases.length - 1]
  const same = phases.every((phase, at) => run.outcomes[at]?.phase === phase)
  return same && last !== undefined && last.outcome !== 'wrote' ? last : undefined
}

/** How `down` went, right after `up`. */
export function revertedOf(run: RunObservation): Applied | Failed | undefined {
  return outcomeAfter(run, ['up', 'down'])
}

/** What was written to the migrated database, where something was. */
export function writtenIn(run: RunObservation): Wrote | undefined {
  const second = run.outcomes[1]
  return second?.outcome === 'wrote' ? second : undefined
}

/** Every failure of a run, in its order: the first `up`'s, `down`'s, a later `up`'s. */
export function failuresOf(run: RunObservation): readonly Failure[] {
  return run.outcomes.flatMap((each) => (each.outcome === 'failed' ? [each.failure] : []))
}

/** What a write after `up` was about. */
export interface Focus {
  readonly relation: string
  readonly attribute: string | undefined
  /** Keys from the root of a JSON attribute. */
  readonly json: readonly string[]
  readonly statements: readonly string[]
}
