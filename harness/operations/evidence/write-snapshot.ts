import { join } from 'node:path'
import type { Catalog } from '../../catalog/index.ts'
import type { ClientPrograms, OpenedDatabase } from '../../postgres/index.ts'
import { foreignServers } from '../foreign/foreign-servers.ts'
import type { ForeignTable } from '../foreign/foreign-tables.ts'
import { writeCsv } from './csv.ts'
import { evidenceFiles, type TableTotals } from './document.ts'
import { writeDump } from './dump.ts'
import type { ExportedSnapshot } from './exported-snapshot.ts'
import { addPartitions, type CountedElsewhere, readForeignTotals } from './foreign-totals.ts'
import { readTableTotals, type TotalsOf } from './totals.ts'

export interface SnapshotWork {
  readonly database: OpenedDatabase
  /** Undefined for no dump. */
  readonly programs: ClientPrograms | undefined
  readonly catalog: Catalog
  /** Paths of the tables to count and digest. */
  readonly tables: readonly string[]
  /** The foreign tables to count and digest where their rows are, by path. */
  readonly foreign: ReadonlyMap<string, ForeignTable>
  /** Path of a table → its CSV file in the folder. */
  readonly csv: ReadonlyMap<string, string>
  readonly folder: string
  readonly signal: AbortSignal
}

/** What was counted. */
export interface SnapshotTotals extends CountedElsewhere {
  readonly tables: readonly TableTotals[]
  /** Of partitioned tables with foreign partitions. */
  readonly spread: readonly TotalsOf[]
}

/**
 * Write the dump and the CSV files of a snapshot, and read the totals of its tables, all at the same time.
 *
 * @throws What the first of them throws, once the others have ended: nobody writes into the folder any more.
 */
export async function writeSnapshot(snapshot: ExportedSnapshot, work: SnapshotWork): Promise<SnapshotTotals> {
  const { database, programs, folder } = work
  const failed = new AbortController()
  const signal = AbortSignal.any([work.signal, failed.signal])
  const dump = async () => {
    if (programs === undefined) return
    await writeDump(programs, { url: database.url, snapshot: snapshot.id, file: join(folder, evidenceFiles.dump), signal })
  }
  const csv = async () => {
    await using session = await snapshot.follow()
    for (const [path, file] of work.csv) {
      signal.throwIfAborted()
      await writeCsv(session, path, join(folder, file))
    }
  }
  const totals: TableTotals[] = []
  const count = async () => {
    await using session = await snapshot.follow()
    for (const path of work.tables) {
      signal.throwIfAborted()
      totals.push({ ...(await readTableTotals(session, work.catalog, path)), csv: work.csv.get(path) ?? null })
    }
  }
  let elsewhere: CountedElsewhere = { foreign: [], notCounted: [] }
  const countElsewhere = async () => {
    if (work.foreign.size === 0) return
    await using session = await snapshot.follow()
    await using servers = foreignServers(() => database.connect(), work.foreign, signal)
    elsewhere = await readForeignTotals(session, work.catalog, [...work.foreign.keys()], servers)
    // What was cancelled there looks like a server that does not answer.
    signal.throwIfAborted()
  }
  const errors: unknown[] = []
  const all = [dump, csv, count, countElsewhere].map((each) =>
    each().catch((error: unknown) => {
      errors.push(error)
      failed.abort()
    }),
  )
  await Promise.all(all)
  if (errors.length > 0) throw errors[0]
  const spread = await addPartitions(snapshot.session, work.catalog, totals, elsewhere.foreign)
  return { tables: totals, ...elsewhere, spread }
}
