import type { Catalog } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName, type ServerVersion, StatementError } from '../../postgres/index.ts'
import type { ForeignTable } from './foreign-tables.ts'
import { type ReachedServer, reasonOf } from './reach-server.ts'

/** The rows of a foreign table on the server that has them. */
export interface RowsThere {
  readonly version: ServerVersion
  /** `host:port/database`. */
  readonly place: string
  /** When the state that is read was taken, by the clock of that server. */
  readonly takenAt: string
  /**
   * Sum over the rows `t` there, which have the names and types of columns that the foreign table gives them.
   *
   * @throws {StatementError} What that server refuses.
   */
  sum(aggregates: readonly string[]): Promise<readonly (string | null)[]>
}

interface Found {
  readonly encoding: string
  /** Whether rows of it are on a further server. */
  readonly further: boolean
  readonly types: Readonly<Record<string, string>>
}

/**
 * Look at the relation behind a foreign table, where it is.
 *
 * @returns A text where its rows cannot be summed there: why, as the end of a sentence.
 */
export async function rowsThere(server: ReachedServer, catalog: Catalog, table: ForeignTable): Promise<RowsThere | string> {
  const { version, place, takenAt } = server
  const name = `"${table.remote.schema}.${table.remote.name}" of ${place}`
  try {
    const [[text] = []] = await server.read(`SELECT to_json(q) FROM (${queryOf(table)}) AS q`)
    if (text === undefined || text === null) return `there is no ${name}`
    const found = JSON.parse(text) as Found
    // Texts are hashed in the bytes of the server's encoding.
    if (found.encoding !== table.encoding) return `${place} has the encoding ${found.encoding}, in which digests are other ones`
    if (found.further) return `rows of ${name} are on a further server`
    const cells = (catalog.relations.get(table.path)?.attributes ?? []).map((attribute) => {
      const remote = table.columns.get(attribute.name) ?? attribute.name
      return { attribute, remote, type: found.types[remote] }
    })
    const missing = cells.find(({ type }) => type === undefined)
    if (missing !== undefined) return `${name} has no column "${missing.remote}"`
    const listed = cells.map(({ attribute, remote, type }) => {
      const cell = `r.${quoteIdentifier(remote)}`
      // As the wrapper does: the text that is written there is read as the type here.
      const typed = type === attribute.type ? cell : `(${cell}::pg_catalog.text)::${attribute.type}`
      return `${typed} AS ${quoteIdentifier(attribute.name)}`
    })
    const from = `(SELECT ${listed.join(', ')} FROM ${quoteName(table.remote)} AS r) AS t`
    return {
      version,
      place,
      takenAt,
      sum: async (aggregates) => (await server.read(`SELECT ${aggregates.join(', ')} FROM ${from}`))[0] ?? [],
    }
  } catch (error) {
    if (error instanceof StatementError) return `${name} cannot be read: ${reasonOf(error)}`
    throw error
  }
}

/** A foreign table may stand for a view or for a partitioned table, whose rows may be in foreign tables again. */
function queryOf({ remote: { schema, name } }: ForeignTable): string {
  return `
WITH RECURSIVE reads (oid) AS (
    SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = ${quoteLiteral(schema)} AND c.relname = ${quoteLiteral(name)} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION
    SELECT further.oid FROM reads CROSS JOIN LATERAL (
      SELECT i.inhrelid AS oid FROM pg_inherits AS i WHERE i.inhparent = reads.oid
      UNION ALL
      SELECT d.refobjid FROM pg_rewrite AS w JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
       WHERE w.ev_class = reads.oid AND d.refclassid = 'pg_class'::regclass
    ) AS further
)
SELECT current_setting('server_encoding') AS encoding,
       EXISTS (SELECT FROM reads AS o JOIN pg_class AS k ON k.oid = o.oid WHERE k.relkind = 'f') AS further,
       (SELECT coalesce(json_object_agg(a.attname, format_type(a.atttypid, a.atttypmod)), '{}')
          FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS types
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = ${quoteLiteral(schema)} AND c.relname = ${quoteLiteral(name)} AND c.oid IN (SELECT oid FROM reads)`
}
