import type { Knowledge } from '../../lineage/index.ts'
import type { RunObservation } from '../../run/index.ts'

/** What one statement answered: its error, or its rows as texts. */
export type StatementOutcome =
  | {
      readonly outcome: 'answered'
      /** Rows written or read. */
      readonly count: number
      readonly columns: readonly { readonly name: string; readonly typeOid: number }[]
      readonly rows: readonly (readonly (string | null)[])[]
    }
  | {
      readonly outcome: 'failed'
      readonly sqlstate: string
      readonly message: string
      readonly column?: string | undefined
      readonly constraint?: string | undefined
    }

/** One statement of the workload, run on the legacy and on the migrated database, each time on the same rows. */
export interface Replayed {
  readonly operation: 'read' | 'insert' | 'update' | 'delete' | 'statement'
  /** Whether the author gave it, or it was derived from the catalog. */
  readonly given: boolean
  readonly sql: string
  /** What it was called, or how it begins. */
  readonly name: string
  /** Path of the legacy relation that it is sent to; undefined where a given statement does not tell. */
  readonly relation: string | undefined
  /** Whether it reads every row of its relation. */
  readonly whole?: true | undefined
  /** Legacy attributes behind the columns of its answer, in order; a derived statement's only. */
  readonly attributes: readonly string[]
  readonly before: StatementOutcome
  readonly after: StatementOutcome
  /** What it left behind, read by another statement. */
  readonly readBack: { readonly before: StatementOutcome; readonly after: StatementOutcome } | undefined
  /** That other statement. */
  readonly readBackSql?: string | undefined
  /** Whether what it left behind is in other tables than its own. */
  readonly elsewhere?: true | undefined
  /** Columns of its answer whose values no client can foretell: issued, random, the clock. */
  readonly unsteady: ReadonlySet<string>
}

/** A function or procedure that a client can call. */
export interface Routine {
  /** `public.f(integer, text)`. */
  readonly path: string
  readonly name: string
  readonly result: string
}

/** The legacy workload on both databases, and what can be told from the catalogs. */
export interface WorkloadObservation {
  readonly run: Pick<RunObservation, 'legacy' | 'migrated'>
  readonly knowledge: Knowledge
  readonly statements: readonly Replayed[]
  /** How many rows `up` puts into a table of an empty database, by its path. */
  readonly seeded: ReadonlyMap<string, number>
  /** Whether the author gave a workload: what clients send is known then, and only that counts. */
  readonly given: boolean
  readonly routines: { readonly before: readonly Routine[]; readonly after: readonly Routine[] }
}

/** One difference of the catalogs that a client compiled against the legacy one can run into. */
export interface InterfaceChange {
  readonly what:
    | 'relation-gone'
    | 'relation-moved'
    | 'attribute-gone'
    | 'type'
    | 'narrower'
    | 'required'
    | 'default'
    | 'not-writable'
    | 'label-gone'
    | 'check'
    | 'unique'
    | 'reference'
    | 'action'
    | 'exclusion'
    | 'nullable'
    | 'function-gone'
    | 'function-result'
  /** What the client sees of it. */
  readonly kind: 'fails' | 'rows' | 'type' | 'renamed'
  readonly severity: 'error' | 'warning' | 'info'
  readonly relation?: string | undefined
  readonly attribute?: string | undefined
  readonly object?: string | undefined
  /** Statements that can run into it. */
  readonly operations: readonly Replayed['operation'][]
  readonly message: string
  readonly hint?: string | undefined
}
