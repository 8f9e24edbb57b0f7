import type { Relation } from '../../catalog/index.ts'
import type { RelationName } from '../../postgres/index.ts'
import type { Successor } from './successors.ts'

/** One relation to be asked for the rows of a legacy one. */
export interface Trial {
  /** Path of the legacy relation. */
  readonly relation: string
  readonly legacy: Relation
  /** What is asked. */
  readonly through: RelationName & { readonly path: string }
  readonly attributes: Successor['attributes']
  /** Reading only: a view beside the relation. */
  readonly readOnly: boolean
}
