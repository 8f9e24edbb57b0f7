import type { Catalog, CatalogDifference, CatalogObjects } from '../catalog/index.ts'
import type { GenerationPlan, Hints } from '../data/index.ts'
import type { Migration } from '../migration/index.ts'

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
  /** Fingerprint by shape: the cheap probe first. */
  readonly shapes: Map<string, string>
  /** Whether a phase ends in the same schema in every run, so that one look tells it. */
  readonly oneSchema: boolean
  /** Fingerprint by phase, where one look tells it. */
  readonly schemas: Map<string, string>
  /** Catalogs already read, by fingerprint: up makes the same one in nearly every run. */
  readonly catalogs: Map<string, Catalog>
  readonly objects: Map<string, CatalogObjects>
  /** Differences from the legacy (or the migrated) catalog already found, by both fingerprints. */
  readonly differences: Map<string, readonly CatalogDifference[]>
  /** Generation plans for migrated catalogs, by fingerprint. */
  readonly plans: Map<string, GenerationPlan>
}
