import type { CellFate, Destination } from '../../lineage/index.ts'
import { columnName, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import { alterationRank, type Finding, type Severity, severityRank, type Through } from '../../result/index.ts'
import { aimedAt } from './aimed.ts'
import { type AttributeCase, legacyCell } from './cases.ts'
import { fatesOf, hintFor, type PlacedFate, phraseOf, showRow } from './fates.ts'
import { ofTheClock } from './of-the-clock.ts'
import { toldThrough, wentThrough } from './through.ts'
import { weigh } from './weigh.ts'
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

export function judgeAttribute(given: AttributeCase): Finding | undefined {
  const { run, knowledge, lineage, learned, rows, restored } = given
  const destinations = aimedAt(run, knowledge, lineage.relation, learned.attribute, learned.destinations)
  const isRestored = (row: number) => restored.cell(row, learned.attribute)
  const seen = rows.legacy.rows.map((_, row) => failingCell(given, destinations, row))
  const failing = seen.filter((each) => typeof each === 'object')
  const [swapped, ...others] = seen.flatMap((each, row) => (each === 'swapped' ? [row] : []))
  if (failing.length === 0)
    return swapped !== undefined && ![swapped, ...others].every(isRestored)
      ? swappedCells(given, [swapped, ...others])
      : (ambiguousRow(given) ?? reissuedKey(given) ?? unfaithfulCopy(given))
  const lasting = failing.filter(({ row }) => !isRestored(row))
  const worst = gravest(given, lasting.length > 0 ? lasting : failing)
  const through = wentThrough(
    given,
    failing.map(({ row }) => row),
    learned.attribute,
  )
  return worst && describeFailing(given, worst, { cells: failing.length, acquitted: lasting.length === 0, through })
}

/** How one legacy row's cell did not arrive; undefined where it did, or where the whole row did not. */
function failingCell(given: AttributeCase, destinations: readonly Destination[], row: number): Failing | 'swapped' | undefined {
  if (given.rows.places.every(({ byRow }) => (byRow[row] ?? []).length === 0)) return undefined
  const fates = destinations.filter((each) => !isCoincidence(given, each)).flatMap((destination) => fatesOf(given, destination, row))
  if (fates.some(({ fate }) => fate.fate === 'kept')) return changedPlaces(given, fates) ? 'swapped' : undefined
  if (fates.length > 0) {
    const worst = fates.find(({ destination }) => destination.own) ?? fates[0]
    return { row, fate: worst?.fate.fate === 'altered' ? worst.fate : undefined, destination: worst?.destination, noRow: false }
  }
  const cell = legacyCell(given, row)
  const absent = destinations.find((each) => each.absent !== undefined)?.absent
  if (cell === null || absent?.value === cell) return undefined
  // It has a place to go to, and no row stands there for this one: as good as NULL.
  const [destination] = destinations
  const fate = destination === undefined ? undefined : ({ fate: 'altered', alteration: 'nulled', migrated: null } as const)
  return { row, fate, destination, noRow: true }
}

/**
 * Whether only a code of the attribute's values is in a column where another attribute has its own: rows that were made anew have the time of
 * the migration in one column, and what tells them apart in another.
 */
function isCoincidence({ lineage, learned }: AttributeCase, { own, relation, transform, columns }: Destination): boolean {
  if (own || relation !== lineage.home || transform.kind !== 'recoded' || !learned.destinations.some((each) => each.own)) return false
  return isOfAnother({ lineage, learned }, columns[0]?.attribute)
}

/** Whether another legacy attribute has its own cells in a column. */
function isOfAnother({ lineage, learned }: Pick<AttributeCase, 'lineage' | 'learned'>, column: string | undefined): boolean {
  return [...lineage.attributes.values()].some(
    (other) =>
      other.attribute !== learned.attribute && other.destinations.some((each) => each.own && each.columns[0]?.attribute === column),
  )
}

function severityOf(given: AttributeCase, { row, fate, destination }: Failing): Severity {
  const { knowledge, run, type } = given
  const volatile = destination?.columns.some((column) => knowledge.volatile.has(`${destination.relation}.${column.attribute}`)) ?? false
  const timed = destination?.columns.some((column) => ofTheClock(fate?.migrated, column.type, run.clock)) ?? false
  return (volatile || timed) && fate !== undefined ? 'warning' : weigh(fate?.alteration, legacyCell(given, row), type)
}

interface Extent {
  readonly cells: number
  /** Whether `down` brings all of them back. */
  readonly acquitted: boolean
  readonly through: Through | undefined
}

function describeFailing(given: AttributeCase, failing: Failing, { cells, acquitted, through }: Extent): Finding {
  const { knowledge, lineage, learned, rows } = given
  const { fate, row, destination } = failing
  const where = destination === undefined ? undefined : `${destination.relation}.${destination.columns.map(columnName).join('+')}`
  const grave = severityOf(given, failing)
  const subject = `${lineage.relation}.${learned.attribute}`
  return {
    invariant: 'zero-loss',
    kind: fate === undefined ? 'cell-lost' : 'cell-altered',
    severity: acquitted ? 'info' : grave,
    known: 'observed',
    relation: lineage.relation,
    attribute: learned.attribute,
    ...knowledge.locate(lineage.relation, learned.attribute),
    ...(acquitted ? { acquittedFrom: grave } : {}),
    through,
    ...(fate === undefined ? {} : { alteration: fate.alteration }),
    message: `${shownName(subject)} ${whatBecame(given, failing, where === subject ? undefined : where)} (${cells} of ${rows.legacy.rows.length} rows)${toldThrough(through)}`,
    evidence: {
      ...(fate === undefined ? {} : { alteration: fate.alteration, migrated: fate.migrated }),
      legacy: legacyCell(given, row),
      cells,
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

/** @param where  Where the cell is now, if it is not where it was. */
function whatBecame(given: AttributeCase, { row, fate, destination, noRow }: Failing, where: string | undefined): string {
  const legacy = showCell(legacyCell(given, row))
  if (fate === undefined) return `is lost: its values are in no column after the migration, e.g. ${legacy}`
  if (noRow) return `is lost where ${shownName(destination?.relation ?? '')} has no row for it, e.g. ${legacy}`
  const collides = fate.collidesWith === undefined ? '' : `, and so did ${showCell(fate.collidesWith)}`
  return `${phraseOf(fate.alteration)}: ${legacy} became ${showCell(fate.migrated)}${where === undefined ? '' : ` in ${shownName(where)}`}${collides}`
}

/** Whether an attribute that is still there was given another attribute's cells, while its own went to that one: nothing is lost, and everything reads wrong. */
function changedPlaces({ lineage, learned }: AttributeCase, fates: readonly PlacedFate[]): boolean {
  if (!fates.some(({ fate, destination }) => destination.own && fate.fate === 'altered')) return false
  const now = fates.find(({ fate, destination }) => fate.fate === 'kept' && destination.relation === lineage.home)?.destination.columns[0]
    ?.attribute
  return isOfAnother({ lineage, learned }, now)
}

/** The first of those that are told at the gravest: how an attribute was altered must not hang on which row comes first. */
function gravest(given: AttributeCase, failing: readonly Failing[]): Failing | undefined {
  const ranked = failing.map((each) => ({
    each,
    severity: severityRank(severityOf(given, each)),
    altered: alterationRank(each.fate?.alteration),
  }))
  return ranked.toSorted((left, right) => right.severity - left.severity || right.altered - left.altered)[0]?.each
}
