import type { BandKind } from '../../data/index.ts'
import type { ColumnTable } from './columns.ts'
import { keysOf } from './keys.ts'

/** One banded run taken apart: every legacy and migrated relation that was read. */
export interface BandedTables {
  readonly legacy: ReadonlyMap<string, ColumnTable>
  readonly migrated: ReadonlyMap<string, ColumnTable>
  readonly bands: ReadonlyMap<string, ReadonlyMap<string, BandKind>>
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

/** Legacy relation → migrated relation → the pairs of rows. */
export type Pairs = ReadonlyMap<string, ReadonlyMap<string, readonly Pair[]>>

interface Owner {
  readonly relation: string
  readonly row: number
  readonly column: number
}

/**
 * Pair the rows of a banded run: a migrated row belongs to each legacy row of which it holds a band.
 *
 * Bands that turned out to be shared (a derived value, a coincidence) are no evidence. A row that is recognised by one weak band only
 * (a number's leading digits) counts where nothing better is there.
 */
export function pairRows(tables: BandedTables): Pairs {
  const owners = indexBands(tables)
  const pairs = new Map<string, Map<string, Pair[]>>()
  for (const [relation, table] of tables.migrated) {
    table.rows.forEach((row, migratedRow) => {
      const found = new Map<string, { legacy: string; legacyRow: number; hits: Map<number, Set<number>>; evidence: Set<number> }>()
      row.forEach((cell, column) => {
        if (cell === null) return
        for (const key of keysOf(cell)) {
          for (const owner of owners.get(key) ?? []) {
            const id = `${owner.relation}\u0000${owner.row}`
            const entry = found.get(id) ?? { legacy: owner.relation, legacyRow: owner.row, hits: new Map(), evidence: new Set() }
            const columns = entry.hits.get(owner.column) ?? new Set()
            columns.add(column)
            entry.hits.set(owner.column, columns)
            const at = table.columns[column]
            // What stands behind a reference is another row's: it tells where a cell went, not whose row this is.
            if (at !== undefined && at.via === undefined && !tables.isReference(relation, at.attribute)) entry.evidence.add(owner.column)
            found.set(id, entry)
          }
        }
      })
      for (const { legacy, legacyRow, hits, evidence } of found.values()) {
        if (evidence.size === 0) continue
        const byPlace = pairs.get(legacy) ?? new Map<string, Pair[]>()
        const list = byPlace.get(relation) ?? []
        list.push({ legacyRow, migratedRow, hits })
        byPlace.set(relation, list)
        pairs.set(legacy, byPlace)
      }
    })
  }
  return pairs
}

function indexBands(tables: BandedTables): ReadonlyMap<string, readonly Owner[]> {
  const owners = new Map<string, Owner[]>()
  for (const [relation, table] of tables.legacy) {
    const kinds = tables.bands.get(relation)
    table.columns.forEach((column, index) => {
      if (kinds?.get(column.attribute) !== 'band') return
      table.rows.forEach((row, at) => {
        const cell = row[index]
        if (cell === null || cell === undefined) return
        for (const key of keysOf(cell)) {
          const list = owners.get(key) ?? []
          if (!list.some((owner) => owner.relation === relation && owner.row === at && owner.column === index))
            list.push({ relation, row: at, column: index })
          owners.set(key, list)
        }
      })
    })
  }
  for (const [key, list] of owners) {
    const first = list[0]
    if (first !== undefined && list.some((owner) => owner.relation !== first.relation || owner.row !== first.row)) owners.delete(key)
  }
  return owners
}
