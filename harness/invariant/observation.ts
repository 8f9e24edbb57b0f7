import type { Catalog } from '../catalog/index.ts'
import type { BandKind, SeedReport, SoftReference } from '../data/index.ts'
import type { Discard, Effect, Failure } from '../migration/index.ts'
import type { RelationRows, SnapshotDifference } from '../snapshot/index.ts'
import type { Lineage } from './lineage/model.ts'

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

/** What the first `down` made of the state, or the reason why it did not. */
export type Reverted =
  | {
      readonly outcome: 'reverted'
      readonly state: State /** From the legacy catalog, or, after a second up, from the first one's. */
      readonly differences: readonly SnapshotDifference[]
    }
  | { readonly outcome: 'failed'; readonly failure: Failure }

/** What one run saw, phase by phase. Phases that were not reached or not asked for are undefined. */
export interface RunObservation {
  /** `banded`, `edge` or `empty` rows; `given` for rows that came with the migration. */
  readonly regime: 'banded' | 'edge' | 'empty' | 'given'
  readonly rung: 'transaction' | 'clone'
  /** Whether the rows hold magnitudes that nobody has. */
  readonly extreme: boolean
  readonly legacy: State
  readonly migrated: State | undefined
  /** `up` failed. */
  readonly failure: Failure | undefined
  readonly reverted: Reverted | undefined
  /** After `up`, `down`, `up`. */
  readonly again: Reverted | undefined
  /** `down` after rows were written to the migrated database: the rows written, and how it went. */
  readonly writtenSince:
    | {
        readonly rows: ReadonlyMap<string, number>
        readonly extreme: boolean
        /** The migrated attribute that was written on purpose, all else being as it was; with the statements that wrote. */
        readonly focus: Focus | undefined
        /** The statements that wrote, as they can be sent again. */
        readonly sql?: string | undefined
        readonly outcome: Reverted
      }
    | undefined
  readonly measures: readonly MeasureReading[]
  readonly seed: SeedReport
  /** When `up` ran, in milliseconds of the epoch: what stands in between comes from the clock. */
  readonly clock?: { readonly from: number; readonly to: number } | undefined
  /** Of a banded run: relation → attribute → what it carries. */
  readonly bands: ReadonlyMap<string, ReadonlyMap<string, BandKind>> | undefined
}

/** What a write after `up` was about. */
export interface Focus {
  readonly relation: string
  readonly attribute: string | undefined
  /** Keys from the root of a JSON attribute. */
  readonly json: readonly string[]
  readonly statements: readonly string[]
}

/** What is known beside the run: learned, declared or parsed. */
export interface Knowledge {
  /** Learned on the banded runs; undefined while there is none (`up` fails on banded rows). */
  readonly lineage: Lineage | undefined
  readonly discards: readonly Discard[]
  readonly softReferences: readonly SoftReference[]
  /** Relations that the migration writes, alters or drops. */
  readonly written: ReadonlySet<string>
  readonly hasDown: boolean
  /** False where neither the tool nor this history knows downs, so that nobody misses one. */
  readonly downsUsed?: boolean | undefined
  /** Migrated attributes (paths) that differ between two runs on the same rows. */
  readonly volatile: ReadonlySet<string>
  /** Where the SQL that touches a relation or an attribute stands. */
  readonly locate: (
    relation: string,
    attribute?: string,
    effects?: readonly Effect[],
  ) => { readonly file: string; readonly line: number } | undefined
  readonly locateDown: (relation: string, attribute?: string) => { readonly file: string; readonly line: number } | undefined
}

export interface Observation {
  readonly run: RunObservation
  readonly knowledge: Knowledge
}
