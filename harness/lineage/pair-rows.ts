import type { BandKind } from '../data/index.ts'
import type { ColumnTable } from './columns.ts'
import { keysOf } from './keys.ts'

/** One banded run taken apart. */
export interface BandedTables {
  readonly legacy: ReadonlyMap<string, ColumnTable>
  /** A migrated relation, widened by what its references name; made when it is asked for. */
  readonly migrated: (path: string) => ColumnTable | undefined
  readonly places: readonly string[]
  readonly bands: ReadonlyMap<string, ReadonlyMap<string, BandKind>>
  /** Legacy rows that were not generated, by their texts. */
  readonly there: ReadonlyMap<string, ReadonlySet<string>>
  /** Migrated columns (relation, attribute) that are references: they name another row, and are no evidence of their own. */
  readonly isReference: (relation: string, attribute: string) => boolean
}

/** A legacy row seen in a migrated row. */
export interface Pair {
  readonly legacyRow: number
  readonly migratedRow: number
  /** Index of the legacy column → indexes of the migrated columns in which its band stands. */
  readonly hits: ReadonlyMap<number, ReadonlySet<number>>
}

/** Rows with the same text hold the same cells. */
export function rowText(row: readonly (string | null)[]): string {
  return JSON.stringify(row)
}

/** The pairs of rows with each legacy relation in one migrated relation. */
export type FindPairs = (place: string) => ReadonlyMap<string, readonly Pair[]>

/** Whose a band is: one record for each row, so that rows compare by identity. */
interface Owner {
  readonly owner: { readonly relation: string; readonly row: number }
  readonly column: number
}

/**
 * Pair the rows of a banded run: a migrated row belongs to each legacy row of which it holds a band.
 *
 * Bands that turned out to be shared (a derived value, a coincidence) are no evidence. A row that is recognised by one weak band only
 * (a number's leading digits) counts where nothing better is there.
 *
 * @param loud  Places that are asked for anyway: what stands in none of them is not indexed until another place is asked for.
 * @param keys  What each cell is recognised by, remembered from run to run.
 */
export function pairFinder(tables: BandedTables, loud: ReadonlySet<string>, keys: Map<string, readonly string[]>): FindPairs {
  let some: ReadonlyMap<string, readonly Owner[]> | undefined
  let all: ReadonlyMap<string, readonly Owner[]> | undefined
  const found = new Map<string, ReadonlyMap<string, readonly Pair[]>>()
  const read = (cell: string) => {
    const known = keys.get(cell)
    if (known !== undefined) return known
    const made = keysOf(cell)
    keys.set(cell, made)
    return made
  }
  return (place) => {
    const known = found.get(place)
    if (known !== undefined) return known
    const ownersOf = () => {
      if (loud.has(place)) {
        some ??= indexBands(tables, read, keysIn(tables, loud, read))
        return some
      }
      all ??= indexBands(tables, read, undefined)
      return all
    }
    const pairs = pairsIn(place, tables, ownersOf(), read)
    found.set(place, pairs)
    return pairs
  }
}

function pairsIn(
  relation: string,
  tables: BandedTables,
  owners: ReadonlyMap<string, readonly Owner[]>,
  read: (cell: string) => readonly string[],
): ReadonlyMap<string, readonly Pair[]> {
  const pairs = new Map<string, Pair[]>()
  const table = tables.migrated(relation)
  // What stands behind a reference is another row's: it tells where a cell went, not whose row this is.
  const telling = table?.columns.map((column) => column.via === undefined && !tables.isReference(relation, column.attribute)) ?? []
  table?.rows.forEach((row, migratedRow) => {
    const found = new Map<Owner['owner'], { hits: Map<number, Set<number>>; evidence: boolean }>()
    row.forEach((cell, column) => {
      if (cell === null) return
      for (const key of read(cell)) {
        for (const { owner, column: from } of owners.get(key) ?? []) {
          const entry = found.get(owner) ?? { hits: new Map<number, Set<number>>(), evidence: false }
          const columns = entry.hits.get(from) ?? new Set()
          columns.add(column)
          entry.hits.set(from, columns)
          if (telling[column] === true) entry.evidence = true
          found.set(owner, entry)
        }
      }
    })
    for (const [owner, { hits, evidence }] of found) {
      if (!evidence) continue
      const list = pairs.get(owner.relation)
      const pair = { legacyRow: owner.row, migratedRow, hits }
      if (list === undefined) pairs.set(owner.relation, [pair])
      else list.push(pair)
    }
  })
  return pairs
}

function keysIn(tables: BandedTables, places: ReadonlySet<string>, read: (cell: string) => readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const place of places)
    for (const row of tables.migrated(place)?.rows ?? [])
      for (const cell of row) if (cell !== null) for (const key of read(cell)) keys.add(key)
  return keys
}

/** @param wanted  Index these keys only; undefined for all. */
function indexBands(
  tables: BandedTables,
  read: (cell: string) => readonly string[],
  wanted: ReadonlySet<string> | undefined,
): ReadonlyMap<string, readonly Owner[]> {
  const owners = new Map<string, Owner[]>()
  const shared = new Set<string>()
  for (const [relation, table] of tables.legacy) {
    const kinds = tables.bands.get(relation)
    const banded = table.columns.flatMap((column, index) => (kinds?.get(column.attribute) === 'band' ? [index] : []))
    const there = tables.there.get(relation)
    table.rows.forEach((row, at) => {
      if (there !== undefined && there.size > 0 && there.has(rowText(row))) return
      const owner = { relation, row: at }
      for (const column of banded) {
        const cell = row[column]
        if (cell === null || cell === undefined) continue
        for (const key of read(cell)) {
          if (wanted?.has(key) === false) continue
          const list = owners.get(key)
          if (list === undefined) owners.set(key, [{ owner, column }])
          else if (list[0]?.owner !== owner) shared.add(key)
          else if (!list.some((each) => each.column === column)) list.push({ owner, column })
        }
      }
    })
  }
  for (const key of shared) owners.delete(key)
  return owners
}
