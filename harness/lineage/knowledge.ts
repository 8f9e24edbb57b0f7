import type { SoftReference } from '../data/index.ts'
import type { Discard, Effect } from '../migration/index.ts'
import type { Lineage } from './model.ts'

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
  /** Legacy relations whose rows get other keys by `down`. */
  readonly keysByDown?: ReadonlySet<string> | undefined
  /** Where the SQL that touches a relation or an attribute stands. */
  readonly locate: (
    relation: string,
    attribute?: string,
    effects?: readonly Effect[],
  ) => { readonly file: string; readonly line: number } | undefined
  readonly locateDown: (relation: string, attribute?: string) => { readonly file: string; readonly line: number } | undefined
}
