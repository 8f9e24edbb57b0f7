import { type Catalog, readCatalog } from '../../catalog/index.ts'
import { quoteIdentifier, quoteName, type Session } from '../../postgres/index.ts'
import { ownRowsSql } from '../column-sql.ts'

/** Of ten thousand. */
const PARTS = 10_000

/**
 * Remove rows at random until about a share of them is left: a row that another one refers to by a foreign key stays.
 *
 * @param session  May set `session_replication_role`: no trigger fires, no key acts.
 * @param tables  Paths of tables with rows of their own.
 * @param share  Between 0 and 1.
 * @returns How many rows are left in them.
 * @throws {StatementError} `42501` where the role may not do that.
 */
export async function thinRows(session: Session, tables: readonly string[], share: number): Promise<number> {
  const catalog = await readCatalog(session)
  const thinned = thinnable(catalog, tables)
  await session.script(`SET session_replication_role = replica; SET client_min_messages = 'error'`)
  if (share < 1) {
    for (const [at, path] of thinned.entries()) {
      const table = catalog.relations.get(path)
      if (table === undefined) continue
      const chosen = `(hashtextextended(t.ctid::text, 1) & 2147483647) % ${PARTS} < ${Math.round(share * PARTS)}`
      await session.script(
        `DROP TABLE IF EXISTS pg_temp.keep_${at}; CREATE TEMPORARY TABLE keep_${at} (id tid PRIMARY KEY);
         INSERT INTO pg_temp.keep_${at} SELECT t.ctid FROM ${ownRowsSql(table)} AS t WHERE ${chosen}`,
      )
    }
    await keepParents(session, catalog, thinned)
    for (const [at, path] of thinned.entries()) {
      const table = catalog.relations.get(path)
      if (table === undefined) continue
      await session.script(
        `DELETE FROM ${ownRowsSql(table)} AS t WHERE NOT EXISTS (SELECT FROM pg_temp.keep_${at} AS k WHERE k.id = t.ctid);
         DROP TABLE pg_temp.keep_${at}`,
      )
    }
  }
  await session.script('RESET session_replication_role')
  for (const path of thinned) {
    const table = catalog.relations.get(path)
    // Without it the room of the removed rows would be read still.
    if (table !== undefined) await session.script(`VACUUM (FULL, ANALYZE) ${quoteName(table)}`)
  }
  return countRows(session, catalog, tables)
}

/** Rows of the tables together. */
export async function countRows(session: Session, catalog: Catalog, tables: readonly string[]): Promise<number> {
  let rows = 0
  for (const path of tables) {
    const table = catalog.relations.get(path)
    if (table === undefined) continue
    const { count } = await session.one<{ count: string }>(`SELECT count(*)::text AS count FROM ${ownRowsSql(table)} AS t`)
    rows += Number(count)
  }
  return rows
}

/** Partitions stay whole where a key refers to their parent: it does not tell in which of them the row is. */
function thinnable(catalog: Catalog, tables: readonly string[]): readonly string[] {
  const referred = new Set(referencesIn(catalog).map(({ parent }) => parent))
  const parentOf = (path: string): string | undefined => catalog.relations.get(path)?.partitionOf?.parent
  const isReferred = (path: string): boolean => {
    const parent = parentOf(path)
    return parent !== undefined && (referred.has(parent) || isReferred(parent))
  }
  return tables.filter((path) => catalog.relations.get(path)?.kind === 'table' && !isReferred(path))
}

function referencesIn(catalog: Catalog) {
  return [...catalog.relations].flatMap(([child, { constraints }]) =>
    constraints.flatMap(({ kind, attributes, references }) =>
      kind === 'foreign-key' && references !== undefined
        ? [{ child, parent: references.relation, attributes, to: references.attributes }]
        : [],
    ),
  )
}

/** Until every row that is left refers to rows that are left. */
async function keepParents(session: Session, catalog: Catalog, thinned: readonly string[]): Promise<void> {
  const references = referencesIn(catalog).filter(({ parent }) => thinned.includes(parent))
  for (let grown = true; grown; ) {
    grown = false
    for (const { child, parent, attributes, to } of references) {
      const [from, target] = [catalog.relations.get(child), catalog.relations.get(parent)]
      if (from === undefined || target === undefined) continue
      const kept = thinned.indexOf(child)
      const own = kept < 0 ? '' : ` JOIN pg_temp.keep_${kept} AS k ON k.id = c.ctid`
      const equal = attributes.map((name, at) => `c.${quoteIdentifier(name)} = p.${quoteIdentifier(to[at] ?? '')}`).join(' AND ')
      const [result] = await session.script(
        `INSERT INTO pg_temp.keep_${thinned.indexOf(parent)} SELECT p.ctid FROM ${ownRowsSql(target)} AS p
          WHERE EXISTS (SELECT FROM ${ownRowsSql(from)} AS c${own} WHERE ${equal}) ON CONFLICT DO NOTHING`,
      )
      if ((result?.rowCount ?? 0) > 0) grown = true
    }
  }
}
