import { type Catalog, type CatalogObjects, readCatalog, readObjects } from '../../catalog/index.ts'
import type { Session } from '../../postgres/index.ts'
import type { TableTotals } from '../evidence/document.ts'
import { readTableTotals } from '../evidence/totals.ts'
import type { RevertedRows } from './reverted-rows.ts'

/** By path. */
export type TotalsByPath = ReadonlyMap<string, Omit<TableTotals, 'csv'>>

/** The schema of a copy, and the totals of the tables that the migration reaches. */
export interface StateOfCopy {
  readonly catalog: Catalog
  readonly objects: CatalogObjects
  readonly totals: TotalsByPath
}

/** The same after `down`, with what differs in its rows. */
export interface RevertedState extends StateOfCopy {
  readonly rows: readonly RevertedRows[]
}

/**
 * Read the totals of tables.
 *
 * @param tables  Paths; one that is not there has none.
 */
export async function readTotals(session: Session, catalog: Catalog, tables: readonly string[]): Promise<TotalsByPath> {
  const totals = new Map<string, Omit<TableTotals, 'csv'>>()
  for (const path of tables) if (catalog.relations.has(path)) totals.set(path, await readTableTotals(session, catalog, path))
  return totals
}

export async function readState(session: Session, tables: readonly string[]): Promise<StateOfCopy> {
  const catalog = await readCatalog(session)
  return { catalog, objects: await readObjects(session), totals: await readTotals(session, catalog, tables) }
}
