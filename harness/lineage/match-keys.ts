import type { RunObservation } from '../run/index.ts'
import type { ColumnTable } from './columns.ts'
import type { Pair } from './pair-rows.ts'
import { ownAttribute, sameRelation } from './same.ts'

/**
 * Pair rows by an equal key where bands do not help (a join table, a relation of booleans): the primary key, else a unique key, else every
 * attribute of that name; attributes are the same by number in the same relation, by name in another.
 *
 * @param indexes  Rows of migrated relations by key, remembered over the legacy relations of one run.
 */
export function matchKeys(
  run: RunObservation,
  legacy: ColumnTable,
  migrated: ColumnTable,
  indexes: Map<string, ReadonlyMap<string, readonly number[]>>,
): readonly Pair[] {
  const [relation, place] = [legacy.relation, migrated.relation]
  const own = sameRelation(run, relation)
  const nameOf = (attribute: string) =>
    place === own
      ? ownAttribute(run, relation, own, place, attribute)
      : migrated.columns.find((column) => column.attribute === attribute && column.json.length === 0 && column.via === undefined)?.attribute
  const catalog = run.legacy.catalog.relations.get(relation)
  const unique = (catalog?.indexes ?? [])
    .filter((index) => index.unique && index.predicate === undefined)
    .sort((left, right) => Number(right.primary) - Number(left.primary))
  const keys = [...unique.map((index) => index.attributes), place === own ? [] : (catalog?.attributes.map((each) => each.name) ?? [])]
  const key = keys.find((list) => list.length > 0 && list.every((each) => each !== undefined && nameOf(each) !== undefined))
  if (key === undefined) return []
  const before = key.map((name) => legacy.columns.findIndex((column) => column.attribute === name && column.json.length === 0))
  const after = key.map((name) =>
    migrated.columns.findIndex((column) => column.attribute === nameOf(name ?? '') && column.json.length === 0 && column.via === undefined),
  )
  if ([...before, ...after].includes(-1)) return []
  const index = JSON.stringify([place, after])
  const byKey = indexes.get(index) ?? rowsByKey(migrated, after)
  indexes.set(index, byKey)
  return legacy.rows.flatMap((row, legacyRow) => {
    if (before.every((each) => row[each] === null)) return []
    return (byKey.get(JSON.stringify(before.map((each) => row[each]))) ?? []).map((migratedRow) => ({
      legacyRow,
      migratedRow,
      hits: new Map(),
    }))
  })
}

function rowsByKey(table: ColumnTable, columns: readonly number[]): ReadonlyMap<string, readonly number[]> {
  const byKey = new Map<string, number[]>()
  table.rows.forEach((row, at) => {
    const text = JSON.stringify(columns.map((each) => row[each]))
    const list = byKey.get(text)
    if (list === undefined) byKey.set(text, [at])
    else list.push(at)
  })
  return byKey
}
