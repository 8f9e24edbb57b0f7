import type { Relation } from '../catalog/index.ts'
import { nameOf } from './destinations.ts'
import type { AttributeLineage, Column, Destination, Place } from './model.ts'
import type { PairedRun } from './paired-run.ts'

/** A legacy relation in one migrated relation in which rows of it were recaptured. */
export interface PairedPlace {
  readonly place: string
  readonly runs: readonly PairedRun[]
  readonly legacy: Relation | undefined
  readonly migrated: Relation | undefined
}

/** @param home  The place of the same legacy relation that holds most of its attributes: this one or another. */
export function learnPlace(
  { place, runs, legacy, migrated }: PairedPlace,
  attributes: ReadonlyMap<string, AttributeLineage>,
  home: PairedPlace,
): Place {
  const isHome = place === home.place
  const exact = new Map<string, Column>()
  for (const [attribute, { destinations }] of attributes) {
    const found = destinations.find(
      (each) =>
        each.relation === place &&
        each.assumed !== true &&
        (each.transform.kind === 'identical' || each.transform.kind === 'same-value') &&
        each.columns[0]?.via === undefined,
    )
    if (found?.columns[0] !== undefined) exact.set(attribute, found.columns[0])
  }
  const keys = (legacy?.indexes ?? [])
    .filter((index) => index.unique && index.predicate === undefined)
    .sort((left, right) => Number(right.primary) - Number(left.primary))
  const nullable = new Set(legacy?.attributes.filter((each) => !each.notNull).map((each) => each.name))
  const usable = keys
    .map((index) => index.attributes)
    .find((list) => list.every((each) => each !== undefined && exact.has(each) && !nullable.has(each)))
  const own = (usable ?? []).flatMap((attribute) => {
    const column = attribute === undefined ? undefined : exact.get(attribute)
    return attribute === undefined || column === undefined ? [] : [{ legacy: attribute, migrated: column }]
  })
  // Elsewhere than at home a row that shares its key with others is a total beside them, not where they live.
  const foreign = own.length > 0 || !isHome ? [] : placeKey(migrated, exact)
  const counts = runs.flatMap(({ legacy: table, pairs }) => {
    const byLegacy = new Map<number, number>()
    for (const { legacyRow } of pairs) byLegacy.set(legacyRow, (byLegacy.get(legacyRow) ?? 0) + 1)
    return {
      most: Math.max(0, ...byLegacy.values()),
      found: byLegacy.size,
      rows: table.rows.length,
      merges: new Set(pairs.map((pair) => pair.migratedRow)).size < byLegacy.size,
    }
  })
  return {
    relation: place,
    identity: own.length > 0 ? own : foreign,
    ...(foreign.length > 0 ? { shared: true } : {}),
    cardinality: counts.some(({ most }) => most > 1) ? 'many' : 'one',
    merges: counts.some(({ merges }) => merges),
    complete: counts.every(({ found, rows }) => found === rows),
    where: discriminator(runs),
    // Moved there, not copied: no row of it was seen at home.
    exclusive:
      !isHome &&
      runs.every(({ run, pairs }) =>
        pairs.every(
          ({ legacyRow }) => !(home.runs.find((each) => each.run === run)?.pairs.some((each) => each.legacyRow === legacyRow) ?? false),
        ),
      ),
  }
}

/** A key of the migrated relation that legacy attributes fill: several legacy rows may name one migrated row by it. */
function placeKey(migrated: Relation | undefined, exact: ReadonlyMap<string, Column>): Place['identity'] {
  const keys = (migrated?.indexes ?? [])
    .filter((index) => index.unique && index.predicate === undefined)
    .sort((left, right) => Number(right.primary) - Number(left.primary))
  for (const { attributes } of keys) {
    const identity = attributes.flatMap((attribute) => {
      const found = [...exact].find(([, column]) => column.attribute === attribute && column.json.length === 0)
      return found === undefined ? [] : [{ legacy: found[0], migrated: found[1] }]
    })
    if (identity.length > 0 && identity.length === attributes.length) return identity
  }
  return []
}

/** A constant by which the rows of this legacy relation are told from others in the same place (`'in'` and `'out'` of two tables united). */
function discriminator(runs: readonly PairedRun[]): Place['where'] {
  const columns = runs[0]?.migrated.columns.filter((each) => each.json.length === 0 && each.via === undefined) ?? []
  for (const column of columns) {
    const values = new Set<string | null>()
    const others = new Set<string | null>()
    for (const { migrated, pairs } of runs) {
      const at = migrated.columns.findIndex((each) => nameOf(each) === nameOf(column))
      const own = new Set(pairs.map((pair) => pair.migratedRow))
      migrated.rows.forEach((row, index) => {
        ;(own.has(index) ? values : others).add(row[at] ?? null)
      })
    }
    const [value] = values
    if (values.size === 1 && others.size > 0 && value !== undefined && !others.has(value)) return { column, value }
  }
  return undefined
}

/** Where the rows with one value, and only those, are missing from a place, to be absent there is as good as the value. */
export function withAbsence(
  attributes: ReadonlyMap<string, AttributeLineage>,
  runs: ReadonlyMap<string, readonly PairedRun[]>,
): ReadonlyMap<string, AttributeLineage> {
  return new Map(
    [...attributes].map(([attribute, { destinations, declared }]) => {
      const withValue = (each: Destination) => ({ ...each, absent: absentValue(attribute, each, runs) })
      return [
        attribute,
        {
          attribute,
          destinations: destinations.map(withValue),
          ...(declared === undefined ? {} : { declared: declared.map((each) => each.map(withValue)) }),
        },
      ]
    }),
  )
}

function absentValue(attribute: string, destination: Destination, runs: ReadonlyMap<string, readonly PairedRun[]>): Destination['absent'] {
  const here = runs.get(destination.relation) ?? []
  const [inside, outside] = [new Set<string | null>(), new Set<string | null>()]
  let rows = 0
  for (const [place, others] of runs) {
    if (place === destination.relation) continue
    others.forEach(({ run, legacy, pairs }) => {
      const index = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
      const found = new Set((here.find((each) => each.run === run)?.pairs ?? []).map((each) => each.legacyRow))
      for (const { legacyRow } of pairs) {
        const cell = legacy.rows[legacyRow]?.[index] ?? null
        if (found.has(legacyRow)) inside.add(cell)
        else {
          outside.add(cell)
          rows += 1
        }
      }
    })
  }
  for (const { legacy, pairs } of here) {
    const index = legacy.columns.findIndex((each) => each.attribute === attribute && each.json.length === 0)
    for (const { legacyRow } of pairs) inside.add(legacy.rows[legacyRow]?.[index] ?? null)
  }
  const [value] = outside
  return outside.size === 1 && rows >= 3 && value !== undefined && !inside.has(value) ? { value } : undefined
}
