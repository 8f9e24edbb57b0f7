import { type Catalog, type CatalogObjects, readCatalog, readObjects } from '../../catalog/index.ts'
import type { Session } from '../../postgres/index.ts'
import type { TableTotals } from '../evidence/document.ts'
import { readTableTotals } from '../evidence/totals.ts'

/** The schema of a copy, and the totals of the tables that the migration reaches. */
export interface StateOfCopy {
  readonly catalog: Catalog
  readonly objects: CatalogObjects
  /** By path. */
  readonly totals: ReadonlyMap<string, Omit<TableTotals, 'csv'>>
}

/**
 * Read the state of a copy.
 *
 * @param tables  Paths; one that is not there has no totals.
 */
export async function readState(session: Session, tables: readonly string[]): Promise<StateOfCopy> {
  const catalog = await readCatalog(session)
  const totals = new Map<string, Omit<TableTotals, 'csv'>>()
  for (const path of tables) if (catalog.relations.has(path)) totals.set(path, await readTableTotals(session, catalog, path))
  return { catalog, objects: await readObjects(session), totals }
}
