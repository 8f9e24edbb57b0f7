import type { AimedCell } from '../data/index.ts'
import type { KnownColumn } from './sources.ts'

/** A column with values, one of which it is to have. */
export interface Want {
  readonly column: KnownColumn
  readonly cells: readonly AimedCell[]
  /** Whether a value serves: exact for a comparison with a constant, undefined where only the given ones are known to. */
  readonly serves?: ((cell: string) => boolean) | undefined
}
