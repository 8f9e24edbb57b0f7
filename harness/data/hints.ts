/** What the parsed SQL of a migration tells the generator; a plain value, so that `data/` need not know the parser. */
export interface Hints {
  readonly literals: readonly LiteralHint[]
  readonly softReferences: readonly SoftReference[]
  readonly jsonKeys: readonly JsonKeyHint[]
  /** Time zones that the SQL names. */
  readonly zones: readonly string[]
  /** Attributes that the SQL reads or stores as another type. */
  readonly casts: readonly CastHint[]
  /** Attributes whose values meet without being equated: compared by order, or stored in one attribute. Good to generate alike, no references. */
  readonly meetings?: readonly Meeting[] | undefined
  /** Attributes that something is divided by. */
  readonly divisors?: readonly { readonly relation: string; readonly attribute: string }[] | undefined
  /** Attributes that say how many rows or characters the SQL makes: small numbers tell as much. */
  readonly counted?: readonly { readonly relation: string; readonly attribute: string }[] | undefined
  /** Integers that are all to be about so large. */
  readonly sized?:
    | { readonly attributes: readonly { readonly relation: string; readonly attribute: string }[]; readonly about: number }
    | undefined
  /** Texts that functions of the schema were seen to insist on. */
  readonly shaped?: readonly ShapeHint[] | undefined
  /** Paths of relations of which the SQL takes one value, that an empty one has not. */
  readonly emptied?: readonly string[] | undefined
  /** Paths of relations of which the SQL takes one row, where several may fit. */
  readonly doubled?: readonly string[] | undefined
  /** Paths of relations that get a unique key. */
  readonly unified?: readonly string[] | undefined
  /** The attributes of those keys. */
  readonly unifiedAttributes?: readonly { readonly relation: string; readonly attribute: string }[] | undefined
  /** Attributes that `up` gives other values. */
  readonly rewritten?: readonly { readonly relation: string; readonly attribute: string }[] | undefined
}

/** A constant that the SQL compares, assigns or matches. */
export interface LiteralHint {
  /** Path of the relation, where the parse tells which. */
  readonly relation: string | undefined
  /** The attribute's bare name, where the parse tells which (with `relation` undefined: in any relation that has it). */
  readonly attribute: string | undefined
  readonly kind: 'text' | 'number' | 'boolean'
  /** Its text, unquoted. */
  readonly value: string
  /** An ordered comparison (`<`, `BETWEEN`, …): the neighbours on either side matter too. */
  readonly ordered: boolean
  /** A LIKE or regular-expression pattern rather than a value. */
  readonly pattern: 'like' | 'regex' | undefined
  /** A value that only the migrated attribute can hold, for rows written between `up` and `down`: `down` narrows what `up` widened. */
  readonly migrated?: true | undefined
  /** An INSERT without ON CONFLICT gives it to a row of its own. */
  readonly inserted?: true | undefined
}

/** A text attribute, and the regular expression that its texts are made to match. */
export interface ShapeHint {
  readonly relation: string
  readonly attribute: string
  readonly pattern: string
}

/** An attribute that is cast to a type, or stored in an attribute of that type. */
export interface CastHint {
  readonly relation: string | undefined
  readonly attribute: string
  /** As `format_type` writes it: `character varying(20)`, `public.mood`, `numeric(10,2)[]`. */
  readonly type: string
  readonly direction: 'up' | 'down'
  /** Of an enum. */
  readonly labels?: readonly string[] | undefined
}

/** Two attributes, of two rows, that the SQL equates and no foreign key covers. */
export interface SoftReference {
  readonly from: { readonly relation: string; readonly attribute: string; readonly jsonPath?: readonly string[] | undefined }
  readonly to: { readonly relation: string; readonly attribute: string; readonly jsonPath?: readonly string[] | undefined }
  /** Only looked for where it does not hold (`NOT IN (SELECT …)`, `NOT EXISTS`): good to generate, not a thing that held before. */
  readonly negated?: true | undefined
}

export type Meeting = Pick<SoftReference, 'from' | 'to'>

/** A key that the SQL reads or writes in a JSON attribute. */
export interface JsonKeyHint {
  readonly relation: string | undefined
  readonly attribute: string | undefined
  readonly path: readonly string[]
  /** Where the SQL reads the text there as a value of a type: texts that the type takes, the usual one first, and some that it does not. */
  readonly values?: readonly string[] | undefined
}

export const noHints: Hints = { literals: [], softReferences: [], jsonKeys: [], zones: [], casts: [] }
