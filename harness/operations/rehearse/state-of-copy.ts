import { type Catalog, type CatalogObjects, readCatalog, readObjects } from '../../catalog/index.ts'
import type { Session } from '../../postgres/index.ts'
import { readTableTotals, readTotalsWhereRowsAre, type TotalsOf } from '../evidence/totals.ts'
import type { ForeignServers } from '../foreign/foreign-servers.ts'
import { leavesOf } from '../foreign/foreign-tables.ts'
import type { RevertedRows } from './reverted-rows.ts'

/** By path. */
export type TotalsByPath = ReadonlyMap<string, TotalsOf>

/** What was counted of tables, wherever their rows are. */
export interface CountedTables {
  readonly totals: TotalsByPath
  /** By path of a foreign table: why it has no totals, as the end of a sentence that names it. */
  readonly notCounted: ReadonlyMap<string, string>
}

/** The schema of a copy, and the totals of the tables that the migration reaches. */
export interface StateOfCopy extends CountedTables {
  readonly catalog: Catalog
  readonly objects: CatalogObjects
}

/** The same after `down`, with what differs in its rows. */
export interface RevertedState extends StateOfCopy {
  readonly rows: readonly RevertedRows[]
}

/**
 * Read the totals of tables: of foreign ones on the servers that have their rows.
 *
 * @param tables  Paths; one that is not there has none.
 */
export async function readTotals(
  session: Session,
  catalog: Catalog,
  tables: readonly string[],
  servers: ForeignServers,
): Promise<CountedTables> {
  const there = tables.filter((path) => catalog.relations.has(path))
  const isForeign = (path: string) => catalog.relations.get(path)?.kind === 'foreign-table'
  const elsewhere = await Promise.all(
    there.filter(isForeign).map(async (path) => [path, await readTotalsWhereRowsAre(session, catalog, path, servers)] as const),
  )
  const totals = new Map<string, TotalsOf>()
  for (const path of there) if (!isForeign(path)) totals.set(path, await readTableTotals(session, catalog, path))
  const notCounted = new Map<string, string>()
  for (const [path, found] of elsewhere)
    if (found.outcome === 'summed') totals.set(path, found.totals)
    else notCounted.set(path, found.because)
  return { totals, notCounted }
}

export async function readState(session: Session, tables: readonly string[], servers: ForeignServers): Promise<StateOfCopy> {
  const catalog = await readCatalog(session)
  return { catalog, objects: await readObjects(session), ...(await readTotals(session, catalog, tables, servers)) }
}

/** Rows of a relation, all partitions of a partitioned table together; of foreign ones those that were counted. */
export function rowsOf({ catalog, totals }: Pick<StateOfCopy, 'catalog' | 'totals'>, relation: string): number {
  return leavesOf(catalog, relation).reduce((sum, leaf) => sum + (totals.get(leaf)?.rows ?? 0), 0)
}
