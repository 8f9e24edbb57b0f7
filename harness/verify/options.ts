import type { CommandSource, Contract, OwnFormat } from '../migration/index.ts'

/** What a caller of `verify` may set; everything has a default. */
export interface VerifyOptions {
  /** Edge runs for each migration. Default 100. */
  readonly runs?: number | undefined
  /** Most rows of a relation in an edge run. Default 6. */
  readonly rows?: number | undefined
  /** A text from which all randomness follows; `random` for a new one. Default: a digest of files and options, so that a commit has one verdict. */
  readonly seed?: string | undefined
  /** `15`…`18`, `docker:IMAGE` or a URL. Default: the newest embedded one. */
  readonly postgres?: string | undefined
  /** Apply each migration once more to tables with many rows, under live traffic: `online-safety`. Default: no, since it takes about a second. */
  readonly online?: OnlineOptions | undefined
  /** From which severity on a finding violates. Default `error`. */
  readonly failOn?: 'error' | 'warning' | undefined
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
  /** Contracts by the name of the step, beside those in the files. */
  readonly contracts?: Readonly<Record<string, Contract>> | undefined
  /** A folder with the verdicts of earlier runs by digest; undefined for none. */
  readonly cacheDirectory?: string | undefined
  /** Where counterexamples will be saved; only names them here. Default `reports`. */
  readonly reportDirectory?: string | undefined
  /** Legacy rows of counterexamples saved earlier, by migration name: they run first. */
  readonly saved?: ReadonlyMap<string, readonly string[]> | undefined
}

/** How a migration is looked at under live traffic. */
export interface OnlineOptions {
  /** Rows in each table that the migration touches. Default 20 000, fewer where it touches many. */
  readonly rows?: number | undefined
  /** Longest that a client's statement may wait behind the migration. Default 1 000; a contract may say another. */
  readonly lockWaitMs?: number | undefined
}

export interface VerifyHooks {
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ProgressEvent {
  readonly migration: string
  readonly stage: string
  readonly done?: number | undefined
  readonly total?: number | undefined
  /** Of a history: the step's place in it, from 1; `done` and `total` count the steps to verify then. */
  readonly step?: number | undefined
}

/** Version of the rules that judge; it changes when the same files may get another verdict. */
export const rulesVersion = '3'
