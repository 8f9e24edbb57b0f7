import type { Constraint } from '../../catalog/index.ts'
import { assumeLineage, recapture } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { FindingResult, Through } from '../../result/index.ts'
import type { RelationCase } from './cases.ts'
import { ownRows } from './own-rows.ts'

const actions = { cascade: 'CASCADE', 'set-null': 'SET NULL', 'set-default': 'SET DEFAULT' } as const

/**
 * The foreign key through which all of some rows went, or their cells of an attribute: each of them refers to a row that is lost.
 *
 * @param rows  Positions in the legacy rows of the case.
 * @param attribute  Undefined where the rows are lost.
 */
export function wentThrough(given: RelationCase, rows: readonly number[], attribute?: string): Through | undefined {
  for (const constraint of given.catalog.constraints) {
    const { references, onDelete } = constraint
    if (references === undefined || references.relation === given.lineage.relation) continue
    const action = onDelete === undefined ? undefined : actions[onDelete as keyof typeof actions]
    const takes = attribute === undefined ? action === 'CASCADE' : action !== 'CASCADE' && constraint.attributes.includes(attribute)
    if (action === undefined || !takes) continue
    const lost = lostKeys(given, references)
    if (rows.every((row) => lost.has(keyOf(given, constraint, row)))) return { key: constraint.name, of: references.relation, action }
  }
  return undefined
}

/** What the message of a finding says of the key that it came through. */
export function toldThrough(through: Through | undefined): string {
  return through === undefined
    ? ''
    : `; they refer to rows of ${shownName(through.of)} that are lost, and "${through.key}" is ON DELETE ${through.action}`
}

/** The loss of rows that a finding follows from by the action of a key. */
export function causeThrough(finding: FindingResult, others: readonly FindingResult[]): FindingResult | undefined {
  return others.find(
    (each) =>
      each.invariant === 'zero-loss' && each.kind === 'row-lost' && each.severity !== 'info' && each.relation === finding.through?.of,
  )
}

function keyOf({ rows }: RelationCase, { attributes }: Constraint, row: number): string {
  return JSON.stringify(attributes.map((name) => rows.legacy.rows[row]?.[columnOf(rows.legacy.columns, name)] ?? null))
}

/** The keys of the lost rows of the relation that a foreign key refers to. */
function lostKeys(
  { run, knowledge, migrated }: RelationCase,
  { relation, attributes }: NonNullable<Constraint['references']>,
): ReadonlySet<string> {
  const lineage = knowledge.lineage?.relations.get(relation) ?? assumeLineage(run, relation)
  const rows = lineage === undefined ? undefined : ownRows(run, recapture(run, lineage, migrated), lineage, knowledge)
  if (rows === undefined) return new Set()
  const at = attributes.map((name) => columnOf(rows.legacy.columns, name))
  const gone = rows.legacy.rows.filter((_, row) => rows.places.every(({ byRow }) => (byRow[row] ?? []).length === 0))
  return new Set(gone.map((row) => JSON.stringify(at.map((position) => row[position] ?? null))))
}

function columnOf(columns: RelationCase['rows']['legacy']['columns'], name: string): number {
  return columns.findIndex(({ attribute, json }) => attribute === name && json.length === 0)
}
