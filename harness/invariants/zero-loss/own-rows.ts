import type { Knowledge, RelationLineage } from '../../lineage/index.ts'
import { type ColumnTable, columnIndex, type Recaptured, sameRelation } from '../../lineage/index.ts'
import type { RunObservation } from '../../run/index.ts'

/**
 * In a place that several legacy relations share, a row under the same key that agrees in nothing else is another relation's; of several
 * under one key those that agree in most are this one's.
 */
export function ownRows(
  run: RunObservation,
  rows: Recaptured | undefined,
  lineage: RelationLineage,
  knowledge: Knowledge,
): Recaptured | undefined {
  if (rows === undefined) return undefined
  const places = rows.places.map((each) => {
    const { place, table } = each
    const shared = [...(knowledge.lineage?.relations.values() ?? [])].some(
      (other) => other.relation !== lineage.relation && other.home === place.relation,
    )
    if (!shared || place.identity.length === 0) return each
    const taken = rowsThatStayed(run, place.relation, lineage.relation, table)
    const keys = new Set(place.identity.map(({ legacy }) => legacy))
    const compared = [...lineage.attributes.values()].flatMap(({ attribute, destinations }) => {
      const found = keys.has(attribute)
        ? undefined
        : destinations.find((at) => at.relation === place.relation && at.transform.kind === 'identical')
      const before = rows.legacy.columns.findIndex((column) => column.attribute === attribute && column.json.length === 0)
      return found?.columns[0] === undefined ? [] : [{ before, after: columnIndex(table, found.columns[0]) }]
    })
    const agreement = (legacy: number, match: number) =>
      compared.filter(({ before, after }) => (rows.legacy.rows[legacy]?.[before] ?? null) === (table.rows[match]?.[after] ?? null)).length
    const best = (all: readonly number[], legacy: number) => {
      const matches = all.filter((match) => !taken.has(match) || agreement(legacy, match) === compared.length)
      const scores = matches.map((match) => agreement(legacy, match))
      const most = Math.max(1, ...scores)
      return matches.filter((_, at) => scores[at] === most)
    }
    return compared.length === 0 ? each : { ...each, byRow: each.byRow.map(best) }
  })
  return { ...rows, places }
}

/** The rows of a relation that were there before `up`, as they are, where it is not the relation itself that is asked about: one for each. */
function rowsThatStayed(run: RunObservation, place: string, asking: string, table: ColumnTable): ReadonlySet<number> {
  const before = [...run.legacy.rows].find(([path]) => path !== asking && sameRelation(run, path) === place)?.[1]
  if (before === undefined) return new Set()
  const at = before.attributes.map((name) =>
    table.columns.findIndex((each) => each.attribute === name && each.json.length === 0 && each.via === undefined),
  )
  const free = new Map<string, number[]>()
  table.rows.forEach((row, index) => {
    const text = JSON.stringify(at.map((position) => row[position] ?? null))
    free.set(text, [...(free.get(text) ?? []), index])
  })
  return new Set(before.rows.flatMap((row) => free.get(JSON.stringify(row))?.shift() ?? []))
}

/** With lost rows where they were merged with another: what each cell became shows there. */
export function withAbsorbed(rows: Recaptured): Recaptured {
  if (rows.places.every(({ absorbed }) => absorbed === undefined || absorbed.size === 0)) return rows
  const places = rows.places.map((each) => ({
    ...each,
    byRow: each.byRow.map((matches, row) => {
      const into = each.absorbed?.get(row)
      return matches.length > 0 || into === undefined ? matches : [into]
    }),
  }))
  return { ...rows, places }
}
