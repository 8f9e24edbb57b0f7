import type { Relation } from '../catalog/index.ts'
import type { Finding, Severity } from './finding.ts'
import { assumeLineage } from './lineage/assume.ts'
import { type ColumnTable, columnName } from './lineage/columns.ts'
import { isAmbiguous } from './lineage/concatenated.ts'
import { type CellFate, judgeCell, type Recodes } from './lineage/judge-cell.ts'
import type { AttributeLineage, Destination, RelationLineage } from './lineage/model.ts'
import { isPlausible } from './lineage/plausible.ts'
import { columnIndex, type Recaptured, recapture, tablesOf } from './lineage/recapture.ts'
import { restoredCells } from './lineage/restored.ts'
import { alterationOf } from './lineage/transform.ts'
import type { Knowledge, Observation, RunObservation } from './observation.ts'
import { type Invariant, isDiscarded, keyOf, showCell, type Verdict } from './support.ts'

const warnings = new Set(['case-folded', 'trimmed', 'null-filled', 'empty-made-null', 're-keyed'])

/**
 * Every legacy cell is kept, moved or reversibly altered, or is declared discarded.
 *
 * Kinds: `row-lost`, `row-doubled`, `cell-lost` (its attribute has no destination), `cell-altered` (evidence `alteration`: nulled,
 * null-filled, empty-made-null, trimmed, case-folded, truncated, rounded, zone-shifted, merged, overwritten, rewritten, swapped, re-keyed).
 * A cell that `down` brings back in this run is acquitted; the forward fact is a note of severity info.
 */
export const zeroLoss: Invariant = {
  id: 'zero-loss',
  kinds: ['row-lost', 'row-doubled', 'cell-lost', 'cell-altered'],
  judge({ run, knowledge }: Observation): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    if (run.migrated === undefined) return { outcome: 'unknown', because: 'up failed on these rows', saw: { ...saw, runs: 0 } }
    // What is lost may come back: a run that did not try cannot tell.
    if (knowledge.hasDown && run.reverted === undefined)
      return { outcome: 'unknown', because: 'down was not run', saw: { ...saw, runs: 0 } }
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
      const rows = ownRows(recapture(run, relation, migrated), relation, knowledge)
      if (rows !== undefined) findings.push(...judgeRelation(run, knowledge, relation, rows))
    }
    const [first, ...rest] = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest, ...notes], saw }
    if (unjudged.length > 0)
      return {
        outcome: 'unknown',
        because: `nothing is known of where the rows of ${unjudged.join(', ')} go: up failed on all banded ones`,
        saw,
        notes,
      }
    if (saw.rows === 0) return { outcome: 'unknown', because: 'no legacy row was seen', saw }
    return { outcome: 'holds', saw, notes }
  },
}

/** In a place that several legacy relations share, a row under the same key that agrees in nothing else is another relation's. */
function ownRows(rows: Recaptured | undefined, lineage: RelationLineage, knowledge: Knowledge): Recaptured | undefined {
  if (rows === undefined) return undefined
  const places = rows.places.map((each) => {
    const { place, table } = each
    const shared = [...(knowledge.lineage?.relations.values() ?? [])].some(
      (other) => other.relation !== lineage.relation && other.home === place.relation,
    )
    if (!shared || place.identity.length === 0) return each
    const keys = new Set(place.identity.map(({ legacy }) => legacy))
    const compared = [...lineage.attributes.values()].flatMap(({ attribute, destinations }) => {
      const found = keys.has(attribute)
        ? undefined
        : destinations.find((at) => at.relation === place.relation && at.transform.kind === 'identical')
      const before = rows.legacy.columns.findIndex((column) => column.attribute === attribute && column.json.length === 0)
      return found?.columns[0] === undefined ? [] : [{ before, after: columnIndex(table, found.columns[0]) }]
    })
    const agrees = (legacy: number, match: number) =>
      compared.some(({ before, after }) => (rows.legacy.rows[legacy]?.[before] ?? null) === (table.rows[match]?.[after] ?? null))
    return compared.length === 0
      ? each
      : { ...each, byRow: each.byRow.map((matches, legacy) => matches.filter((match) => agrees(legacy, match))) }
  })
  return { ...rows, places }
}

function isJudged(run: RunObservation, path: string): boolean {
  const kind = run.legacy.catalog.relations.get(path)?.kind
  return kind === 'table' || kind === 'partitioned-table'
}

function judgeRelation(run: RunObservation, knowledge: Knowledge, lineage: RelationLineage, rows: Recaptured): readonly Finding[] {
  const catalog = run.legacy.catalog.relations.get(lineage.relation)
  if (catalog === undefined || isDiscarded(knowledge, lineage.relation)) return []
  const restored = restoredCells(run, lineage.relation)
  const findings = [...judgeRows(knowledge, lineage, rows, catalog, restored.rows)]
  const recodes: Recodes = new Map()
  for (const attribute of catalog.attributes) {
    if (attribute.generated !== undefined || isDiscarded(knowledge, lineage.relation, attribute.name)) continue
    const learned = lineage.attributes.get(attribute.name)
    if (learned === undefined) continue
    const finding = judgeAttribute(run, knowledge, lineage, rows, learned, attribute.type, recodes, (row) =>
      restored.cell(row, attribute.name),
    )
    if (finding !== undefined) findings.push(finding)
  }
  return findings
}

function judgeRows(
  knowledge: Knowledge,
  lineage: RelationLineage,
  rows: Recaptured,
  catalog: Relation,
  isRestored: (row: number) => boolean,
): readonly Finding[] {
  const at = { invariant: 'zero-loss', known: 'observed' as const, relation: lineage.relation, ...knowledge.locate(lineage.relation) }
  const findings: Finding[] = []
  const lost = rows.legacy.rows.map((_, row) => row).filter((row) => rows.places.every(({ byRow }) => (byRow[row] ?? []).length === 0))
  if (lost.length > 0) {
    const acquitted = lost.every(isRestored)
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
  const home = rows.places.find(({ place }) => place.relation === lineage.home)
  const doubled = home === undefined ? [] : rows.legacy.rows.map((_, row) => row).filter((row) => isDoubled(home, row, lineage, knowledge))
  if (home !== undefined && doubled.length > 0) {
    findings.push({
      ...at,
      kind: 'row-doubled',
      severity: 'error',
      message: `${doubled.length} of ${rows.legacy.rows.length} rows of ${lineage.relation} stand more than once in ${home.place.relation} after up`,
      evidence: {
        doubled: doubled.length,
        rows: rows.legacy.rows.length,
        into: home.place.relation,
        examples: doubled.slice(0, 3).map((row) => ({ row: showRow(rows.legacy, row), times: home.byRow[row]?.length ?? 0 })),
      },
      hint: 'A join that finds several partners doubles the row: join on a key, or aggregate first.',
    })
  }
  return findings
}

/** A row stands twice where all that is copied whole is equal; a row taken apart (a list to rows) is not doubled, nor is one that another relation's rows carry along. */
function isDoubled(home: Recaptured['places'][number], row: number, lineage: RelationLineage, knowledge: Knowledge): boolean {
  const matches = home.byRow[row] ?? []
  if (matches.length < 2) return false
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

function judgeAttribute(
  run: RunObservation,
  knowledge: Knowledge,
  lineage: RelationLineage,
  rows: Recaptured,
  learned: AttributeLineage,
  type: string,
  recodes: Recodes,
  isRestored: (row: number) => boolean,
): Finding | undefined {
  const { attribute, destinations } = learned
  const index = rows.legacy.columns.findIndex((column) => column.attribute === attribute && column.json.length === 0)
  const failing: { row: number; fate: Exclude<CellFate, { fate: 'kept' }> | undefined; destination: Destination | undefined }[] = []
  const swapped: number[] = []
  rows.legacy.rows.forEach((row, at) => {
    if (rows.places.every(({ byRow }) => (byRow[at] ?? []).length === 0)) return
    const cell = row[index] ?? null
    const fates = destinations.flatMap((destination) => fatesOf(rows, destination, at, cell, type, recodes))
    if (fates.some(({ fate }) => fate.fate === 'kept')) {
      if (changedPlaces(lineage, learned, fates)) swapped.push(at)
      return
    }
    if (fates.length === 0) {
      if (cell === null) return
      // It has a place to go to, and no row stands there for this one: as good as NULL.
      const [destination] = destinations
      const migrated = destination?.columns[0]?.type ?? type
      const absent = destinations.find((each) => each.absent !== undefined)
      if (absent?.absent?.value === cell) return
      if (destination !== undefined)
        fates.push({
          fate: { fate: 'altered', alteration: alterationOf(cell, null, { legacy: type, migrated }), migrated: null },
          destination,
        })
    }
    const worst = fates.find(({ destination }) => destination.own) ?? fates[0]
    failing.push({ row: at, fate: worst?.fate.fate === 'altered' ? worst.fate : undefined, destination: worst?.destination })
  })
  const [changed] = swapped
  if (failing.length === 0 && changed !== undefined && !swapped.every(isRestored))
    return swappedCells(knowledge, lineage, rows, learned, index, changed, swapped.length)
  const merged = failing.length === 0 ? ambiguousRow(rows, knowledge, lineage, learned) : undefined
  const first =
    failing.find(
      ({ row, fate }) => !isRestored(row) && weigh(fate?.alteration, rows.legacy.rows[row]?.[index] ?? null, type) === 'error',
    ) ??
    failing.find(({ row }) => !isRestored(row)) ??
    failing[0]
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
  const { fate, row, destination } = first
  const acquitted = failing.every((each) => isRestored(each.row))
  const where = destination === undefined ? undefined : `${destination.relation}.${destination.columns.map(columnName).join('+')}`
  const volatile = destination?.columns.some((column) => knowledge.volatile.has(`${destination.relation}.${column.attribute}`)) ?? false
  const grave: Severity = volatile && fate !== undefined ? 'warning' : weigh(fate?.alteration, rows.legacy.rows[row]?.[index] ?? null, type)
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
    message:
      (fate === undefined
        ? `${subject} is nowhere after up: ${showCell(legacy)} is lost (${count} rows)`
        : `${subject} is ${fate.alteration}: ${showCell(legacy)} became ${showCell(fate.migrated)}${where === undefined || where === subject ? '' : ` in ${where}`}${fate.collidesWith === undefined ? '' : `, as ${showCell(fate.collidesWith)} did`} (${count} rows)`) +
      (acquitted ? '; down brings it back' : ''),
    evidence: {
      ...(acquitted ? { acquittedFrom: grave } : {}),
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

function swappedCells(
  knowledge: Knowledge,
  lineage: RelationLineage,
  rows: Recaptured,
  learned: AttributeLineage,
  index: number,
  row: number,
  count: number,
): Finding {
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
    message: `${subject} is swapped: ${showCell(rows.legacy.rows[row]?.[index] ?? null)} now stands in ${target?.columns.map(columnName).join('+') ?? 'another attribute'}, which had values of its own (${count} of ${rows.legacy.rows.length} rows)`,
    evidence: {
      alteration: 'swapped',
      legacy: rows.legacy.rows[row]?.[index] ?? null,
      cells: count,
      row: showRow(rows.legacy, row),
      destination: target === undefined ? null : `${target.relation}.${target.columns.map(columnName).join('+')}`,
    },
    hint: 'Where the attributes were mixed up on purpose, rename them instead.',
  }
}

/** A key that was issued anew, though every reference in the database follows: links, exports and other systems still hold the old one. */
function reissuedKey(knowledge: Knowledge, lineage: RelationLineage, learned: AttributeLineage, rows: Recaptured): Finding | undefined {
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
    message: `${lineage.relation}.${learned.attribute} is re-keyed: rows and references carry new keys in ${destination.relation}.${columnName(column)}, the old ones are nowhere${dangling === undefined ? '' : `, and ${[dangling.from, dangling.to].find((end) => end.relation !== lineage.relation)?.relation ?? 'another relation'} still holds them`}`,
    evidence: { alteration: 're-keyed', destination: `${destination.relation}.${columnName(column)}` },
    hint: 'Keep the old key in a column of its own as long as anything outside the database may hold it.',
  }
}

/** The source is there still, but a copy that was exact on banded rows is not on these: what reads the copy from now on reads something else. */
function unfaithfulCopy(
  knowledge: Knowledge,
  lineage: RelationLineage,
  rows: Recaptured,
  learned: AttributeLineage,
  type: string,
  index: number,
  isDerived: (relation: string) => boolean,
): Finding | undefined {
  const exact = new Set(['identical', 'same-value', 'recoded', 'wrapped', 'scaled'])
  for (const destination of learned.destinations) {
    if (
      destination.own ||
      destination.relation === lineage.home ||
      !exact.has(destination.transform.kind) ||
      destination.columns.some((column) => column.via !== undefined || column.json.length > 0)
    )
      continue
    const place = rows.places.find((each) => each.place.relation === destination.relation)?.place
    // An aggregate holds one row for several: no copy. Neither is what the server derives.
    if (
      place === undefined ||
      place.identity.length === 0 ||
      place.merges ||
      place.cardinality === 'many' ||
      isDerived(destination.relation)
    )
      continue
    const recodes: Recodes = new Map()
    const altered = rows.legacy.rows.flatMap((row, at) => {
      const legacy = row[index] ?? null
      const fate = fatesOf(rows, destination, at, legacy, type, recodes)
        .map((each) => each.fate)
        .find((each) => each.fate === 'altered')
      return fate?.fate === 'altered' ? [{ row: at, legacy, fate }] : []
    })
    const first = altered.find(({ legacy }) => isPlausible(legacy, type)) ?? altered[0]
    if (first === undefined) continue
    const [subject, target] = [
      `${lineage.relation}.${learned.attribute}`,
      `${destination.relation}.${destination.columns.map(columnName).join('+')}`,
    ]
    return {
      invariant: 'zero-loss',
      kind: 'cell-altered',
      severity: 'warning',
      known: 'observed',
      relation: lineage.relation,
      attribute: learned.attribute,
      ...knowledge.locate(destination.relation, destination.columns[0]?.attribute),
      message: `${subject} is ${first.fate.alteration} in its copy: ${showCell(first.legacy)} became ${showCell(first.fate.migrated)} in ${target} (${altered.length} of ${rows.legacy.rows.length} rows)`,
      evidence: {
        alteration: first.fate.alteration,
        copy: true,
        legacy: first.legacy,
        migrated: first.fate.migrated,
        cells: altered.length,
        rows: rows.legacy.rows.length,
        row: showRow(rows.legacy, first.row),
        destination: target,
      },
      hint: hintFor(first.fate.alteration),
    }
  }
  return undefined
}

function fatesOf(
  rows: Recaptured,
  destination: Destination,
  row: number,
  cell: string | null,
  type: string,
  recodes: Recodes,
): readonly { fate: CellFate; destination: Destination }[] {
  const place = rows.places.find((each) => each.place.relation === destination.relation)
  const matches = place?.byRow[row] ?? []
  if (place === undefined || matches.length === 0) return []
  const values = matches.map((at) => destination.columns.map((column) => place.table.rows[at]?.[columnIndex(place.table, column)] ?? null))
  const found = destination.transform.kind === 'part' ? [values.flat()] : values
  return found.map((cells) => ({ fate: judgeCell(cell, cells, destination, type, recodes), destination }))
}

function ambiguousRow(rows: Recaptured, knowledge: Knowledge, lineage: RelationLineage, learned: AttributeLineage): Finding | undefined {
  if (learned.destinations.some(({ transform }) => transform.kind !== 'concatenated' && transform.kind !== 'unknown')) return undefined
  const found = isAmbiguous(rows, lineage, learned)
  if (found === undefined) return undefined
  return {
    invariant: 'zero-loss',
    kind: 'cell-altered',
    severity: 'error',
    known: 'observed',
    relation: lineage.relation,
    attribute: learned.attribute,
    ...knowledge.locate(lineage.relation, learned.attribute),
    message: `${lineage.relation}.${learned.attribute} is merged: in ${showCell(found.migrated)} nobody can tell where ${showCell(found.legacy)} ends`,
    evidence: { alteration: 'merged', legacy: found.legacy, migrated: found.migrated, row: showRow(rows.legacy, found.row) },
    hint: 'Keep the parts in columns of their own, or join them by something that cannot stand in them.',
  }
}

function weigh(alteration: string | undefined, cell: string | null, type: string): Severity {
  if (alteration !== undefined && warnings.has(alteration)) return 'warning'
  return isPlausible(cell, type) || alteration === undefined ? 'error' : 'warning'
}

function showRow(table: ColumnTable, row: number): Readonly<Record<string, string | null>> {
  return Object.fromEntries(table.columns.slice(0, table.width).map((column, at) => [column.attribute, table.rows[row]?.[at] ?? null]))
}

function hintFor(alteration: string): string {
  const hints: Readonly<Record<string, string>> = {
    'null-filled': 'Leave NULL where nothing is known: the filler cannot be told from a real value.',
    'empty-made-null': 'An empty text and NULL are two states; keep both, or declare the discard.',
    trimmed: 'Keep the text as it is, or declare the discard.',
    'case-folded': 'Keep the text as it is and fold in an index or a generated column.',
    truncated: 'Widen the target, or fail on what does not fit.',
    rounded: 'Use a type that holds every digit.',
    'zone-shifted': 'Say in which zone the legacy values are: AT TIME ZONE, or SET LOCAL timezone.',
    merged: 'Give each legacy value a value of its own.',
    nulled: 'Copy the value; where the expression has a NULL operand, use concat_ws or COALESCE on that operand.',
  }
  return hints[alteration] ?? 'Keep the old value, or declare the discard.'
}
