import type { CatalogObjects } from '../../catalog/index.ts'
import type { Severity } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import type { Heir } from './heirs.ts'
import type { Translation } from './meaning.ts'
import type { Named } from './named.ts'
import type { Answered } from './refusals.ts'
import type { rules } from './rules.ts'

/** The definitions of a database before and after `up`. */
export interface DefinitionsSeen {
  readonly before: CatalogObjects
  readonly after: CatalogObjects
  readonly named: Named
  /** INSERTs that the legacy schema refuses, sent again after `up`. */
  readonly refusals: readonly Answered[]
}

/** What the comparisons of one migration share. */
export interface Scene extends DefinitionsSeen {
  readonly run: Pick<RunObservation, 'legacy' | 'migrated'>
  readonly heirs: ReadonlyMap<string, Heir>
  readonly translation: Translation
}

/** A definition that is gone or says less, and that no statement names. */
export interface Change {
  readonly kind: keyof typeof rules
  readonly severity: Severity
  /** Path of the legacy relation; undefined for what belongs to none. */
  readonly relation: string | undefined
  readonly attribute?: string | undefined
  /** Its own name: `orders_pkey`, `public.f(integer)`. */
  readonly object?: string | undefined
  /** What happens, without a full stop. */
  readonly message: string
  /** What no statement of the migration does about it; default that none asks for it. */
  readonly unstated?: 'drops it' | 'names it' | undefined
  readonly before: string | undefined
  readonly after: string | undefined
  /** The INSERT that was refused before and is accepted now. */
  readonly shown?: Answered | undefined
  /** The SQL that puts it back, where that is one statement. */
  readonly remedy?: string | undefined
  /** What to do where nothing can be put back. */
  readonly advice?: string | undefined
}
