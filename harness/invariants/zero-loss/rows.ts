import type { Knowledge, RelationLineage } from '../../lineage/index.ts'
import { type ColumnTable, columnIndex, keyOf, type Recaptured, recapture, sameRelation } from '../../lineage/index.ts'
import type { Finding } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import type { RelationCase } from './cases.ts'
import { showRow } from './fates.ts'
import { setAside } from './verbatim.ts'

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

export function judgeRows(given: RelationCase): readonly Finding[] {
  const { knowledge, lineage, rows, catalog, restored } = given
  const at = { invariant: 'zero-loss', known: 'observed' as const, relation: lineage.relation, ...knowledge.locate(lineage.relation) }
  const findings: Finding[] = []
  const missing = rows.legacy.rows.map((_, row) => row).filter((row) => rows.places.every(({ byRow }) => (byRow[row] ?? []).length === 0))
  const aside = missing.length === 0 ? new Set<number>() : setAside(given, missing)
  const lost = missing.filter((row) => !aside.has(row))
  if (lost.length > 0) {
    const acquitted = lost.every(restored.rows)
    const shown = lost.slice(0, 3).map((row) => showRow(rows.legacy, row))
    findings.push({
      ...at,
      kind: 'row-lost',
      severity: acquitted ? 'info' : 'error',
      message: `${lost.length} of ${rows.legacy.rows.length} rows of ${lineage.relation} are nowhere after up${acquitted ? '; down brings them back' : ''}`,
      evidence: { lost: lost.length, rows: rows.legacy.rows.length, examples: shown, key: keyOf(catalog) },
      hint: `Copy every row, or declare the loss: -- godwit: discard ${lineage.relation} because …`,
    })
  }
  // At home, and where rows were moved that are not at home.
  const own = rows.places.filter(
    ({ place }) => place.relation === lineage.home || (place.exclusive === true && place.cardinality === 'one'),
  )
  for (const each of own) {
    const doubled = rows.legacy.rows.map((_, row) => row).filter((row) => isDoubled(given, each, row))
    if (doubled.length === 0) continue
    findings.push({
      ...at,
      kind: 'row-doubled',
      severity: 'error',
      message: `${doubled.length} of ${rows.legacy.rows.length} rows of ${lineage.relation} stand more than once in ${each.place.relation} after up`,
      evidence: {
        doubled: doubled.length,
        rows: rows.legacy.rows.length,
        into: each.place.relation,
        examples: doubled.slice(0, 3).map((row) => ({ row: showRow(rows.legacy, row), times: each.byRow[row]?.length ?? 0 })),
      },
      hint: 'A join that finds several partners doubles the row: join on a key, or aggregate first.',
    })
    break
  }
  return findings
}

/** A row stands twice where all that is copied whole is equal; a row taken apart (a list to rows) is not doubled, nor is one that another relation's rows carry along. */
function isDoubled(given: RelationCase, home: Recaptured['places'][number], row: number): boolean {
  const { lineage, knowledge } = given
  const matches = home.byRow[row] ?? []
  if (matches.length < 2 || claimants(given, home, matches) >= matches.length) return false
  const carrier = [...(knowledge.lineage?.relations.values() ?? [])].some(
    (other) =>
      other.relation !== lineage.relation &&
      other.home === home.place.relation &&
      other.places.some((place) => place.relation === other.home && place.cardinality === 'one'),
  )
  if (carrier && home.place.cardinality === 'many') return false
  const parts = [...lineage.attributes.values()].some(({ destinations }) =>
    destinations.some((each) => each.relation === home.place.relation && each.transform.kind === 'part'),
  )
  return !parts
}

/** How many legacy rows, of this relation and of others that live there too, stand in one of these migrated rows: equal rows of two relations that are united are no double. */
function claimants(
  { run, knowledge, migrated, lineage, rows }: RelationCase,
  home: Recaptured['places'][number],
  matches: readonly number[],
): number {
  const { relation } = home.place
  const lives = (other: RelationLineage) =>
    other.home === relation || other.places.some((place) => place.relation === relation && place.exclusive === true)
  const others = [...(knowledge.lineage?.relations.values() ?? [])].filter((other) => other.relation !== lineage.relation && lives(other))
  if (others.length === 0) return 1
  const all = [rows, ...others.map((other) => ownRows(run, recapture(run, other, migrated), other, knowledge))]
  return all.reduce((sum, each) => {
    const place = each?.places.find((at) => at.place.relation === relation)
    return sum + (place?.byRow.filter((own) => own.some((match) => matches.includes(match))).length ?? 0)
  }, 0)
}
