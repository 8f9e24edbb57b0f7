import type { Catalog } from '../../catalog/index.ts'
import type { Session } from '../../postgres/index.ts'
import type { ForeignTable } from './foreign-tables.ts'
import { type ReachedServer, reachServer } from './reach-server.ts'
import { type RowsThere, rowsThere } from './rows-there.ts'

/** The foreign servers of a database, each reached once, and read in one state from then on. */
export interface ForeignServers extends AsyncDisposable {
  /**
   * Where the rows of a foreign table are.
   *
   * @param path  Of the foreign table.
   * @returns A text where they cannot be reached: why, as the end of a sentence.
   */
  reach(catalog: Catalog, path: string): Promise<RowsThere | string>
}

/**
 * Reach the foreign servers of a database, each when it is asked for. Nothing is written to them, and nothing is made on them.
 *
 * @param connect  Gives a session on the database that has the foreign tables, of a role that may read them.
 * @param signal  Cancels what runs on the foreign servers.
 */
export function foreignServers(
  connect: () => Promise<Session>,
  tables: ReadonlyMap<string, ForeignTable>,
  signal: AbortSignal,
): ForeignServers {
  const servers = new Map<string, Promise<ReachedServer | string>>()
  const opened: ReachedServer[] = []
  const onAbort = () => {
    // The server may be gone. Then nothing runs there.
    for (const each of opened) each.cancel().catch(() => undefined)
  }
  signal.addEventListener('abort', onAbort)
  const reachOnce = (table: ForeignTable) => {
    const known = servers.get(table.server.name)
    if (known !== undefined) return known
    const found = reachServer(connect, table).then((each) => {
      if (typeof each !== 'string') opened.push(each)
      return each
    })
    servers.set(table.server.name, found)
    return found
  }
  return {
    async reach(catalog, path) {
      const table = tables.get(path)
      if (table === undefined) return 'it is no foreign table'
      signal.throwIfAborted()
      const server = await reachOnce(table)
      return typeof server === 'string' ? server : await rowsThere(server, catalog, table)
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', onAbort)
      await Promise.allSettled(servers.values())
      for (const each of opened) await each[Symbol.asyncDispose]()
    },
  }
}
