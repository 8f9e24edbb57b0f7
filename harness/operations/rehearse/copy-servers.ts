import type { Catalog } from '../../catalog/index.ts'
import { type ForeignServers, foreignServers } from '../foreign/foreign-servers.ts'
import { readForeignTables } from '../foreign/foreign-tables.ts'
import type { Copy } from './copy.ts'

/**
 * Work with the foreign servers that a copy names, as they are at this moment, with the user mappings of the role that runs the migration.
 *
 * @param catalog  Of the copy.
 * @throws The reason of the signal, which cancels what runs on them.
 */
export async function withForeignServers<Result>(
  copy: Copy,
  catalog: Catalog,
  signal: AbortSignal,
  work: (servers: ForeignServers) => Promise<Result>,
): Promise<Result> {
  const has = [...catalog.relations.values()].some(({ kind }) => kind === 'foreign-table')
  await using servers = foreignServers(() => copy.connect(), has ? await tablesOf(copy) : new Map(), signal)
  const result = await work(servers)
  // What was cancelled on them looks like a server that does not answer.
  signal.throwIfAborted()
  return result
}

async function tablesOf(copy: Copy) {
  await using session = await copy.connect()
  return await readForeignTables(session)
}
