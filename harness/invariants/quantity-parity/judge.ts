import type { Attribute } from '../../catalog/index.ts'
import type { ColumnTable, Destination, Knowledge, Place, Recaptured, RelationLineage } from '../../lineage/index.ts'
import {
  columnIndex,
  columnName,
  isNumeric,
  isPlausible,
  keyOf,
  numberKey,
  recapture,
  showCell,
  sumKey,
  tablesOf,
} from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { MeasureReading, RunObservation } from '../../run/index.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

/**
 * Each declared measure is equal before and after, per key and in total, in exact decimal arithmetic; so is, without being declared, a
 * numeric attribute that lineage shows copied into another relation: for each legacy row, the sum of the copies.
 *
 * Kind: `difference`. Rows that were moved and not copied are not counted; nor are aggregates.
 */
export const quantityParity: Invariant = {
  id: 'quantity-parity',
  holds: 'declared measures, and numbers that are copied, are equal before and after, exactly',
  violation: 'quantities differ before and after',
  rules,
  looks: { everyRun: ['up'] },
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    if (run.migrated === undefined)
      return {
        outcome: 'unknown',
        because: 'the migration fails on the data sets with which it could be checked',
        saw: { ...saw, runs: 0 },
      }
    const findings: Finding[] = []
    for (const measure of run.measures) {
      saw.cells += measure.before.size
      saw.rows += measure.before.size
      const finding = compareMeasure(measure)
      if (finding !== undefined) findings.push(finding)
    }
    const migrated = tablesOf(run.migrated)
    for (const path of run.legacy.rows.keys()) {
      const quantities = quantitiesOf(run, knowledge, path, migrated)
      if (quantities === undefined) continue
      saw.relations += 1
      for (const copy of copiesOf(run, quantities)) {
        const { cells, differing } = compareCopy(copy)
        saw.cells += cells
        saw.rows += copy.rows.legacy.rows.length
        const shown = differing.find(({ cell }) => isPlausible(cell, copy.attribute.type)) ?? differing[0]
        if (shown !== undefined) findings.push(describeCopy(copy, shown, differing.length, knowledge))
      }
    }
    const [first, ...rest] = findings
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest], saw }
    if (saw.cells === 0) return { outcome: 'not-applicable', because: 'no measure is declared and no numeric column is copied' }
    return { outcome: 'holds', saw }
  },
}

/** The numeric attributes of one legacy relation that are no keys, with its rows and where they went. */
interface Quantities {
  readonly lineage: RelationLineage
  readonly attributes: readonly Attribute[]
  readonly rows: Recaptured
}

/** One of them as it was copied to one place. */
interface Copy {
  readonly relation: string
  readonly attribute: Attribute
  readonly rows: Recaptured
  readonly place: Recaptured['places'][number]
  readonly column: Destination['columns'][number]
  /** In its own relation a row without a partner was moved; in another one it was left out of the copy. */
  readonly elsewhere: boolean
}

interface Differing {
  readonly row: number
  readonly cell: string | null
  readonly copies: number
}

function quantitiesOf(
  run: RunObservation,
  knowledge: Knowledge,
  path: string,
  migrated: ReadonlyMap<string, ColumnTable>,
): Quantities | undefined {
  const lineage = knowledge.lineage?.relations.get(path)
  const catalog = run.legacy.catalog.relations.get(path)
  if (lineage === undefined || catalog === undefined) return undefined
  const soft = knowledge.softReferences.flatMap(({ from, to }) => [from, to]).filter((each) => each.relation === path)
  const keys = new Set([
    ...soft.map((each) => each.attribute),
    ...keyOf(catalog),
    ...catalog.constraints.filter((each) => each.kind === 'foreign-key' || each.kind === 'unique').flatMap((each) => each.attributes),
  ])
  const attributes = catalog.attributes.filter((each) => isNumeric(each.type) && !keys.has(each.name) && each.generated === undefined)
  const rows = attributes.length === 0 ? undefined : recapture(run, lineage, migrated)
  return rows === undefined || rows.legacy.rows.length === 0 ? undefined : { lineage, attributes, rows }
}

/** Copies that nobody declared a measure for. */
function copiesOf(run: RunObservation, { lineage, attributes, rows }: Quantities): readonly Copy[] {
  const { relation } = lineage
  const declared = new Set(run.measures.filter((each) => each.relation === relation).map((each) => each.attribute))
  return attributes
    .filter(({ name }) => !declared.has(name))
    .flatMap((attribute) =>
      (lineage.attributes.get(attribute.name)?.destinations ?? []).flatMap((destination): readonly Copy[] => {
        const column = destination.columns[0]
        const place = rows.places.find((each) => each.place.relation === destination.relation)
        if (column === undefined || place === undefined || !isCopy(destination, place.place)) return []
        if (isLookedUp(run, lineage, attribute.name, destination)) return []
        return [{ relation, attribute, rows, place, column, elsewhere: place.place.relation !== lineage.home }]
      }),
    )
}

/** Whether each row has its own partners there, with the number as it was. */
function isCopy({ own, columns, transform }: Destination, place: Place): boolean {
  return (
    !own &&
    columns[0]?.via === undefined &&
    ['identical', 'same-value', 'rounded'].includes(transform.kind) &&
    place.identity.length > 0 &&
    place.shared !== true &&
    place.exclusive !== true &&
    !place.merges
  )
}

function compareCopy({ attribute, rows, place, column, elsewhere }: Copy): {
  readonly cells: number
  readonly differing: readonly Differing[]
} {
  const from = rows.legacy.columns.findIndex((each) => each.attribute === attribute.name && each.json.length === 0)
  const to = columnIndex(place.table, column)
  const compared = rows.legacy.rows.flatMap((legacy, row) => {
    const matches = place.byRow[row] ?? []
    return matches.length === 0 && !elsewhere ? [] : [{ row, cell: legacy[from] ?? null, matches }]
  })
  const differing = compared.flatMap(({ row, cell, matches }) => {
    const sum = sumKey(matches.map((match) => place.table.rows[match]?.[to] ?? null))
    return sum === sumKey([cell]) || (cell !== null && numberKey(cell) === undefined) ? [] : [{ row, cell, copies: matches.length }]
  })
  return { cells: compared.length, differing }
}

function describeCopy(copy: Copy, { row, cell, copies }: Differing, differing: number, knowledge: Knowledge): Finding {
  const { relation, attribute, place } = copy
  const { legacy } = copy.rows
  const destination = `${place.place.relation}.${columnName(copy.column)}`
  return {
    invariant: 'quantity-parity',
    kind: 'difference',
    severity: isPlausible(cell, attribute.type) ? 'error' : 'warning',
    known: 'observed',
    relation,
    attribute: attribute.name,
    ...knowledge.locate(relation, attribute.name, ['copy']),
    message: `${shownName(relation)}.${attribute.name} is ${showCell(cell)} before the migration, but ${copies === 0 ? 'it is not copied to' : `${copies} rows have another sum in`} ${shownName(destination)} (${differing} of ${legacy.rows.length} rows)`,
    evidence: {
      legacy: cell,
      copies,
      differing,
      rows: legacy.rows.length,
      destination,
      row: Object.fromEntries(legacy.columns.slice(0, legacy.width).map((each, at) => [each.attribute, legacy.rows[row]?.[at] ?? null])),
    },
    hint: 'Copy every row whose quantity counts, once; a filter or a join in the copy changes the total.',
    shown: { beside: [place.place.relation] },
  }
}

/**
 * Whether the quantity stays where it is and is noted beside rows that were there before: of another relation (a look-up, no stock that
 * moves), or of its own (a balance, worked out of it).
 */
function isLookedUp(run: RunObservation, lineage: RelationLineage, attribute: string, destination: Destination): boolean {
  const stays = lineage.attributes
    .get(attribute)
    ?.destinations.some((each) => each.own && each.assumed !== true && each.transform.kind === 'identical')
  const oid = run.migrated?.catalog.relations.get(destination.relation)?.oid
  const beside = [...run.legacy.catalog.relations].some(([path, each]) => path !== lineage.relation && each.oid === oid)
  return stays === true && (beside || own(run, lineage) === oid)
}

function own(run: RunObservation, { relation }: RelationLineage): number | undefined {
  return run.legacy.catalog.relations.get(relation)?.oid
}

function compareMeasure(measure: MeasureReading): Finding | undefined {
  const keys = [...new Set([...measure.before.keys(), ...measure.after.keys()])].sort()
  const differing = keys.filter((key) => amount(measure.before.get(key)) !== amount(measure.after.get(key)))
  const total = [sumKey([...measure.before.values()]), sumKey([...measure.after.values()])]
  const key = differing[0]
  if (key === undefined && total[0] === total[1]) return undefined
  return {
    invariant: 'quantity-parity',
    kind: 'difference',
    severity: 'error',
    known: 'observed',
    relation: measure.relation,
    attribute: measure.attribute,
    object: measure.name,
    message: `${measure.name}: ${key === undefined || key === '' ? 'the total' : `key ${showCell(key)}`} is ${showCell(measure.before.get(key ?? ''))} before and ${showCell(measure.after.get(key ?? ''))} after (${differing.length} of ${keys.length} keys differ)`,
    evidence: {
      measure: measure.name,
      key: key ?? null,
      before: measure.before.get(key ?? '') ?? null,
      after: measure.after.get(key ?? '') ?? null,
      differing: differing.length,
      keys: keys.length,
    },
    hint: 'The measure counts each key once on either side; look for rows that the copy skips or doubles.',
    shown: { measure: measure.name },
  }
}

/** A key that is absent and one without a value are the same amount: none. What is no finite number is compared as text. */
function amount(value: string | null | undefined): string {
  return value === null || value === undefined ? sumKey([]) : (numberKey(value) ?? value)
}
