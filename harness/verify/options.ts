import type { Catalog } from '../catalog/index.ts'
import type { CommandSource, OwnFormat } from '../formats/index.ts'
import type { AnyInvariant, CrashOptions, IsolationOptions, OnlineOptions, PerformanceOptions } from '../invariants/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Contract } from '../migration/index.ts'
import { type Affects, affectsOf } from '../options/index.ts'
import type { startCluster } from '../postgres/index.ts'

/** What a caller of `verify` may set; everything has a default. */
export interface VerifyOptions {
  /** Edge runs for each migration. Default 30. */
  readonly runs?: number | undefined
  /** Most rows of a relation in an edge run. Default 30. */
  readonly rows?: number | undefined
  /** A text from which all randomness follows; `random` for a new one. Default: a digest of files and options, so that a commit has one verdict. */
  readonly seed?: string | undefined
  /** `15`…`18`, `docker:IMAGE` or a URL. Default: the newest embedded one. */
  readonly postgres?: string | undefined
  /** Apply each migration once more to tables with many rows, under live traffic: `online-safety`. Default: no, since it takes about a second. */
  readonly online?: OnlineOptions | undefined
  /** Time statements of clients before and after each migration, on tables with many rows: `no-degradation`. Default: no, since it takes seconds. */
  readonly performance?: PerformanceOptions | undefined
  /** Kill the server in the middle of each migration, and look at what comes back: `atomicity`. Default: no, since it takes half a second a kill. */
  readonly crash?: CrashOptions | undefined
  /** Interleave each migration with writes of a client, statement by statement: `isolation`. Default: no, since it takes seconds. */
  readonly isolation?: IsolationOptions | undefined
  /** From which severity on a finding violates. Default `error`. */
  readonly failOn?: 'error' | 'warning' | undefined
  /** The least share of feasible targets that generated rows must reach, in percent; below it the verdict is unknown. Default none. */
  readonly minCoverage?: number | undefined
  /** Names of the migrations to verify. */
  readonly only?: readonly string[] | undefined
  /** For each migration; runs that do not fit are left out and named. */
  readonly timeLimitMs?: number | undefined
  /** Role that runs migrations. Default: the non-superuser owner that the harness makes. */
  readonly runAs?: string | undefined
  /** SQL files, or names of built-in preludes, applied by the superuser to each empty database first, in this order. */
  readonly prelude?: string | readonly string[] | undefined
  readonly skipExtensions?: readonly string[] | undefined
  readonly format?: string | undefined
  /** Formats of the user's own, tried before the built-in ones. */
  readonly formats?: readonly OwnFormat[] | undefined
  /** Verify only the steps that a branch adds: a git ref, or the name of the step after which to begin. */
  readonly since?: string | undefined
  /** Go on though a file that was merged before `since` has changed. */
  readonly allowChanged?: boolean | undefined
  /** For the format `command`. */
  readonly command?: CommandSource | undefined
  /** Invariants of the caller's own, beside ours. */
  readonly invariants?: readonly AnyInvariant[] | undefined
  /** Contracts by the name of the step, beside those in the files. */
  readonly contracts?: Readonly<Record<string, Contract>> | undefined
  /** Where the verdicts of earlier runs are, by digest: a folder, or `s3://BUCKET/PREFIX`; undefined for nowhere. */
  readonly cacheDirectory?: string | undefined
  /** Where counterexamples will be saved; only names them here. Default `reports`. */
  readonly reportDirectory?: string | undefined
  /** Legacy rows of counterexamples saved earlier, by migration name: they run first. */
  readonly saved?: ReadonlyMap<string, readonly SavedRows[]> | undefined
}

/** Legacy rows of a counterexample. */
export interface SavedRows {
  readonly sql: string
  /** Whether they hold magnitudes that hardly any real row has: what they show is told as it was when they were drawn. */
  readonly extreme: boolean
}

/** What depends on each of them. Rows saved earlier only come first: what they show, others may show too. */
export const whatAffects: Readonly<Record<keyof VerifyOptions, Affects>> = { ...affectsOf, saved: 'nothing' }

export interface VerifyHooks {
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined
  /** Told, in a sentence, what went wrong that the verdict does not depend on. */
  readonly onWarning?: ((message: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Gives the cluster to verify on, which is disposed of afterwards; default: one is started. */
  readonly startCluster?: typeof startCluster | undefined
  /** Told what each migration was learned to do, before it is judged; not told of verdicts that come from the cache. */
  readonly onLearned?: ((learned: LearnedMigration) => void) | undefined
}

/** What generated rows show of one migration. */
export interface LearnedMigration {
  /** Path as the caller named it. */
  readonly path: string
  readonly subject: Subject
  /** The catalog after `up`; undefined where `up` fails on an empty database. */
  readonly migrated: Catalog | undefined
}

export interface ProgressEvent {
  readonly migration: string
  readonly stage: string
  readonly done?: number | undefined
  readonly total?: number | undefined
  /** Of a history: the step's place in it, from 1; `done` and `total` count the steps to verify then. */
  readonly step?: number | undefined
}
