import type { Catalog, Relation } from '../../catalog/index.ts'
import type { Unfilled } from '../dataset.ts'
import type { Meeting, SoftReference } from '../hints.ts'
import type { RangeContents } from '../value/interval.ts'
import type { Maker, MakerContext } from '../value/maker.ts'
import type { ClockChange } from '../value/odd-times.ts'

/** Everything that generating needs to know of one schema: made once with the server's help, then used without it. */
export interface GenerationPlan {
  readonly catalog: Catalog
  /** Relation paths, parents before children; relations of one list reference one another in a circle. */
  readonly order: readonly (readonly string[])[]
  readonly relations: ReadonlyMap<string, RelationPlan>
  /** Those that no legal row is known for. */
  readonly unfilled: readonly Unfilled[]
  readonly softReferences: readonly SoftReference[]
  readonly meetings: readonly Meeting[]
  /** Relations that some data sets leave empty, though others have rows. */
  readonly emptied: readonly string[]
  /** Relations in which rows that resemble one another matter most. */
  readonly doubled: ReadonlySet<string>
  /** Relations of which some data sets hold more rows alike than usual: a unique key is to come, or what one holds gets another type. */
  readonly unified: ReadonlySet<string>
  /** Of these relations the positions that the unique key to come holds. */
  readonly unifiedAttributes: ReadonlyMap<string, ReadonlySet<number>>
  /** Of these relations the positions that a key holds and that get another type, or other values: what differs may be equal then. */
  readonly meeting: ReadonlyMap<string, ReadonlySet<number>>
  /** Turns of the clocks in the zones that the migration names; where it names none, in two usual ones. */
  readonly clocks: { readonly hinted: boolean; readonly changes: readonly ClockChange[] }
}

export interface RelationPlan {
  readonly path: string
  readonly relation: Relation
  /** Every attribute that an INSERT gives, in the catalog's order. */
  readonly attributes: readonly AttributePlan[]
  readonly references: readonly ReferencePlan[]
  readonly keys: readonly KeyPlan[]
  readonly spans: readonly SpanPlan[]
  readonly groups: readonly GroupPlan[]
  /** How rows from before a NOT VALID constraint may violate it. */
  readonly dirt: readonly DirtPlan[]
}

/** A constraint that is NOT VALID, with cells that violate it. */
export interface DirtPlan {
  readonly constraint: string
  /** `pg_get_constraintdef`, which says NOT VALID itself. */
  readonly definition: string
  readonly attributes: readonly number[]
  readonly tuples: readonly Tuple[]
}

export interface AttributePlan {
  readonly name: string
  /** For casts: `format_type`. */
  readonly type: string
  readonly maker: Maker
  readonly context: MakerContext
  readonly nullable: boolean
  /** Constants of the migration and the schema that are valid and feasible here. */
  readonly literals: readonly string[]
  readonly pools: Pools
  /** The plain text of a constant default. */
  readonly default: string | undefined
  /** Of `pools.extremes` what is no mined constant: a cell of these makes a data set extreme. */
  readonly extremes: ReadonlySet<string>
  /** Takes its values from a sequence, so stays clear of the type's maximum. */
  readonly serial: boolean
  /** Some foreign key points at it. */
  readonly referenced: boolean
  /** Positions of the references that set it. */
  readonly references: readonly number[]
  /** Position of its group, if it belongs to one. */
  readonly group: number | undefined
  /** Rows must not overlap here: the n-th slot. */
  readonly slot: ((ordinal: number) => string) | undefined
  /** Of an attribute with slots: a value that overlaps nothing. */
  readonly nowhere: string | undefined
}

/** Values that satisfy the attribute's own checks. `undefined` says that whatever the maker makes does. */
export interface Pools {
  readonly plausible: readonly string[] | undefined
  readonly edges: readonly string[]
  readonly extremes: readonly string[]
  readonly bands: readonly string[] | undefined
  /** For attributes without room: what a column vector is made of. */
  readonly vector: readonly string[]
  /** A check judges values: what was not asked about must not be written. */
  readonly checked: boolean
}

/** A foreign key. */
export interface ReferencePlan {
  readonly name: string
  /** Positions in `RelationPlan.attributes`. */
  readonly attributes: readonly number[]
  readonly parent: string
  readonly parentAttributes: readonly number[]
  /** Positions that NULL may be written into so that the key is not checked; empty when there are none. */
  readonly nullable: readonly number[]
  /** Either all of its attributes are NULL or none. */
  readonly full: boolean
  /** The parent is filled after the child: the rows are linked once the whole circle is there. */
  readonly late: boolean
  readonly validated: boolean
}

/** Something that no two rows may share. */
export interface KeyPlan {
  readonly name: string
  readonly attributes: readonly number[]
  readonly nullsNotDistinct: boolean
  /** An expression over the attribute under which case and blanks do not count, e.g. `lower(email)`. */
  readonly folded: boolean
  /** A row for which one of these does not hold is not under the key. */
  readonly conditions?: readonly Condition[] | undefined
  /** What rows hold under it that are there before any is generated, as `underKey` tells it. */
  readonly taken?: ReadonlySet<string> | undefined
}

/** Ranges that must not overlap in rows that are equal in some attributes: an exclusion constraint, a key WITHOUT OVERLAPS. */
export interface SpanPlan {
  readonly name: string
  /** Attributes in which rows must be equal for the constraint to look at them. */
  readonly equal: readonly number[]
  /** The attribute that holds the range; or two that hold its ends. */
  readonly attributes: readonly number[]
  /** What the cells of those attributes hold. */
  contents(cells: readonly (string | null)[]): RangeContents
  /** Cells for those attributes: from one of a row of points to another. */
  place(from: number, to: number): readonly string[]
  /** A row for which one of these does not hold is not looked at. */
  readonly conditions: readonly Condition[]
}

/** What the predicate of a partial index wants of one attribute. */
export interface Condition {
  readonly attribute: number
  readonly holds: (cell: string | null) => boolean
}

/** Attributes that checks link, with rows of values that satisfy them all. */
export interface GroupPlan {
  readonly constraints: readonly string[]
  readonly attributes: readonly number[]
  /** Positions of attributes that a check compares where one references the relation that the other is of, or references too. */
  readonly pairs: readonly (readonly [number, number])[]
  /** For runs: the server found these feasible, plainest first. A cell of a referencing attribute only tells whether it is NULL and how it compares. */
  readonly tuples: readonly Tuple[]
  /** For bands: each value of an attribute with room occurs once. */
  readonly bandTuples: readonly Tuple[]
}

export type Tuple = readonly (string | null)[]
