import type { RelationName } from '../../postgres/index.ts'
import type { Store } from '../usage/store.ts'

/** What must be true before a relation may go. */
export interface Removal {
  readonly relation: RelationName
  /** Days for which nobody must have used it. */
  readonly unusedDays: number
  /** Folders of code, absolute. */
  readonly code: readonly string[]
  /** Files, absolute, whose places that may name it somebody has read. */
  readonly reviewed: readonly string[]
  readonly store: Store
}
