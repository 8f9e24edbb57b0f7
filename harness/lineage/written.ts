import type { RunObservation } from '../run/index.ts'
import { sameRelation } from './same.ts'

/**
 * The legacy relations that a migration writes, alters or drops, as one run shows it: gone, made anew, rewritten, of other attributes or
 * of other rows.
 */
export function writtenRelations(run: RunObservation): ReadonlySet<string> {
  const written = new Set<string>()
  if (run.migrated === undefined) return written
  for (const [path, rows] of run.legacy.rows) {
    const before = run.legacy.catalog.relations.get(path)
    const own = sameRelation(run, path)
    const after = own === undefined ? undefined : run.migrated.catalog.relations.get(own)
    const migrated = own === undefined ? undefined : run.migrated.rows.get(own)
    const shape = (relation: typeof before) =>
      JSON.stringify(relation?.attributes.map((each) => [each.name, each.number, each.type, each.notNull, each.default]))
    if (
      after === undefined ||
      after.oid !== before?.oid ||
      own !== path ||
      shape(before) !== shape(after) ||
      JSON.stringify(rows.rows) !== JSON.stringify(migrated?.rows)
    )
      written.add(path)
  }
  return written
}
