import type { RelationLineage } from '../../lineage/index.ts'
import { keyOf, type Recaptured, recapture } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import type { RelationCase } from './cases.ts'
import { showRow } from './fates.ts'
import { ownRows } from './own-rows.ts'
import { toldThrough, wentThrough } from './through.ts'
import { setAside } from './verbatim.ts'

export function judgeRows(given: RelationCase): readonly Finding[] {
  const { knowledge, lineage, rows, catalog, restored } = given
  const at = { invariant: 'zero-loss', known: 'observed' as const, relation: lineage.relation, ...knowledge.locate(lineage.relation) }
  const findings: Finding[] = []
  const missing = rows.legacy.rows.map((_, row) => row).filter((row) => rows.places.every(({ byRow }) => (byRow[row] ?? []).length === 0))
  const aside = missing.length === 0 ? new Set<number>() : setAside(given, missing)
  const lost = missing.filter((row) => !aside.has(row))
  if (lost.length > 0) {
    const acquitted = lost.every(restored.rows)
    const through = wentThrough(given, lost)
    const shown = lost.slice(0, 3).map((row) => showRow(rows.legacy, row))
    findings.push({
      ...at,
      through,
      kind: 'row-lost',
      severity: acquitted ? 'info' : 'error',
      message: `${lost.length} of ${rows.legacy.rows.length} rows of ${shownName(lineage.relation)} are lost: they are in no table after the migration${acquitted ? '; rolling back restores them' : ''}${toldThrough(through)}`,
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
      message: `${doubled.length} of ${rows.legacy.rows.length} rows of ${shownName(lineage.relation)} are in ${shownName(each.place.relation)} more than once after the migration`,
      evidence: {
        doubled: doubled.length,
        rows: rows.legacy.rows.length,
        into: each.place.relation,
        examples: doubled.slice(0, 3).map((row) => ({ row: showRow(rows.legacy, row), times: each.byRow[row]?.length ?? 0 })),
      },
      hint: 'Look at the INSERT … SELECT: a join that finds several partners doubles a row, and so does a second INSERT.',
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
