import type { Place, Recaptured, RelationLineage } from '../../lineage/index.ts'
import { showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import type { RelationCase } from './cases.ts'
import { showRow } from './fates.ts'

/**
 * Whether a migrated relation is a copy of a legacy one that stays: made by `up`, a row for each row, found by key, with half of the
 * attributes at least, and two. A table with one of them, or with few of many, is a table of its own.
 */
export function isCopyOf({ run, lineage, catalog }: Pick<RelationCase, 'run' | 'lineage' | 'catalog'>, place: Place): boolean {
  const made = run.migrated?.catalog.relations.get(place.relation)
  const isNew = made?.kind === 'table' && ![...run.legacy.catalog.relations.values()].some(({ oid }) => oid === made.oid)
  if (!isNew || lineage.home !== lineage.relation || place.relation === lineage.home || place.exclusive === true) return false
  if (place.identity.length === 0 || place.shared === true || place.merges || place.cardinality === 'many') return false
  const keys = new Set(place.identity.map(({ legacy }) => legacy))
  const others = catalog.attributes.filter(({ name, generated }) => generated === undefined && !keys.has(name))
  const copied = copiedAttributes(lineage, place).length
  return copied >= 2 && copied * 2 >= others.length
}

const carried = new Set(['identical', 'same-value', 'recoded', 'wrapped', 'scaled', 'case-folded', 'trimmed', 'truncated', 'rounded'])

/** The attributes beside the key that are in a place and stay where they were too. */
function copiedAttributes(lineage: RelationLineage, place: Place): readonly string[] {
  const keys = new Set(place.identity.map(({ legacy }) => legacy))
  const copied = [...lineage.attributes.values()].filter(
    ({ attribute, destinations }) =>
      !keys.has(attribute) &&
      destinations.some((each) => each.own && each.assumed !== true) &&
      destinations.some(
        ({ relation, assumed, transform, columns }) =>
          relation === place.relation &&
          assumed !== true &&
          carried.has(transform.kind) &&
          columns.every((column) => column.via === undefined && column.json.length === 0),
      ),
  )
  return copied.map(({ attribute }) => attribute)
}

/** Copies that leave rows out while the source stays: what reads the copy from now on misses them, and all do once the source goes. */
export function judgeCopies(given: RelationCase): readonly Finding[] {
  return given.rows.places.flatMap((each) => (isCopyOf(given, each.place) ? (incompleteCopy(given, each) ?? []) : []))
}

function incompleteCopy(
  { knowledge, catalog, lineage, rows }: RelationCase,
  { place, byRow }: Recaptured['places'][number],
): Finding | undefined {
  const all = copiedAttributes(lineage, place)
  // Where most of what is copied may be NULL, a row with NULL in all of it has nothing to be copied: an item that was never in stock.
  const optional = all.filter((name) => catalog.attributes.some((each) => each.name === name && !each.notNull))
  const copied = optional.length * 2 > all.length ? optional : all
  const hasValue = (row: number) => Object.entries(showRow(rows.legacy, row)).some(([name, cell]) => cell !== null && copied.includes(name))
  const missing = rows.legacy.rows.flatMap((_, row) => ((byRow[row] ?? []).length === 0 && hasValue(row) ? [row] : []))
  const [first] = missing
  if (first === undefined) return undefined
  const key = place.identity.map(({ legacy }) => `${legacy} ${showCell(showRow(rows.legacy, first)[legacy])}`).join(', ')
  return {
    invariant: 'zero-loss',
    kind: 'copy-incomplete',
    severity: 'warning',
    known: 'observed',
    relation: lineage.relation,
    object: place.relation,
    ...knowledge.locate(place.relation),
    message: `${missing.length} of ${rows.legacy.rows.length} rows of ${shownName(lineage.relation)} are missing from its copy ${shownName(place.relation)} (${key})`,
    evidence: {
      missing: missing.length,
      rows: rows.legacy.rows.length,
      copy: place.relation,
      examples: missing.slice(0, 3).map((row) => showRow(rows.legacy, row)),
    },
    hint: `Copy every row, or say why some are left out: -- godwit: discard ${lineage.relation} because …`,
    shown: { beside: [place.relation] },
  }
}
