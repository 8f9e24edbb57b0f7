import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import type { RunObservation } from '../../run/index.ts'

/** The migrated relation that answers to the name of a legacy one, attribute by attribute of the legacy names. */
export interface Facade {
  readonly path: string
  readonly legacy: Relation
  readonly migrated: Relation
  /** Legacy name → the attribute of that name. */
  readonly attributes: ReadonlyMap<string, Attribute>
  /** Legacy name → its name now, where the attribute is still there under another. */
  readonly renamed: ReadonlyMap<string, string>
  readonly catalogs: { readonly legacy: Catalog; readonly migrated: Catalog }
}

/** The facade of a legacy relation; undefined where no relation answers to its name. */
export function facadeOf(run: Pick<RunObservation, 'legacy' | 'migrated'>, path: string, legacy: Relation): Facade | undefined {
  const migrated = run.migrated?.catalog.relations.get(path)
  if (migrated === undefined || run.migrated === undefined) return undefined
  const byName = new Map(migrated.attributes.map((each) => [each.name, each]))
  const attributes = new Map(legacy.attributes.flatMap(({ name }) => [byName.get(name) ?? []].flat().map((each) => [name, each] as const)))
  const renamed = new Map(
    legacy.oid !== migrated.oid
      ? []
      : legacy.attributes.flatMap(({ name, number }) => {
          const now = migrated.attributes.find((each) => each.number === number)?.name
          return now === undefined || now === name ? [] : [[name, now] as const]
        }),
  )
  return { path, legacy, migrated, attributes, renamed, catalogs: { legacy: run.legacy.catalog, migrated: run.migrated.catalog } }
}
