import type { Attribute, Catalog, Index, Trigger } from './model.ts'

/** What the queries of `readCatalog` give, by query; every number called oid, relation, schema, type, part or target is an OID. */
export interface CatalogRows {
  readonly version: readonly Catalog['version'][]
  readonly schemas: readonly { readonly oid: number; readonly name: string; readonly user: boolean }[]
  readonly members: readonly { readonly class: number; readonly oid: number }[]
  readonly extensions: readonly { readonly name: string; readonly version: string }[]
  readonly comments: readonly { readonly oid: number; readonly number: number; readonly text: string }[]
  readonly relations: readonly RelationRow[]
  readonly parents: readonly { readonly relation: number; readonly parent: number; readonly number: number }[]
  readonly attributes: readonly AttributeRow[]
  readonly collations: readonly { readonly oid: number; readonly schema: number; readonly name: string }[]
  readonly constraints: readonly ConstraintRow[]
  readonly indexes: readonly IndexRow[]
  readonly triggers: readonly TriggerRow[]
  readonly types: readonly TypeRow[]
  readonly typeAttributes: readonly TypeAttributeRow[]
  readonly labels: readonly { readonly type: number; readonly labels: readonly string[] }[]
  readonly checks: readonly { readonly type: number; readonly name: string; readonly expression: string; readonly validated: boolean }[]
  readonly textCasts: readonly { readonly type: number }[]
  readonly sequences: readonly SequenceRow[]
}

export interface RelationRow {
  readonly oid: number
  readonly fileNode: number
  readonly schema: number
  readonly name: string
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f'
  readonly persistence: 'p' | 'u' | 't'
  readonly partition: boolean
  readonly bound: string | null
  readonly partitionKey: string | null
  readonly enabled: boolean
  readonly forced: boolean
  readonly definition: string | null
  readonly populated: boolean
  readonly rules: readonly string[] | null
}

export interface AttributeRow extends Pick<Attribute, 'name' | 'number' | 'type' | 'modifier' | 'notNull' | 'inherited'> {
  readonly relation: number
  /** `quote_ident` of the name where it differs. */
  readonly quoted: string | null
  readonly typeOid: number
  readonly default: string | null
  readonly identity: '' | 'a' | 'd'
  readonly generated: '' | 's' | 'v'
  readonly collation: number | null
}

export interface ConstraintRow {
  readonly oid: number
  readonly relation: number
  readonly name: string
  readonly kind: 'c' | 'f' | 'n' | 'p' | 'u' | 'x'
  readonly definition: string
  readonly attributes: readonly number[] | null
  readonly expression: string | null
  readonly target: number
  readonly targetAttributes: readonly number[] | null
  readonly targetText: string
  readonly onDelete: 'a' | 'r' | 'c' | 'n' | 'd' | ' '
  readonly matchFull: boolean
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly validated: boolean
  readonly enforced: boolean
  readonly inherited: boolean
  readonly parent: number
}

export interface IndexRow extends Omit<Index, 'attributes' | 'expressions' | 'predicate'> {
  readonly relation: number
  readonly predicate: string | null
  readonly attributes: readonly number[] | null
  readonly expressions: readonly string[] | null
}

export interface TriggerRow extends Omit<Trigger, 'enabled'> {
  readonly relation: number
  readonly enabled: 'O' | 'D' | 'R' | 'A'
}

export interface TypeRow {
  readonly oid: number
  readonly schema: number
  readonly name: string
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'm' | 'p' | 'r'
  readonly category: string
  readonly collation: number
  readonly array: boolean
  /** The element of an array, the base of a domain, the subtype of a range or multirange; 0 for none. */
  readonly part: number | null
  /** `typrelid`. */
  readonly relation: number
  readonly modifier: number
  readonly notNull: boolean
  readonly default: string | null
}

export interface TypeAttributeRow {
  readonly relation: number
  readonly name: string
  readonly number: number
  readonly typeOid: number
  readonly modifier: number
}

export interface SequenceRow {
  readonly schema: number
  readonly name: string
  readonly oid: number
  readonly cache: string
  readonly greatest: string
  /** Relation and attribute number. */
  readonly owner: readonly [number, number] | null
}
