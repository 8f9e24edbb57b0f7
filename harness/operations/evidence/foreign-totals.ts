import type { Catalog } from '../../catalog/index.ts'
import type { Session } from '../../postgres/index.ts'
import { hashAlike } from '../../snapshot/index.ts'
import type { ForeignServers } from '../foreign/foreign-servers.ts'
import { foreignLeavesOf, leavesOf } from '../foreign/foreign-tables.ts'
import { added } from '../foreign/sum-where-rows-are.ts'
import type { ForeignTotals } from './document.ts'
import { readTotalsWhereRowsAre, type TotalsOf } from './totals.ts'

/** Totals of foreign tables, and why others have none. */
export interface CountedElsewhere {
  readonly foreign: readonly ForeignTotals[]
  /** The ends of sentences, each with the name of its table. */
  readonly notCounted: readonly string[]
}

/** Have the rows of foreign tables counted, digested and summed on the servers that have them, all servers at the same time. */
export async function readForeignTotals(
  session: Session,
  catalog: Catalog,
  tables: readonly string[],
  servers: ForeignServers,
): Promise<CountedElsewhere> {
  const found = await Promise.all(tables.map((path) => readTotalsWhereRowsAre(session, catalog, path, servers)))
  const foreign = found.flatMap((each): readonly ForeignTotals[] => {
    if (each.outcome === 'not-summed') return []
    const [there] = each.there
    return there === undefined ? [] : [{ ...each.totals, server: there.place, version: there.version.text, takenAt: there.takenAt }]
  })
  return { foreign, notCounted: found.flatMap((each) => (each.outcome === 'not-summed' ? [each.because] : [])) }
}

/**
 * Add up the partitions of each partitioned table that has rows on other servers. One of which a partition was not counted has no sum, nor one
 * of which another server hashes in another way.
 *
 * @param tables  Those with rows here.
 */
export async function addPartitions(
  session: Session,
  catalog: Catalog,
  tables: readonly TotalsOf[],
  foreign: readonly ForeignTotals[],
): Promise<readonly TotalsOf[]> {
  const alike = foreign.filter(({ version }) =>
    hashAlike(Math.min(Number.parseInt(version, 10), catalog.version.major), catalog.version.major),
  )
  const totals = new Map([...tables, ...alike].map((each) => [each.table, each] as const))
  const spread = [...catalog.relations.keys()].filter(
    (path) => catalog.relations.get(path)?.kind === 'partitioned-table' && foreignLeavesOf(catalog, path).length > 0,
  )
  const sums: TotalsOf[] = []
  for (const path of spread) {
    const parts = leavesOf(catalog, path).map((leaf) => totals.get(leaf))
    const known = parts.filter((part) => part !== undefined)
    const [first] = known
    if (first === undefined || known.length < parts.length) continue
    const names = Object.keys(first.sums)
    const rows = known.map((part) => [String(part.rows), part.digest, ...names.map((name) => part.sums[name] ?? null)])
    const [count, digest, ...others] = await added(session, rows, names.length + 2)
    const summed = Object.fromEntries(names.map((name, at) => [name, others[at] ?? null]))
    sums.push({ table: path, rows: Number(count), digest: digest ?? '0', sums: summed })
  }
  return sums
}
