import type { RunObservation } from '../run/index.ts'
import { sameRelation } from './same.ts'

/**
 * Legacy relations that every run left as they were: the same relation with the same attributes and rows. By legacy path, the migrated one.
 * Nothing went from or to them, so that nothing need be sought there.
 */
export function unchangedRelations(runs: readonly RunObservation[]): ReadonlyMap<string, string> {
  const [first] = runs
  const found = new Map<string, string>()
  if (first === undefined) return found
  const paths = new Map([...(first.migrated?.catalog.relations ?? [])].map(([path, relation]) => [relation.oid, path]))
  for (const [path, relation] of first.legacy.catalog.relations) {
    const own = paths.get(relation.oid) ?? sameRelation(first, path)
    if (own !== undefined && runs.every((run) => isUnchanged(run, path, own))) found.set(path, own)
  }
  return found
}

function isUnchanged(run: RunObservation, path: string, own: string): boolean {
  const [before, after] = [run.legacy.catalog.relations.get(path), run.migrated?.catalog.relations.get(own)]
  const [rows, migrated] = [run.legacy.rows.get(path), run.migrated?.rows.get(own)]
  if (before === undefined || after === undefined || rows === undefined || migrated === undefined) return false
  if (before.oid !== after.oid || before.attributes.length !== after.attributes.length || rows.rows.length !== migrated.rows.length)
    return false
  const sameShape = before.attributes.every((attribute, at) => {
    const other = after.attributes[at]
    return attribute.name === other?.name && attribute.number === other.number && attribute.type === other.type
  })
  return (
    sameShape &&
    rows.attributes.every((name, at) => name === migrated.attributes[at]) &&
    rows.rows.every((row, at) => row.every((cell, index) => cell === migrated.rows[at]?.[index]))
  )
}
