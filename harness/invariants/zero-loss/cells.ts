import type { AttributeLineage, CellFate, Destination, Knowledge, Recaptured, Recodes, RelationLineage } from '../../lineage/index.ts'
import { columnName, isPlausible, showCell } from '../../lineage/index.ts'
import { alterationRank, type Finding, type Severity, severityRank } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import { aimedAt } from './aimed.ts'
import { fatesOf, hintFor, showRow } from './fates.ts'
import { ofTheClock } from './of-the-clock.ts'
import { ambiguousRow, reissuedKey, swappedCells, unfaithfulCopy } from './without-loss.ts'

/** A cell that did not arrive as it was. */
interface Failing {
  readonly row: number
  /** Undefined where it has no place to go to. */
  readonly fate: Exclude<CellFate, { fate: 'kept' }> | undefined
  readonly destination: Destination | undefined
  /** Whether no row of the destination stands for its row. */
  readonly noRow: boolean
}

const warnings = new Set(['case-folded', 'trimmed', 'null-filled', 'empty-made-null', 're-keyed'])

export function judgeAttribute(
  run: RunObservation,
  knowledge: Knowledge,
  lineage: RelationLineage,
  rows: Recaptured,
  learned: AttributeLineage,
  type: string,
  recodes: Recodes,
  isRestored: (row: number) => boolean,
): Finding | undefined {
  const { attribute } = learned
  const destinations = aimedAt(run, knowledge, lineage.relation, attribute, learned.destinations)
  const index = rows.legacy.columns.findIndex((column) => column.attribute === attribute && column.json.length === 0)
  const failing: Failing[] = []
  const swapped: number[] = []
  rows.legacy.rows.forEach((row, at) => {
    if (rows.places.every(({ byRow }) => (byRow[at] ?? []).length === 0)) return
    const cell = row[index] ?? null
    const fates = destinations.flatMap((destination) => fatesOf(rows, attribute, destination, at, cell, type, recodes))
    if (fates.some(({ fate }) => fate.fate === 'kept')) {
      if (changedPlaces(lineage, learned, fates)) swapped.push(at)
      return
    }
    if (fates.length === 0) {
      if (cell === null) return
      // It has a place to go to, and no row stands there for this one: as good as NULL.
      const [destination] = destinations
      const absent = destinations.find((each) => each.absent !== undefined)
      if (absent?.absent?.value === cell) return
      const fate = destination === undefined ? undefined : ({ fate: 'altered', alteration: 'nulled', migrated: null } as const)
      failing.push({ row: at, fate, destination, noRow: true })
      return
    }
    const worst = fates.find(({ destination }) => destination.own) ?? fates[0]
    failing.push({ row: at, fate: worst?.fate.fate === 'altered' ? worst.fate : undefined, destination: worst?.destination, noRow: false })
  })
  const [changed] = swapped
  if (failing.length === 0 && changed !== undefined && !swapped.every(isRestored))
    return swappedCells(knowledge, lineage, rows, learned, index, changed, swapped.length)
  const merged = failing.length === 0 ? ambiguousRow(rows, knowledge, lineage, learned) : undefined
  const severityOf = ({ row, fate, destination }: Failing): Severity => {
    const volatile = destination?.columns.some((column) => knowledge.volatile.has(`${destination.relation}.${column.attribute}`)) ?? false
    const timed = destination?.columns.some((column) => ofTheClock(fate?.migrated, column.type, run.clock)) ?? false
    return (volatile || timed) && fate !== undefined ? 'warning' : weigh(fate?.alteration, rows.legacy.rows[row]?.[index] ?? null, type)
  }
  const lasting = failing.filter(({ row }) => !isRestored(row))
  const first = gravest(lasting.length > 0 ? lasting : failing, severityOf)
  if (first === undefined)
    return (
      merged ??
      reissuedKey(knowledge, lineage, learned, rows) ??
      unfaithfulCopy(
        knowledge,
        lineage,
        rows,
        learned,
        type,
        index,
        (path) => run.migrated?.catalog.relations.get(path)?.kind === 'materialized-view',
      )
    )
  const { fate, row, destination, noRow } = first
  const acquitted = lasting.length === 0
  const where = destination === undefined ? undefined : `${destination.relation}.${destination.columns.map(columnName).join('+')}`
  const grave = severityOf(first)
  const severity: Severity = acquitted ? 'info' : grave
  const legacy = rows.legacy.rows[row]?.[index] ?? null
  const subject = `${lineage.relation}.${attribute}`
  const count = `${failing.length} of ${rows.legacy.rows.length}`
  return {
    invariant: 'zero-loss',
    kind: fate === undefined ? 'cell-lost' : 'cell-altered',
    severity,
    known: 'observed',
    relation: lineage.relation,
    attribute,
    ...knowledge.locate(lineage.relation, attribute),
    ...(acquitted ? { acquittedFrom: grave } : {}),
    ...(fate === undefined ? {} : { alteration: fate.alteration }),
    message:
      fate === undefined
        ? `${subject} is nowhere after up: ${showCell(legacy)} is lost (${count} rows)`
        : noRow
          ? `${subject} is ${fate.alteration}: ${showCell(legacy)} is lost where ${destination?.relation} has no row for it (${count} rows)`
          : `${subject} is ${fate.alteration}: ${showCell(legacy)} became ${showCell(fate.migrated)}${where === undefined || where === subject ? '' : ` in ${where}`}${fate.collidesWith === undefined ? '' : `, as ${showCell(fate.collidesWith)} did`} (${count} rows)`,
    evidence: {
      ...(fate === undefined ? {} : { alteration: fate.alteration, migrated: fate.migrated }),
      legacy,
      cells: failing.length,
      rows: rows.legacy.rows.length,
      row: showRow(rows.legacy, row),
      ...(where === undefined ? {} : { destination: where }),
    },
    hint:
      fate === undefined
        ? `Copy it before it goes, or declare the loss: -- godwit: discard ${subject} because …`
        : hintFor(fate.alteration),
    ...(destination === undefined ? {} : { shown: { beside: [destination.relation] } }),
  }
}

/** Whether an attribute that is still there was given another attribute's cells, while its own went to that one: nothing is lost, and everything reads wrong. */
function changedPlaces(
  lineage: RelationLineage,
  learned: AttributeLineage,
  fates: readonly { readonly fate: CellFate; readonly destination: Destination }[],
): boolean {
  if (!fates.some(({ fate, destination }) => destination.own && fate.fate === 'altered')) return false
  const now = fates.find(({ fate, destination }) => fate.fate === 'kept' && destination.relation === lineage.home)?.destination.columns[0]
    ?.attribute
  return [...lineage.attributes.values()].some(
    (other) => other.attribute !== learned.attribute && other.destinations.some((each) => each.own && each.columns[0]?.attribute === now),
  )
}

/** The first of those that are told at the gravest: how an attribute was altered must not hang on which row comes first. */
function gravest(failing: readonly Failing[], severityOf: (each: Failing) => Severity): Failing | undefined {
  const ranked = failing.map((each) => ({ each, severity: severityRank(severityOf(each)), altered: alterationRank(each.fate?.alteration) }))
  return ranked.toSorted((left, right) => right.severity - left.severity || right.altered - left.altered)[0]?.each
}

function weigh(alteration: string | undefined, cell: string | null, type: string): Severity {
  if (alteration !== undefined && warnings.has(alteration)) return 'warning'
  return isPlausible(cell, type) || alteration === undefined ? 'error' : 'warning'
}
