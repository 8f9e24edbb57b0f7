import type { ColumnTable } from './columns.ts'
import type { Pair } from './pair-rows.ts'

/** Pairs of one banded run between one legacy and one migrated relation. */
export interface PairedRun {
  /** Which of the banded runs it was. */
  readonly run: number
  readonly legacy: ColumnTable
  readonly migrated: ColumnTable
  readonly pairs: readonly Pair[]
}
