import type { Catalog } from '../catalog/index.ts'
import type { Passage } from '../lineage/index.ts'
import type { Failure } from '../migration/index.ts'
import type { MigrationResult } from '../result/index.ts'
import type { Depth } from '../run/index.ts'
import type { Counterexample } from './counterexample.ts'
import type { VerifyHooks, VerifyOptions } from './options.ts'

export interface VerifiedMigration {
  readonly result: MigrationResult
  /** By path, as it stands in the finding. */
  readonly counterexamples: ReadonlyMap<string, Counterexample>
  /** Where the attributes of the written relations went, for the steps that come after. */
  readonly passage: Passage
  /** Why `up` fails on the state as the steps before leave it, without any row of ours. */
  readonly broken: Failure | undefined
}

export interface MigrationContext {
  readonly options: VerifyOptions
  readonly seed: string
  readonly hooks: VerifyHooks
  /** Path as the caller named it. */
  readonly path: string
  /** How thoroughly to look, once the legacy catalog is known. */
  readonly depth: (legacy: Catalog) => Depth
  /** Milliseconds that were spent on the base, by stage. */
  readonly before?: Readonly<Record<string, number>> | undefined
  /** Of the base, where it was just read. */
  readonly catalog?: Catalog | undefined
  /** How many failing statements were corrected before; default none. */
  readonly corrections?: number | undefined
  /** False in our own measurements: no run is aimed at what those before did not reach. */
  readonly aimed?: boolean | undefined
  /** False where neither the tool nor the history knows downs. */
  readonly downsUsed?: boolean | undefined
}
