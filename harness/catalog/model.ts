import type { RelationName } from '../postgres/index.ts'

/**
 * What a database is, as far as data can be generated for it and rows can be read from it. User schemas only.
 * Everything that a rollback must restore is in `CatalogObjects`; this is the structured part.
 */
export interface Catalog {
  readonly version: { readonly text: string; readonly major: number }
  readonly schemas: readonly string[]
  /** By `pathOf(name)`: tables, partitioned tables, views, materialised views, foreign tables (no indexes, sequences, toast). */
  readonly relations: ReadonlyMap<string, Relation>
  /** By `pathOf(name)`: every type that an attribute uses, transitively (element, base, attributes, subtype), built-in ones too. */
  readonly types: ReadonlyMap<string, TypeInfo>
  readonly sequences: readonly Sequence[]
  /** `extname` → `extversion`. */
  readonly extensions: ReadonlyMap<string, string>
}

export type RelationKind = 'table' | 'partitioned-table' | 'view' | 'materialized-view' | 'foreign-table'

export interface Relation extends RelationName {
  /** `pg_class.oid`: pairs a relation over a rename, inside one database; never compared. */
  readonly oid: number
  /** Changes with a rewrite or TRUNCATE; 0 for what has no storage; never compared. */
  readonly fileNode: number
  readonly kind: RelationKind
  readonly persistence: 'permanent' | 'unlogged' | 'temporary'
  /** Of a partition: its parent's path and the bound as `pg_get_expr` writes it. */
  readonly partitionOf: { readonly parent: string; readonly bound: string } | undefined
  /** Of a partitioned table: `pg_get_partkeydef`, e.g. `RANGE (at)`. */
  readonly partitionKey: string | undefined
  /** Paths of the parents by plain inheritance. */
  readonly inherits: readonly string[]
  readonly rowSecurity: { readonly enabled: boolean; readonly forced: boolean }
  /** In order of `attnum`, dropped ones left out. */
  readonly attributes: readonly Attribute[]
  readonly constraints: readonly Constraint[]
  readonly indexes: readonly Index[]
  readonly triggers: readonly Trigger[]
  /** Views: the query as `pg_get_viewdef` writes it. */
  readonly definition: string | undefined
  /** `pg_get_ruledef` of each rule that is not the view's own query, and when it fires (`pg_rewrite.ev_enabled`); absent where there is none. */
  readonly rules?: readonly string[]
  /** Materialised views: false while they cannot be read (`WITH NO DATA`). */
  readonly populated?: boolean
  readonly comment: string | undefined
}

export interface Attribute {
  readonly name: string
  readonly number: number
  /** `format_type(atttypid, atttypmod)`, search_path '': `character varying(20)`, `public.mood`, `numeric(10,2)[]`. */
  readonly type: string
  /** Path of its type in `Catalog.types`. */
  readonly typePath: string
  /** `atttypmod`, −1 for none. */
  readonly modifier: number
  readonly notNull: boolean
  /** The default or generation expression as `pg_get_expr` writes it. */
  readonly default: string | undefined
  readonly identity: 'always' | 'by-default' | undefined
  readonly generated: 'stored' | 'virtual' | undefined
  readonly collation: string | undefined
  readonly inherited: boolean
  readonly comment: string | undefined
}

export type ConstraintKind = 'check' | 'foreign-key' | 'not-null' | 'primary-key' | 'unique' | 'exclusion'

export interface Constraint {
  readonly name: string
  readonly kind: ConstraintKind
  /** `pg_get_constraintdef`. */
  readonly definition: string
  /** Local attributes in the constraint's order; of an exclusion or a check those it uses. */
  readonly attributes: readonly string[]
  /** Checks: the bare expression, `pg_get_expr(conbin, conrelid)`. */
  readonly expression: string | undefined
  readonly references: { readonly relation: string; readonly attributes: readonly string[] } | undefined
  readonly onDelete: 'no-action' | 'restrict' | 'cascade' | 'set-null' | 'set-default' | undefined
  readonly matchFull: boolean
  readonly deferrable: boolean
  readonly initiallyDeferred: boolean
  readonly validated: boolean
  /** False only for `NOT ENFORCED` (18 and later). */
  readonly enforced: boolean
  readonly inherited: boolean
}

export interface Index {
  readonly name: string
  readonly unique: boolean
  readonly primary: boolean
  readonly nullsNotDistinct: boolean
  readonly valid: boolean
  /** Key columns in order; `undefined` where the key is an expression. */
  readonly attributes: readonly (string | undefined)[]
  /** The expression of each key column (the attribute itself for plain ones), as `pg_get_indexdef(oid, n, false)` writes it. */
  readonly expressions: readonly string[]
  /** `WHERE` of a partial index. */
  readonly predicate: string | undefined
  /** Whether it backs an exclusion constraint. */
  readonly exclusion: boolean
  /** `pg_get_indexdef`. */
  readonly definition: string
}

export interface Trigger {
  readonly name: string
  /** `pg_get_triggerdef`. */
  readonly definition: string
  readonly enabled: 'origin' | 'disabled' | 'replica' | 'always'
}

export interface Sequence extends RelationName {
  /** `pg_get_serial_sequence`'s inverse: the attribute that owns it. */
  readonly ownedBy: { readonly relation: string; readonly attribute: string } | undefined
  readonly cache: number
  /** The greatest number that it gives, in decimal. */
  readonly greatest: string
}

/** A type as far as values are made for it. */
export type TypeInfo = {
  readonly schema: string
  readonly name: string
  readonly oid: number
  /** Whether `::text` runs a cast function, which need not write what the type's output function writes. */
  readonly textCast?: boolean
} & (
  | { readonly kind: 'base' | 'pseudo'; readonly category: string }
  | { readonly kind: 'array'; readonly element: string }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | {
      readonly kind: 'domain'
      readonly base: string
      readonly baseModifier: number
      readonly notNull: boolean
      readonly default: string | undefined
      readonly checks: readonly { readonly name: string; readonly expression: string; readonly validated: boolean }[]
    }
  | {
      readonly kind: 'composite'
      readonly attributes: readonly { readonly name: string; readonly type: string; readonly modifier: number }[]
    }
  /** `subtype` is `pg_range.rngsubtype` of both: the type of the bounds. */
  | { readonly kind: 'range' | 'multirange'; readonly subtype: string }
)

/**
 * Everything that a rollback must restore, flat: one entry for each object, keyed by kind and name path, never by OID.
 * A property's value is a text (an expression as the server deparses it, an aclexplode'd set sorted and joined, …).
 */
export type CatalogObjects = ReadonlyMap<string, CatalogObject>

export interface CatalogObject {
  /** `table`, `attribute`, `constraint`, `index`, `sequence`, `function`, `policy`, `trigger`, `default-privileges`, … */
  readonly kind: string
  /** Name path: `public.items`, `public.items.notes`, `public.items (items_pkey)`, `public.f(integer)`. */
  readonly path: string
  /** Path of the relation that it belongs to, where it belongs to one. */
  readonly relation: string | undefined
  readonly attribute: string | undefined
  readonly properties: Readonly<Record<string, string>>
}

/** One difference of two catalogs. */
export interface CatalogDifference {
  readonly change: 'missing' | 'added' | 'changed'
  readonly kind: string
  readonly path: string
  readonly relation: string | undefined
  readonly attribute: string | undefined
  /** Which property changed: `privileges`, `comment`, `default`, `definition`, …; undefined for a whole object. */
  readonly property: string | undefined
  readonly before: string | undefined
  readonly after: string | undefined
  /** As `postgres.md`, "What a rollback must restore", has it; `info` with the reason for what PostgreSQL cannot undo. */
  readonly severity: 'error' | 'warning' | 'info'
  readonly because: string | undefined
}
