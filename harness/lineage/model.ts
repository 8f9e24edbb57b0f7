import type { Affine } from './affine.ts'
import type { Templates } from './template.ts'

/** A column of a relation, or a leaf inside its JSON documents. */
export interface Column {
  readonly attribute: string
  /** Keys from the document's root; empty for the cell itself. */
  readonly json: readonly string[]
  /** `format_type` of the attribute. */
  readonly type: string
  /** The row that a foreign key of this relation names: the column is that row's. */
  readonly via?: { readonly constraint: string; readonly relation: string } | undefined
}

/** How a legacy cell became a migrated one; learned from examples, the first that explains them all. */
export type Transform =
  | { readonly kind: 'identical' }
  /** The same value in another notation: widened, another scale, `t` for `true`, JSON respaced. */
  | { readonly kind: 'same-value' }
  | { readonly kind: 'case-folded' }
  | { readonly kind: 'trimmed' }
  /** The first characters only. */
  | { readonly kind: 'truncated' }
  /** A part of the cell: one of the pieces of a split. */
  | { readonly kind: 'part' }
  /** The cell stands whole inside a longer one, between the same texts everywhere. */
  | { readonly kind: 'wrapped'; readonly before: string; readonly after: string }
  /** The cell stands whole inside a longer one that others made too. */
  | {
      readonly kind: 'concatenated' /** What stood between two cells of this attribute in one migrated cell, everywhere. */
      readonly separator?: string | undefined
    }
  /** The same bytes in hexadecimal, base64 or as bytea. */
  | { readonly kind: 'encoded' }
  /** A number that the same amount was added to everywhere. */
  | { readonly kind: 'offset'; readonly amount: string }
  | Affine
  /** Multiplied by 10^exponent without rounding. */
  | { readonly kind: 'scaled'; readonly exponent: number }
  | { readonly kind: 'rounded' }
  /** An instant shifted, in one direction or by the rule of a zone. */
  | { readonly kind: 'shifted'; readonly seconds: number | undefined }
  /** From the migrated value the legacy one follows; by migrated value. */
  | {
      readonly kind: 'recoded'
      readonly inverse: ReadonlyMap<string | null, string | null>
      /** The migrated value of those legacy values that three rows or more showed, always the same. */
      readonly forward: ReadonlyMap<string | null, string | null>
    }
  /** A key issued anew, that every reference follows. */
  | { readonly kind: 're-keyed' }
  /** The elements of an array or list, a row each. */
  | {
      readonly kind: 'elements'
      /** The column by which the rows stand in the list's order. */
      readonly order?: Column | undefined
    }
  /** Several values became one. */
  | { readonly kind: 'merged'; readonly examples: readonly (readonly [string | null, string | null])[] }
  | { readonly kind: 'unknown' }

/** Where cells of one legacy attribute were recaptured. */
export interface Destination {
  readonly relation: string
  readonly columns: readonly Column[]
  readonly transform: Transform
  /** Nothing was recaptured here, but the attribute is still there: what stands in it now is held against what stood there. */
  readonly assumed?: boolean | undefined
  /** The one legacy value of the rows that are elsewhere and not here. */
  readonly absent?: { readonly value: string | null } | undefined
  /** Of several rows of one legacy row, those with this value hold this attribute. */
  readonly where?: { readonly column: Column; readonly value: string } | undefined
  /** How the migrated cell is put together from the cells of these legacy attributes. */
  readonly composed?: { readonly members: readonly string[]; readonly templates: Templates } | undefined
  /** How the legacy cell is put together again from the migrated cells; `loose` where blanks do not count. */
  readonly split?: { readonly templates: Templates; readonly loose: boolean } | undefined
  /** The contract says that the attribute goes here, and how its values are altered on the way. */
  readonly declared?: { readonly to: string; readonly transform: string | undefined } | undefined
  /** The attribute itself, unmoved (same relation and attribute number, whatever they are named now). */
  readonly own: boolean
}

export interface AttributeLineage {
  readonly attribute: string
  /** In order of preference: what keeps the cell comes before what alters it. */
  readonly destinations: readonly Destination[]
  /**
   * By mapping of the contract, where the attribute is said to go: one of these must hold its value. The transform is `unknown` where banded
   * rows do not bear the mapping out; those that they do are destinations too.
   */
  readonly declared?: readonly (readonly Destination[])[] | undefined
}

/** Where the rows of one legacy relation live after `up`. */
export interface RelationLineage {
  readonly relation: string
  /** The relation that holds most of its attributes; undefined when no row was recaptured. */
  readonly home: string | undefined
  /** Every migrated relation in which rows were recaptured, the home first. */
  readonly places: readonly Place[]
  readonly attributes: ReadonlyMap<string, AttributeLineage>
}

/** How to find the migrated rows of a legacy row in one migrated relation. */
export interface Place {
  readonly relation: string
  /**
   * Legacy attribute → migrated column, both sides equal in value; together unique among the legacy rows, or a key of the migrated relation.
   * Empty: by content only.
   */
  readonly identity: readonly { readonly legacy: string; readonly migrated: Column }[]
  /** The identity is a key of the migrated relation only: legacy rows that share it share a row. */
  readonly shared?: true | undefined
  /** `one`: at most one migrated row for a legacy row on banded rows; `many`: a row became several. */
  readonly cardinality: 'one' | 'many'
  /** Whether several legacy rows were seen in one migrated row. */
  readonly merges: boolean
  /** Whether every banded legacy row was found here. */
  readonly complete: boolean
  /** Only rows with this value are this legacy relation's. */
  readonly where?: { readonly column: Column; readonly value: string | null } | undefined
  /** Banded rows that were found here were not at home: a move, not a copy. */
  readonly exclusive?: boolean | undefined
}

/** Learned by recapture: legacy relation path → where it went. */
export interface Lineage {
  readonly relations: ReadonlyMap<string, RelationLineage>
}

/** Whether the legacy value can be computed back from the migrated one, as far as the learned examples go. */
export function isReversible(transform: Transform): boolean {
  if (transform.kind === 'shifted') return transform.seconds !== undefined
  return [
    'identical',
    'same-value',
    'wrapped',
    'concatenated',
    'scaled',
    'encoded',
    'offset',
    'affine',
    'recoded',
    're-keyed',
    'part',
    'elements',
  ].includes(transform.kind)
}
