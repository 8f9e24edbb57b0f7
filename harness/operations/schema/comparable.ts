import type { CatalogObject, CatalogObjects } from '../../catalog/index.ts'

/** What belongs to the server rather than to the files; NOT NULL is a constraint of its own from PostgreSQL 18 on. */
export function comparable(objects: CatalogObjects, platform: ReadonlySet<string>, sameMajor: boolean): CatalogObjects {
  const ofPlatform = (path: string) => [...platform].some((schema) => path === schema || path.startsWith(`${schema}.`))
  const kept = new Map<string, CatalogObject>()
  for (const [key, object] of objects) {
    const { kind, path, properties } = object
    if (kind === 'database' || ofPlatform(path)) continue
    if (!sameMajor && kind === 'constraint' && properties.type === 'not null') continue
    // Which version is there depends on the server; a role on a platform owns extensions.
    if (kind === 'extension') kept.set(key, { ...object, properties: { inSchema: properties.inSchema ?? '' } })
    else kept.set(key, object)
  }
  return kept
}
