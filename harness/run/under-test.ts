import type { Catalog } from '../catalog/index.ts'
import type { GenerationPlan, Hints } from '../data/index.ts'
import type { Migration } from '../migration/index.ts'
import type { CatalogCache } from './catalog-cache.ts'

/** One migration with what was found out about it before the first run. */
export interface UnderTest {
  readonly migration: Migration
  readonly legacy: Catalog
  /** Of the legacy catalog. */
  readonly fingerprint: string
  readonly hints: Hints
  readonly plan: GenerationPlan
  /** Legacy relations whose rows are read in every run; the others are compared by digest. */
  readonly scope: ReadonlySet<string>
  readonly catalogs: CatalogCache
  /** Relations into which banded rows went under the eyes of their triggers: rows that these refuse are none that the legacy schema allows. */
  readonly takesRows: ReadonlySet<string>
  /** Generation plans for migrated catalogs, by fingerprint. */
  readonly plans: Map<string, GenerationPlan>
}
