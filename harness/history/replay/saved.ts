import type { ShownInterleaving, ShownSequence } from '../../result/index.ts'
import type { Phase } from '../../run/index.ts'

/** What a saved counterexample says of itself. */
export interface SavedCounterexample {
  readonly paths: readonly string[]
  readonly migration: string
  /** Fingerprint of the finding. */
  readonly finding: string
  readonly invariant: string
  readonly kind?: string | undefined
  readonly seed: string
  readonly rowsSql: string
  /** What is done to show it; undefined in files of earlier versions. */
  readonly way?: readonly Phase[] | undefined
  /** What was written to the migrated database before `down`. */
  readonly writtenSql?: string | undefined
  readonly relation?: string | null | undefined
  readonly object?: string | null | undefined
  /** Of the migration's files, when it was saved. */
  readonly digest?: string | undefined
  /** Of a failure. */
  readonly sqlstate?: string | undefined
  /** Whether `down` brought it back on these rows, and not on all. */
  readonly acquitted?: boolean | undefined
  /** Whether the rows hold magnitudes that hardly any real row has. */
  readonly extreme?: boolean | undefined
  /** Settings of the sessions in which `up` and `down` run. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Of a view in the place of a table: the statements that tell the two apart. */
  readonly sequence?: ShownSequence | undefined
  /** What a client does while `up` runs. */
  readonly interleaving?: Pick<ShownInterleaving, 'write'> | undefined
}
