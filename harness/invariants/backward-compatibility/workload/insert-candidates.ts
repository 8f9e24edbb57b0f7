import type { Relation } from '../../../catalog/index.ts'
import type { Dataset } from '../../../data/index.ts'
import { pathOf } from '../../../postgres/index.ts'
import type { State } from '../../../run/index.ts'
import { isWritable } from './derive-statements.ts'

const mostCandidates = 6

/**
 * Rows that a relation may take beside those that it has: a row that is there, with keys of another data set, and with the references that
 * are part of a key turned to other parents.
 *
 * @param fresh  Rows whose keys are not among those that are there.
 */
export function insertCandidates(
  state: State,
  relation: Relation,
  fresh: Dataset | undefined,
): readonly ReadonlyMap<string, string | null>[] {
  const path = pathOf(relation)
  const table = state.rows.get(path)
  if (table === undefined || table.rows.length === 0) return []
  const others = fresh?.tables.get(path)
  const unique = new Set(relation.indexes.filter((each) => each.unique).flatMap((each) => each.attributes))
  const references = relation.constraints.flatMap(({ references: target, attributes }) =>
    target === undefined || !attributes.some((each) => unique.has(each)) ? [] : [{ target, attributes }],
  )
  const referring = new Set(references.flatMap((each) => each.attributes))
  return Array.from({ length: mostCandidates }, (_, turn) => {
    const row = table.rows[turn % table.rows.length] ?? []
    const values = new Map<string, string | null>()
    for (const attribute of relation.attributes) {
      if (!isWritable(attribute)) continue
      const cell = row[table.attributes.indexOf(attribute.name)] ?? null
      const isKey = unique.has(attribute.name) && !referring.has(attribute.name)
      const column = others?.attributes.indexOf(attribute.name) ?? -1
      const other = column < 0 ? undefined : others?.rows[(turn * 3 + 1) % (others.rows.length || 1)]?.[column]
      if (!isKey) values.set(attribute.name, cell)
      // Left to its default where it has one.
      else if (other !== undefined) values.set(attribute.name, other)
      else if (attribute.default === undefined && attribute.identity === undefined) values.set(attribute.name, cell)
    }
    for (const { target, attributes } of references) {
      const parents = state.rows.get(target.relation)
      const parent = parents?.rows[(turn * 2 + 1) % (parents.rows.length || 1)]
      if (parents === undefined || parent === undefined) continue
      for (const [at, name] of attributes.entries())
        values.set(name, parent[parents.attributes.indexOf(target.attributes[at] ?? '')] ?? null)
    }
    return values
  })
}
