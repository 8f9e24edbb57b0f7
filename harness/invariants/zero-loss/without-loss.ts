import type { CellFate, Destination } from '../../lineage/index.ts'
import { columnName, isAmbiguous, isPlausible, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import { type AttributeCase, legacyCell } from './cases.ts'
import { isCopyOf } from './copies.ts'
import { fatesOf, hintFor, phraseOf, showRow } from './fates.ts'

export function swappedCells(given: AttributeCase, swapped: readonly [number, ...number[]]): Finding {
  const { knowledge, lineage, rows, learned } = given
  const legacy = legacyCell(given, swapped[0])
  const subject = `${lineage.relation}.${learned.attribute}`
  const target = learned.destinations.find((each) => !each.own && each.relation === lineage.home)
  return {
    invariant: 'zero-loss',
    kind: 'cell-altered',
    severity: 'error',
    known: 'observed',
    relation: lineage.relation,
    attribute: learned.attribute,
    ...knowledge.locate(lineage.relation, learned.attribute),
    message: `${shownName(subject)} is swapped: ${showCell(legacy)} is in ${target?.columns.map(columnName).join('+') ?? 'another column'} now, which had values of its own (${swapped.length} of ${rows.legacy.rows.length} rows)`,
    alteration: 'swapped',
    evidence: {
      alteration: 'swapped',
      legacy,
      cells: swapped.length,
      row: showRow(rows.legacy, swapped[0]),
      destination: target === undefined ? null : `${target.relation}.${target.columns.map(columnName).join('+')}`,
    },
    hint: 'Where the attributes were mixed up on purpose, rename them instead.',
    ...(target === undefined ? {} : { shown: { beside: [target.relation] } }),
  }
}

/** A key that was issued anew, though every reference in the database follows: links, exports and other systems still hold the old one. */
export function reissuedKey({ knowledge, lineage, learned, rows }: AttributeCase): Finding | undefined {
  const destination = learned.destinations[0]
  const column = destination?.columns[0]
  const isReference = knowledge.lineage === undefined || rows.isReference(learned.attribute)
  const dangling = knowledge.softReferences.find(({ from, to }) =>
    [from, to].some((end) => end.relation === lineage.relation && end.attribute === learned.attribute),
  )
  if (destination?.transform.kind !== 're-keyed' || column === undefined || isReference) return undefined
  return {
    invariant: 'zero-loss',
    kind: 'cell-altered',
    severity: dangling === undefined ? 'warning' : 'error',
    known: 'inferred',
    relation: lineage.relation,
    attribute: learned.attribute,
    ...knowledge.locate(lineage.relation, learned.attribute),
    message: `${shownName(lineage.relation)}.${learned.attribute} has new keys: rows and references use those in ${shownName(destination.relation)}.${columnName(column)}, and the old keys are in no column${dangling === undefined ? '' : `, but ${shownName([dangling.from, dangling.to].find((end) => end.relation !== lineage.relation)?.relation ?? 'another table')} still uses them`}`,
    alteration: 're-keyed',
    evidence: { alteration: 're-keyed', destination: `${destination.relation}.${columnName(column)}` },
    hint: 'Keep the old key in a column of its own as long as anything outside the database may hold it.',
    shown: { beside: [destination.relation] },
  }
}

/** The source is there still, but a copy that was exact on banded rows is not on these: what reads the copy from now on reads something else. */
export function unfaithfulCopy(given: AttributeCase): Finding | undefined {
  const { destinations } = given.learned
  const kept = (relation: string) =>
    destinations.some(
      (each) => each.relation === relation && exact.has(each.transform.kind) && each.columns.every(({ via }) => via === undefined),
    )
  for (const destination of destinations.filter((each) => isCopy(given, each))) {
    // A folded or shortened value beside the value itself serves a search.
    if (lossy.has(destination.transform.kind) && kept(destination.relation)) continue
    const altered = alteredIn(given, destination)
    const first = altered.find(({ legacy }) => isPlausible(legacy, given.type)) ?? altered[0]
    if (first !== undefined) return describeCopy(given, destination, first, altered.length)
  }
  return undefined
}

const exact = new Set(['identical', 'same-value', 'recoded', 'wrapped', 'scaled'])
/** What a copy of the whole table must not do to its values. */
const lossy = new Set(['case-folded', 'trimmed', 'truncated', 'rounded'])

/** An aggregate holds one row for several: no copy. Neither is what the server derives. */
function isCopy(given: AttributeCase, { own, relation, transform, columns, declared }: Destination): boolean {
  const { run, lineage, rows } = given
  // A declared destination is judged by itself.
  if (own || declared !== undefined || relation === lineage.home) return false
  if (!exact.has(transform.kind) && !lossy.has(transform.kind)) return false
  if (columns.some((column) => column.via !== undefined || column.json.length > 0)) return false
  const place = rows.places.find((each) => each.place.relation === relation)?.place
  if (place !== undefined && lossy.has(transform.kind) && !isCopyOf(given, place)) return false
  return (
    place !== undefined &&
    place.identity.length > 0 &&
    place.shared !== true &&
    !place.merges &&
    place.cardinality !== 'many' &&
    run.migrated?.catalog.relations.get(relation)?.kind !== 'materialized-view'
  )
}

interface Altered {
  readonly row: number
  readonly legacy: string | null
  readonly fate: Extract<CellFate, { fate: 'altered' }>
}

function alteredIn(given: AttributeCase, destination: Destination): readonly Altered[] {
  const apart = { ...given, recodes: new Map() }
  return given.rows.legacy.rows.flatMap((_, row) => {
    const fate = fatesOf(apart, destination, row)
      .map((each) => each.fate)
      .find((each) => each.fate === 'altered')
    return fate?.fate === 'altered' ? [{ row, legacy: legacyCell(given, row), fate }] : []
  })
}

function describeCopy(
  { knowledge, lineage, learned, rows }: AttributeCase,
  { relation, columns }: Destination,
  { row, legacy, fate: { alteration, migrated } }: Altered,
  cells: number,
): Finding {
  const subject = `${lineage.relation}.${learned.attribute}`
  const destination = `${relation}.${columns.map(columnName).join('+')}`
  return {
    invariant: 'zero-loss',
    kind: 'cell-altered',
    severity: 'warning',
    known: 'observed',
    relation: lineage.relation,
    attribute: learned.attribute,
    ...knowledge.locate(relation, columns[0]?.attribute),
    alteration,
    message: `${shownName(subject)} ${phraseOf(alteration)} in its copy: ${showCell(legacy)} became ${showCell(migrated)} in ${shownName(destination)} (${cells} of ${rows.legacy.rows.length} rows)`,
    evidence: {
      alteration,
      copy: true,
      legacy,
      migrated,
      cells,
      rows: rows.legacy.rows.length,
      row: showRow(rows.legacy, row),
      destination,
    },
    hint: hintFor(alteration),
    shown: { beside: [relation] },
  }
}

export function ambiguousRow({ rows, knowledge, lineage, learned, restored }: AttributeCase): Finding | undefined {
  if (learned.destinations.some(({ transform }) => transform.kind !== 'concatenated' && transform.kind !== 'unknown')) return undefined
  const found = isAmbiguous(rows, lineage, learned, (row) => restored.cell(row, learned.attribute))
  if (found === undefined) return undefined
  return {
    invariant: 'zero-loss',
    kind: 'cell-altered',
    severity: 'error',
    known: 'observed',
    relation: lineage.relation,
    attribute: learned.attribute,
    ...knowledge.locate(lineage.relation, learned.attribute),
    message: `${shownName(lineage.relation)}.${learned.attribute} is joined with other columns: ${showCell(found.migrated)} does not tell where ${showCell(found.legacy)} ends`,
    alteration: 'merged',
    evidence: { alteration: 'merged', legacy: found.legacy, migrated: found.migrated, row: showRow(rows.legacy, found.row) },
    hint: 'Keep the parts in columns of their own, or join them by something that cannot stand in them.',
  }
}
