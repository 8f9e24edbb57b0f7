import type { Catalog, Relation } from '../../catalog/index.ts'
import { keyAttributes } from '../../lineage/index.ts'
import { quoteIdentifier, type Session } from '../../postgres/index.ts'
import { cellText } from '../cell-text.ts'
import { ownRowsSql } from '../column-sql.ts'
import type { CompiledQueries } from '../queries/compile-queries.ts'

/** How the rows of one table differ from what they were, after `down`. */
export interface RevertedRows {
  readonly relation: string
  /** Rows whose key is not there any more. */
  readonly missing: number
  /** Rows whose key was not there. */
  readonly added: number
  /** By column: rows in which it has another value. */
  readonly columns: ReadonlyMap<string, number>
}

/**
 * Compare the kept legacy rows with what `down` has brought back, key by key and column by column.
 *
 * @param paths  Tables that are not as before.
 * @returns Those of them that were kept, still have their columns, and have a key.
 */
export async function compareReverted(
  session: Session,
  { saved }: CompiledQueries,
  catalogs: { readonly before: Catalog; readonly reverted: Catalog },
  paths: readonly string[],
): Promise<readonly RevertedRows[]> {
  const found: RevertedRows[] = []
  for (const { relation, table } of saved) {
    const [was, is] = [catalogs.before.relations.get(relation), catalogs.reverted.relations.get(relation)]
    if (!paths.includes(relation) || was === undefined || is === undefined) continue
    const question = questionOf(table, was, is, catalogs.reverted)
    if (question === undefined) continue
    const row = await session.one<Readonly<Record<string, string>>>(question.sql)
    const columns = question.columns.flatMap((name, at) => (Number(row[`c${at}`]) > 0 ? [[name, Number(row[`c${at}`])] as const] : []))
    found.push({ relation, missing: Number(row.missing), added: Number(row.added), columns: new Map(columns) })
  }
  return found
}

function questionOf(table: string, was: Relation, is: Relation, catalog: Catalog) {
  const key = keyAttributes(was) ?? []
  const cells = new Map(is.attributes.map((each) => [each.name, cellText(catalog, each, 'm')]))
  if (key.length === 0 || key.some((name) => !cells.has(name))) return undefined
  const columns = was.attributes.map(({ name }) => name).filter((name) => !key.includes(name) && cells.has(name))
  const joined = key.map((name) => `b.${quoteIdentifier(name)} = ${cells.get(name)}`).join(' AND ')
  const [first = ''] = key
  const both = `b.${quoteIdentifier(first)} IS NOT NULL AND m.${quoteIdentifier(first)} IS NOT NULL`
  const counts = columns.map(
    (name, at) => `count(*) FILTER (WHERE ${both} AND b.${quoteIdentifier(name)} IS DISTINCT FROM ${cells.get(name)})::text AS c${at}`,
  )
  const sql = `SELECT ${[
    `count(*) FILTER (WHERE m.${quoteIdentifier(first)} IS NULL)::text AS missing`,
    `count(*) FILTER (WHERE b.${quoteIdentifier(first)} IS NULL)::text AS added`,
    ...counts,
  ].join(', ')} FROM ${table} AS b FULL JOIN ${ownRowsSql(is)} AS m ON ${joined}`
  return { sql, columns }
}
