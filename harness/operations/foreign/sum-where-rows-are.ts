import { type Catalog, scriptPinned } from '../../catalog/index.ts'
import { quoteLiteral, type Session, shownName } from '../../postgres/index.ts'
import { ownRowsSql } from '../column-sql.ts'
import type { ForeignServers } from './foreign-servers.ts'
import { leavesOf } from './foreign-tables.ts'
import { reasonOf } from './reach-server.ts'
import type { RowsThere } from './rows-there.ts'

/** Sums over the rows of a relation, each taken on the server that has the rows. */
export type SummedRows =
  | {
      readonly outcome: 'summed'
      /** Exact decimal texts; null where no row has a value. */
      readonly sums: readonly (string | null)[]
      /** Of the foreign tables that have rows of it. */
      readonly there: readonly RowsThere[]
    }
  /** `because` is the end of a sentence, and names the foreign table. */
  | { readonly outcome: 'not-summed'; readonly because: string }

/**
 * Sum over all rows of a relation: those of each partition on the server that has them, all servers at the same time. No row travels.
 *
 * @param path  In `catalog.relations`: a table, a foreign table, or a partitioned table.
 * @param aggregatesOf  Sums over rows `t`, that may be added up. It gets the catalog with the version of the oldest of the servers, as which
 * all of them hash.
 * @throws {StatementError} What the database itself refuses.
 */
export async function sumWhereRowsAre(
  here: Session,
  catalog: Catalog,
  path: string,
  aggregatesOf: (catalog: Catalog) => readonly string[],
  servers: ForeignServers,
): Promise<SummedRows> {
  const parts = await Promise.all(leavesOf(catalog, path).map(async (leaf) => ({ leaf, there: await placeOf(catalog, leaf, servers) })))
  const far: RowsThere[] = []
  for (const { leaf, there } of parts) {
    if (typeof there === 'string') return notSummed(leaf, there)
    if (there !== undefined) far.push(there)
  }
  const oldest = far.reduce((least, { version }) => (version.major < least.major ? version : least), catalog.version)
  const aggregates = aggregatesOf({ ...catalog, version: oldest })
  const sums = await Promise.all(
    parts.map(async ({ leaf, there }) => {
      if (there !== undefined && typeof there !== 'string')
        return await there.sum(aggregates).catch((error: unknown) => notSummed(leaf, reasonOf(error)))
      const relation = catalog.relations.get(leaf)
      return relation === undefined ? [] : await sumHere(here, ownRowsSql(relation), aggregates)
    }),
  )
  const rows: (readonly (string | null)[])[] = []
  for (const each of sums) {
    if ('outcome' in each) return each
    rows.push(each)
  }
  return { outcome: 'summed', sums: await added(here, rows, aggregates.length), there: far }
}

type NotSummed = Extract<SummedRows, { readonly outcome: 'not-summed' }>

function notSummed(leaf: string, because: string): NotSummed {
  return { outcome: 'not-summed', because: `${shownName(leaf)}: ${because}` }
}

/** Undefined for rows that are here. */
async function placeOf(catalog: Catalog, leaf: string, servers: ForeignServers): Promise<RowsThere | string | undefined> {
  return catalog.relations.get(leaf)?.kind === 'foreign-table' ? await servers.reach(catalog, leaf) : undefined
}

async function sumHere(session: Session, from: string, aggregates: readonly string[]): Promise<readonly (string | null)[]> {
  const [result] = await scriptPinned(session, [`SELECT ${aggregates.join(', ')} FROM ${from} AS t`])
  return result?.rows[0] ?? []
}

/** Add up rows of sums, by a server: it adds decimals exactly, and knows NaN. */
export async function added(
  session: Session,
  rows: readonly (readonly (string | null)[])[],
  width: number,
): Promise<readonly (string | null)[]> {
  if (rows.length === 1) return rows[0] ?? []
  const columns = Array.from({ length: width }, (_, at) => `sum(v.c${at}::numeric)::text`)
  const names = columns.map((_, at) => `c${at}`)
  const values = rows.map((row) => `(${columns.map((_, at) => `${quoteLiteral(row[at] ?? null)}::text`).join(', ')})`)
  if (values.length === 0) return columns.map(() => null)
  const [result] = await scriptPinned(session, [
    `SELECT ${columns.join(', ')} FROM (VALUES ${values.join(', ')}) AS v (${names.join(', ')})`,
  ])
  return result?.rows[0] ?? []
}
