import type { AttributeLineage, Knowledge, Recaptured, Recodes, RelationLineage } from '../../lineage/index.ts'
import { columnName, isAmbiguous, isPlausible, showCell } from '../../lineage/index.ts'
import type { Finding } from '../../result/index.ts'
import { fatesOf, hintFor, showRow } from './fates.ts'

export function swappedCells(
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
    alteration: 'swapped',
    evidence: {
      alteration: 'swapped',
      legacy: rows.legacy.rows[row]?.[index] ?? null,
      cells: count,
      row: showRow(rows.legacy, row),
      destination: target === undefined ? null : `${target.relation}.${target.columns.map(columnName).join('+')}`,
    },
    hint: 'Where the attributes were mixed up on purpose, rename them instead.',
    ...(target === undefined ? {} : { shown: { beside: [target.relation] } }),
  }
}

/** A key that was issued anew, though every reference in the database follows: links, exports and other systems still hold the old one. */
export function reissuedKey(
  knowledge: Knowledge,
  lineage: RelationLineage,
  learned: AttributeLineage,
  rows: Recaptured,
): Finding | undefined {
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
    alteration: 're-keyed',
    evidence: { alteration: 're-keyed', destination: `${destination.relation}.${columnName(column)}` },
    hint: 'Keep the old key in a column of its own as long as anything outside the database may hold it.',
    shown: { beside: [destination.relation] },
  }
}

/** The source is there still, but a copy that was exact on banded rows is not on these: what reads the copy from now on reads something else. */
export function unfaithfulCopy(
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
      place.shared === true ||
      place.merges ||
      place.cardinality === 'many' ||
      isDerived(destination.relation)
    )
      continue
    const recodes: Recodes = new Map()
    const altered = rows.legacy.rows.flatMap((row, at) => {
      const legacy = row[index] ?? null
      const fate = fatesOf(rows, learned.attribute, destination, at, legacy, type, recodes)
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
      alteration: first.fate.alteration,
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
      shown: { beside: [destination.relation] },
    }
  }
  return undefined
}

export function ambiguousRow(
  rows: Recaptured,
  knowledge: Knowledge,
  lineage: RelationLineage,
  learned: AttributeLineage,
): Finding | undefined {
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
    alteration: 'merged',
    evidence: { alteration: 'merged', legacy: found.legacy, migrated: found.migrated, row: showRow(rows.legacy, found.row) },
    hint: 'Keep the parts in columns of their own, or join them by something that cannot stand in them.',
  }
}
