/** What the author of a migration declares beyond the defaults. Every part may be left out. */
export interface Contract {
  /** Quantities that must be equal before and after, exactly: per key where `key` is given, and in total. */
  readonly measures?: readonly Measure[]
  /** What is lost on purpose. */
  readonly discards?: readonly Discard[]
  /** Lineage that inference need not find: legacy attribute path → migrated attribute path. */
  readonly mappings?: readonly { readonly from: string; readonly to: string; readonly transform?: string }[]
  /** References that no foreign key holds: `from` must resolve in `to`. Paths of attributes: `public.items.sku`. */
  readonly references?: readonly { readonly from: string; readonly to: string }[]
  /** Whether a second run of `up` must change nothing. */
  readonly idempotent?: boolean
  /** Statements that clients send, in their order: they must answer alike before and after. A pair may have them in `workload.sql` instead. */
  readonly workload?: readonly WorkloadEntry[]
  /** What clients may be asked to bear while it runs. */
  readonly online?: {
    /** Longest that a client's statement may wait behind the migration. Default 1 000. */
    readonly lockWaitMs?: number
  }
  /** Accepted findings. */
  readonly waivers?: readonly Waiver[]
}

/** One statement of a client, its parameters as `$1`; without values they are taken from generated rows. */
export type WorkloadEntry =
  | string
  | {
      readonly sql: string
      /** How findings name it. Default: how it begins. */
      readonly name?: string
      readonly parameters?: readonly (string | number | boolean | null)[]
    }

/** A quantity by query. Each query gives rows (key, value), or one value when `perKey` is false; values are compared as exact numerics. */
export interface Measure {
  readonly name: string
  /** The relation and attribute that a difference is reported on. */
  readonly relation?: string
  readonly attribute?: string
  /** Two columns `key` and `value`, on the legacy database. */
  readonly before: string
  /** The same, on the migrated one. */
  readonly after: string
}

/** Data that a migration drops on purpose; also written in SQL as `-- godwit: discard public.items.notes because …`. */
export interface Discard {
  /** Path of a relation (`public.items`) or an attribute (`public.items.notes`). */
  readonly path: string
  readonly because: string
  /** Where it was declared. */
  readonly file?: string
  readonly line?: number
}

/** A finding that is accepted until a day, by someone, for a reason. An expired one fails. */
export interface Waiver {
  readonly invariant: string
  readonly kind?: string
  readonly relation?: string
  readonly attribute?: string
  readonly owner: string
  readonly reason: string
  /** ISO date; from the day after, the finding counts again and the waiver is reported as expired. */
  readonly expires: string
}

/** Types what a `contract.ts` exports as default. */
export function defineContract(contract: Contract): Contract {
  return contract
}
