import type { Kind } from '../kinds/kind.ts'
import type { Connection, Writer } from './connection.ts'
import type { Mirror, Untried } from './mirror.ts'
import type { Counts, Decision } from './model.ts'
import type { Parts } from './parts.ts'
import type { Places } from './tables.ts'

/** Fewer take longer, as each batch is a few messages; more gain nothing, and take memory. */
export const usualBatchSize = 2000

export interface RunOptions {
  /** In the order of their foreign keys. */
  readonly kinds: readonly Kind[]
  /** Names of the kinds to migrate; undefined for all, and what is of no kind. */
  readonly only?: readonly string[] | undefined
  /** Records in a batch, which is one transaction. Default `usualBatchSize`. */
  readonly batchSize?: number | undefined
  /** A batch of large records ends earlier. Default 4 Mi. */
  readonly batchCharacters?: number | undefined
  readonly dryRun?: boolean | undefined
  /** Take up only what is set aside. */
  readonly retry?: boolean | undefined
  readonly skipValidation?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly onSetAside?: ((decision: Decision, kind: string) => void) | undefined
  /** The store changed during the last pass: another one follows, which takes up again what is set aside. */
  readonly onPass?: ((differences: readonly string[]) => void) | undefined
  /** Runs under the lock of the run, on the reader outside a transaction, before anything is made or read. */
  readonly beforeRun?: (() => Promise<void>) | undefined
  readonly parts?: Partial<Parts> | undefined
}

export interface Progress {
  readonly kind: string
  /** Records of this kind that are through, of how many. */
  readonly done: number
  readonly total: number
  /** Records of all kinds. */
  readonly doneInAll: number
  readonly totalInAll: number
}

/** What came of a run: for each kind `source` = `inserted` + `updated` + `unchanged` + `kept` + `setAside`. */
export interface RunResult {
  readonly dryRun: boolean
  readonly retry: boolean
  /** Kinds that went on where an earlier run had stopped. */
  readonly resumed: readonly string[]
  readonly kinds: readonly KindResult[]
  readonly total: Counts
  /** Records that were moved or set aside and have left the store since: their rows and originals stay. */
  readonly gone: readonly { readonly kind: string; readonly records: number }[]
  /** What a dry run could not carry out, and for how many rows of the table. */
  readonly untried: readonly (Untried & { readonly rows: number })[]
}

export interface KindResult extends Counts {
  readonly kind: string
  readonly durationMs: number
}

/** What the steps of a run share. */
export interface Run {
  readonly writer: Writer
  readonly reader: Connection
  readonly places: Places
  readonly parts: Parts
  readonly options: RunOptions
  /** Looks up what records refer to while the writer writes. Not in a dry run, whose tables the writer alone sees. */
  readonly looker?: Connection | undefined
  /** Of a dry run. */
  readonly mirror?: Mirror | undefined
}
