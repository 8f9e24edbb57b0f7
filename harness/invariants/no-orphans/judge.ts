import type { Knowledge, RelationLineage } from '../../lineage/index.ts'
import {
  assumeLineage,
  type ColumnTable,
  columnIndex,
  columnsOf,
  type Destination,
  isDiscarded,
  isReversible,
  showCell,
  tablesOf,
} from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

interface Reference {
  readonly child: string
  readonly childAttributes: readonly string[]
  readonly parent: string
  readonly parentAttributes: readonly string[]
  readonly how: 'foreign key' | 'soft reference' | 'declared reference'
  readonly name: string | undefined
}

/**
 * Each foreign key (unvalidated ones too), each declared reference and each soft reference that held before resolves after `up`.
 *
 * Kind: `orphan`. Rows that were orphans before are not counted.
 */
export const noOrphans: Invariant = {
  id: 'no-orphans',
  holds: 'every reference that held still resolves',
  violation: 'rows refer to nothing afterwards',
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
    const references = referencesOf(run, knowledge).filter(({ child, parent }) => run.legacy.rows.has(child) && run.legacy.rows.has(parent))
    if (references.length === 0) return { outcome: 'not-applicable', because: 'no table of the migration refers to another' }
    const migrated = tablesOf(run.migrated)
    const findings = references.flatMap((reference) => {
      const found = follow(reference, run, knowledge, migrated)
      if (found === undefined) return []
      saw.relations += 1
      saw.rows += found.followed
      saw.cells += found.followed
      return found.finding === undefined ? [] : [found.finding]
    })
    const [first, ...rest] = findings
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest], saw }
    if (saw.rows > 0) return { outcome: 'holds', saw }
    const added = references.find((reference) => !wasThere(run, reference))
    const because =
      added === undefined
        ? 'no generated row has a reference'
        : `${shownName(added.child)}.${added.childAttributes.join(', ')}, which the migration adds and fills, is under no key that the server checks`
    return { outcome: 'unknown', because, saw }
  },
}

function referencesOf(run: RunObservation, knowledge: Knowledge): readonly Reference[] {
  const keys = [...run.legacy.catalog.relations].flatMap(([child, relation]) =>
    relation.constraints.flatMap((each): readonly Reference[] =>
      each.kind !== 'foreign-key' || each.references === undefined || each.inherited
        ? []
        : [
            {
              child,
              childAttributes: each.attributes,
              parent: each.references.relation,
              parentAttributes: each.references.attributes,
              how: 'foreign key',
              name: each.name,
            },
          ],
    ),
  )
  const soft = knowledge.softReferences.flatMap(({ from, to, negated }): readonly Reference[] =>
    negated === true || from.jsonPath !== undefined || to.jsonPath !== undefined || from.relation === to.relation
      ? []
      : [
          {
            child: from.relation,
            childAttributes: [from.attribute],
            parent: to.relation,
            parentAttributes: [to.attribute],
            how: 'soft reference',
            name: undefined,
          },
        ],
  )
  // A soft reference is read off a join, which has no direction: the side that is unique is the parent. One from an attribute that the
  // migration adds held nowhere before; it is of no interest where it stays NULL, or where the server checks it.
  const told = (reference: Reference) =>
    isUnique(run, reference.parent, reference.parentAttributes) && (wasThere(run, reference) || isFilledUnchecked(run, reference))
  return [...keys, ...soft.filter(told)]
}

function wasThere(run: RunObservation, { child, childAttributes }: Reference): boolean {
  const attributes = run.legacy.catalog.relations.get(child)?.attributes ?? []
  return childAttributes.every((name) => attributes.some((each) => each.name === name))
}

function isFilledUnchecked(run: RunObservation, { child, childAttributes }: Reference): boolean {
  const rows = run.migrated?.rows.get(child)
  const at = childAttributes.map((name) => rows?.attributes.indexOf(name) ?? -1)
  const isFilled = rows?.rows.some((row) => at.every((each) => (row[each] ?? null) !== null)) === true
  return isFilled && !isChecked(run, child, childAttributes)
}

function isUnique(run: RunObservation, path: string, attributes: readonly string[]): boolean {
  return (
    run.legacy.catalog.relations
      .get(path)
      ?.indexes.some(
        (index) =>
          index.unique &&
          index.predicate === undefined &&
          index.attributes.length === attributes.length &&
          index.attributes.every((each) => each !== undefined && attributes.includes(each)),
      ) ?? false
  )
}

/** The rows that refer, and what of them held before. */
interface Held {
  readonly held: number
  readonly values: ReadonlySet<string>
  /** Values that referred to nothing before, and how many rows held them. */
  readonly orphans: ReadonlySet<string>
  readonly orphanRows: number
}

function heldBefore({ child, childAttributes, parent, parentAttributes }: Reference, { legacy }: RunObservation): Held | undefined {
  const referring = columnsOf(legacy.catalog, legacy.rows, child)
  const referred = columnsOf(legacy.catalog, legacy.rows, parent)
  if (referring === undefined || referred === undefined) return undefined
  const keys = new Set(plainTuples(referred, parentAttributes))
  const values = plainTuples(referring, childAttributes).filter((each) => each !== undefined)
  const orphans = values.filter((each) => !keys.has(each))
  return { held: values.length - orphans.length, values: new Set(values), orphans: new Set(orphans), orphanRows: orphans.length }
}

/** Where both ends of a reference are after `up`. */
interface Moved {
  readonly reference: Reference
  readonly table: ColumnTable
  readonly from: readonly Destination[]
  /** Each with the columns of one relation; several where the parent's rows were shared out. */
  readonly to: readonly (readonly Destination[])[]
  /** The one relation that holds the parent's rows, if there is one. */
  readonly home: string | undefined
}

/** Undefined where the two ends cannot be put side by side, or need not be. */
function movedEnds(
  reference: Reference,
  run: RunObservation,
  knowledge: Knowledge,
  migrated: ReadonlyMap<string, ColumnTable>,
): Moved | undefined {
  const { child, childAttributes, parent, parentAttributes } = reference
  const from = destinationsOf(knowledge.lineage?.relations.get(child), childAttributes)
  // What only the SQL joins by, and was recaptured nowhere, was overwritten: that is told as such.
  const overwritten = reference.how === 'soft reference' && from?.some((each) => each.assumed === true) === true
  if (from === undefined || overwritten) return undefined
  // Where no row of the parent was learned from, it is expected to be where it was.
  const to = destinationsOf(knowledge.lineage?.relations.get(parent) ?? assumeLineage(run, parent), parentAttributes)
  // Carried by fewer columns than before, and by no key: the values cannot be put side by side.
  const merged = new Set(from.map((each) => JSON.stringify(each.columns[0]))).size < from.length
  // The child names the parent by another of its keys now.
  const renamed = from.some((each) => each.transform.kind === 're-keyed') && to?.some((each) => each.transform.kind === 're-keyed') !== true
  const table = migrated.get(from[0]?.relation ?? '')
  // The server itself holds a validated key over these columns.
  if (table === undefined || merged || renamed || isHeld(run, table.relation, from)) return undefined
  return {
    reference,
    table,
    from,
    to: [...(to === undefined ? [] : [to]), ...partsOf(knowledge, parent, parentAttributes)],
    home: to === undefined ? undefined : migrated.get(to[0]?.relation ?? '')?.relation,
  }
}

function follow(
  reference: Reference,
  run: RunObservation,
  knowledge: Knowledge,
  migrated: ReadonlyMap<string, ColumnTable>,
): { readonly followed: number; readonly finding: Finding | undefined } | undefined {
  const { child, childAttributes } = reference
  if (isDiscarded(knowledge, child) || childAttributes.some((each) => isDiscarded(knowledge, child, each))) return undefined
  const before = heldBefore(reference, run)
  if (before === undefined) return undefined
  const moved = before.held === 0 ? undefined : movedEnds(reference, run, knowledge, migrated)
  if (moved === undefined) return { followed: before.held, finding: undefined }
  const keys = new Set(
    moved.to.flatMap((part) => {
      const table = migrated.get(part[0]?.relation ?? '')
      return table === undefined ? [] : movedTuples(table, part)
    }),
  )
  const renamed = otherKeys(moved, run, migrated)
  const resolves = (value: string) => keys.has(value) || (renamed.has(value) && !before.values.has(value))
  const orphans = movedTuples(moved.table, moved.from).filter((each) => each !== undefined && !resolves(each) && !before.orphans.has(each))
  // In another type the orphans of before are written otherwise: as many of them as there were are none of up's doing.
  const wereThere = isRewritten(moved, run) && orphans.length <= before.orphanRows
  return {
    followed: before.held,
    finding: wereThere || orphans[0] === undefined ? undefined : describeOrphans(moved, orphans[0], orphans.length, knowledge),
  }
}

/** What else the parent's rows are named by. A child that holds such a value, and did not before, names the same row by another of its keys. */
function otherKeys({ reference, to }: Moved, run: RunObservation, migrated: ReadonlyMap<string, ColumnTable>): ReadonlySet<string> {
  if (reference.childAttributes.length > 1) return new Set()
  return new Set(
    to.flatMap((part) => {
      const table = migrated.get(part[0]?.relation ?? '')
      const indexes = run.migrated?.catalog.relations.get(table?.relation ?? '')?.indexes ?? []
      const single = indexes.filter((index) => index.unique && index.predicate === undefined && index.attributes.length === 1)
      return table === undefined ? [] : single.flatMap(({ attributes: [key] }) => (key === undefined ? [] : plainTuples(table, [key])))
    }),
  ) as ReadonlySet<string>
}

/** Whether the values that refer are written otherwise than before. */
function isRewritten({ reference: { child, childAttributes }, from }: Moved, run: RunObservation): boolean {
  const attributes = run.legacy.catalog.relations.get(child)?.attributes
  return from.some(({ transform, columns: [column] }, at) => {
    const type = attributes?.find(({ name }) => name === childAttributes[at])?.type
    return transform.kind !== 'identical' || column?.type !== type
  })
}

function describeOrphans({ reference, table, home }: Moved, value: string, orphans: number, knowledge: Knowledge): Finding {
  const { child, childAttributes, parent, parentAttributes, how, name } = reference
  const single = childAttributes.length === 1
  const gone = home === undefined ? `${shownName(parent)} is gone` : `${shownName(home)} has no such row`
  return {
    invariant: 'no-orphans',
    kind: 'orphan',
    severity: 'error',
    known: 'observed',
    relation: child,
    attribute: single ? childAttributes[0] : undefined,
    object: single ? undefined : name,
    ...knowledge.locate(parent, parentAttributes[0]),
    message: `${orphans} of ${table.rows.length} rows of ${shownName(table.relation)} refer to nothing: ${childAttributes.join(', ')} is ${showCell(value)} (${how}${name === undefined ? '' : ` ${name}`}), but ${gone}`,
    evidence: { orphans, rows: table.rows.length, value, parent, how, constraint: name ?? null },
    hint: 'Move the referring rows along with the key that they refer to, in the same step.',
    // A row that refers to nothing is seen beside the rows that it could refer to.
    shown: { beside: [parent] },
  }
}

/** One destination for each attribute, all in one relation: the attribute itself where it is still there. */
function destinationsOf(lineage: RelationLineage | undefined, attributes: readonly string[]): readonly Destination[] | undefined {
  if (lineage === undefined) return undefined
  const found = attributes.map((name) => {
    const list =
      lineage.attributes.get(name)?.destinations.filter((each) => isReversible(each.transform) && each.columns[0]?.via === undefined) ?? []
    return list.find((each) => each.own && each.assumed !== true) ?? list.find((each) => each.relation === lineage.home) ?? list[0]
  })
  const all = found.filter((each) => each !== undefined)
  return all.length === attributes.length && new Set(all.map((each) => each.relation)).size === 1 ? all : undefined
}

/** Where the rows of a relation that is gone were shared out among several: the attribute's destinations in each of them. */
function partsOf(knowledge: Knowledge, relation: string, attributes: readonly string[]): readonly (readonly Destination[])[] {
  const lineage = knowledge.lineage?.relations.get(relation)
  const [only] = attributes
  if (lineage === undefined || only === undefined || attributes.length > 1) return []
  const destinations = lineage.attributes.get(only)?.destinations ?? []
  if (destinations.some((each) => each.own) || lineage.places.some((place) => place.complete)) return []
  return destinations.filter((each) => each.columns.length === 1 && each.columns[0]?.via === undefined).map((each) => [each])
}

function plainTuples(table: ColumnTable, attributes: readonly string[]): readonly (string | undefined)[] {
  const isPlain = ({ json, via }: ColumnTable['columns'][number]) => json.length === 0 && via === undefined
  const at = attributes.map((name) => table.columns.findIndex((column) => column.attribute === name && isPlain(column)))
  return tuples(table, at)
}

function movedTuples(table: ColumnTable, destinations: readonly Destination[]): readonly (string | undefined)[] {
  const at = destinations.map(({ columns: [column] }) => (column === undefined ? -1 : columnIndex(table, column)))
  return tuples(table, at)
}

/** A reference with a NULL in it refers to nothing (MATCH SIMPLE). */
function tuples(table: ColumnTable, positions: readonly number[]): readonly (string | undefined)[] {
  return table.rows.map((row) => {
    const cells = positions.map((at) => row[at] ?? null)
    return cells.includes(null) ? undefined : cells.join(', ')
  })
}

function isHeld(run: RunObservation, relation: string, destinations: readonly Destination[]): boolean {
  return isChecked(run, relation, [...new Set(destinations.flatMap((each) => each.columns[0]?.attribute ?? []))])
}

/** Whether a validated key of the migrated schema is over exactly these attributes. */
function isChecked(run: RunObservation, relation: string, names: readonly string[]): boolean {
  return (
    run.migrated?.catalog.relations
      .get(relation)
      ?.constraints.some(
        (each) =>
          each.kind === 'foreign-key' &&
          each.validated &&
          each.enforced &&
          each.attributes.length === names.length &&
          each.attributes.every((name) => names.includes(name)),
      ) ?? false
  )
}
