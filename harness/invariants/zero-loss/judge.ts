import type { ColumnTable, Knowledge, RelationLineage } from '../../lineage/index.ts'
import { assumeLineage, isDiscarded, type Recaptured, recapture, restoredCells, tablesOf } from '../../lineage/index.ts'
import type { Finding, FindingResult, Verdict } from '../../result/index.ts'
import { type RunObservation, revertedOf } from '../../run/index.ts'
import { followsFromLoss } from '../causes.ts'
import type { Invariant } from '../invariant.ts'
import { attributeCase } from './cases.ts'
import { judgeAttribute } from './cells.ts'
import { judgeCopies } from './copies.ts'
import { judgeDeclared } from './declared.ts'
import { judgeGenerated } from './generated.ts'
import { ownRows, withAbsorbed } from './own-rows.ts'
import { judgeRows } from './rows.ts'
import { rules } from './rules.ts'
import { causeThrough } from './through.ts'

/**
 * Every legacy cell is kept, moved or reversibly altered, or is declared discarded.
 *
 * Kinds: `row-lost`, `row-doubled`, `copy-incomplete` (rows that a new table beside the old one leaves out), `cell-lost` (its attribute has no destination), `cell-altered` (evidence `alteration`: nulled,
 * null-filled, empty-made-null, trimmed, case-folded, truncated, rounded, zone-shifted, merged, overwritten, rewritten, swapped, re-keyed).
 * Values that a contract maps must be where it says (`object` of the finding), whatever else holds them.
 * A cell that `down` brings back in this run is acquitted; the forward fact is a note of severity info.
 */
export const zeroLoss: Invariant = {
  id: 'zero-loss',
  holds: 'every cell is kept, moved or reversibly altered, or declared discarded',
  violation: 'data is lost or altered',
  rules,
  looks: { everyRun: ['up', 'down'] },
  cause: afterLoss,
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    if (run.migrated === undefined)
      return {
        outcome: 'unknown',
        because: 'the migration fails on the data sets with which it could be checked',
        saw: { ...saw, runs: 0 },
      }
    // What is lost may come back: a run that did not try cannot tell.
    if (knowledge.hasDown && revertedOf(run) === undefined)
      return { outcome: 'unknown', because: 'the down migration was not run', saw: { ...saw, runs: 0 } }
    const unjudged: string[] = []
    const migrated = tablesOf(run.migrated)
    const findings: Finding[] = []
    for (const [path, table] of run.legacy.rows) {
      if (table.rows.length === 0 || !isJudged(run, path)) continue
      const relation = knowledge.lineage?.relations.get(path) ?? assumeLineage(run, path)
      if (relation === undefined) {
        unjudged.push(path)
        continue
      }
      saw.relations += 1
      saw.rows += table.rows.length
      saw.cells += table.rows.length * table.attributes.length
      const rows = ownRows(run, recapture(run, relation, migrated), relation, knowledge)
      if (rows !== undefined) findings.push(...judgeRelation(run, knowledge, relation, rows, migrated))
    }
    const [first, ...rest] = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest, ...notes], saw }
    if (unjudged.length > 0)
      return {
        outcome: 'unknown',
        because: `it is not known where the rows of ${unjudged.join(', ')} go: the migration fails on every data set with unique values`,
        lasting: true,
        saw,
        notes,
      }
    if (saw.rows === 0) return { outcome: 'unknown', because: 'no generated data set has a row', saw }
    return { outcome: 'holds', saw, notes }
  },
}

/** Whether something would be lost in a run if `down` brought nothing back. */
export function seemsLost(run: RunObservation, knowledge: Knowledge): boolean {
  return zeroLoss.judge(run, { ...knowledge, hasDown: false }).outcome === 'violated'
}

/** What is not where the contract says, and nowhere else: that it is lost comes first. */
function afterLoss(finding: FindingResult, others: readonly FindingResult[]): FindingResult {
  const taken = causeThrough(finding, others)
  if (taken !== undefined) return { ...finding, cause: taken.id }
  return finding.object === null
    ? finding
    : followsFromLoss(
        finding,
        others.filter((each) => each.object === null),
      )
}

function isJudged(run: RunObservation, path: string): boolean {
  const kind = run.legacy.catalog.relations.get(path)?.kind
  return kind === 'table' || kind === 'partitioned-table'
}

function judgeRelation(
  run: RunObservation,
  knowledge: Knowledge,
  lineage: RelationLineage,
  rows: Recaptured,
  migrated: ReadonlyMap<string, ColumnTable>,
): readonly Finding[] {
  const catalog = run.legacy.catalog.relations.get(lineage.relation)
  if (catalog === undefined) return []
  const given = { run, knowledge, migrated, catalog, lineage, rows, restored: restoredCells(run, lineage.relation) }
  const whole = { ...given, rows: withAbsorbed(rows) }
  const isGone = isDiscarded(knowledge, lineage.relation)
  const cases = catalog.attributes.flatMap((attribute) => {
    const learned = lineage.attributes.get(attribute.name)
    return learned === undefined ? [] : [{ attribute, case: attributeCase(whole, learned, attribute.type) }]
  })
  const declared = cases.flatMap((each) => judgeDeclared(each.case, isGone))
  if (isGone) return declared
  const cells = cases.flatMap(({ attribute, case: own }) => {
    if (isDiscarded(knowledge, lineage.relation, attribute.name)) return []
    return (attribute.generated === undefined ? judgeAttribute(own) : judgeGenerated(own, attribute)) ?? []
  })
  return [...judgeRows(given), ...judgeCopies(given), ...cells, ...declared]
}
