import { type Cluster, type Database, quoteLiteral, whileSharedRowsChange } from '../postgres/index.ts'

/** What a cluster of our own knows of roles at one moment. */
export interface RoleState {
  /**
   * Let this database, just cloned, stand for the whole cluster: a role that it drops must not be held by the template that it was cloned from.
   * Until `restore`, nothing can be cloned from another database.
   */
  apart(database: Database): Promise<void>
  /** Drop the roles that were made since, and put back those that were dropped or altered, with their memberships, settings and OIDs. */
  restore(): Promise<void>
}

/** Rows about roles that all databases share, as the server stores them. */
const shared = [
  { table: 'pg_authid', where: 'true' },
  { table: 'pg_auth_members', where: 'true' },
  { table: 'pg_db_role_setting', where: 'setdatabase = 0' },
  { table: 'pg_shdescription', where: "classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass" },
  { table: 'pg_shdepend', where: "classid = 'pg_catalog.pg_auth_members'::pg_catalog.regclass" },
] as const

const rowsSql = shared
  .map(
    ({ table, where }) => `SELECT '${table}' AS "table", pg_catalog.to_jsonb(t)::text AS row FROM pg_catalog.${table} AS t WHERE ${where}`,
  )
  .join(' UNION ALL ')

interface Row {
  readonly table: string
  readonly row: string
}

/**
 * Remember the roles of a cluster of our own.
 *
 * No statement brings a dropped role back under its OID, by which rights in other databases know it, and DROP ROLE refuses whatever somebody
 * still names: the superuser writes the rows themselves.
 */
export async function rememberRoles(cluster: Cluster): Promise<RoleState> {
  const database = await cluster.createDatabase()
  const read = async () => {
    await using session = await database.connect()
    return await session.query<Row>(rowsSql)
  }
  const known = await read()
  let hidden: readonly Row[] = []
  return {
    async apart({ name }) {
      await using session = await database.connect()
      const own = `(SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = ${quoteLiteral(name)})`
      const rows = await session.query<Row>(
        `DELETE FROM pg_catalog.pg_shdepend AS t
          WHERE refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND CASE WHEN dbid = 0 THEN objid <> ${own} ELSE dbid <> ${own} END
            AND (dbid <> 0 OR classid = 'pg_catalog.pg_database'::pg_catalog.regclass)
          RETURNING 'pg_shdepend' AS "table", pg_catalog.to_jsonb(t)::text AS row`,
      )
      hidden = [...hidden, ...rows]
    },
    async restore() {
      const now = await read()
      const [gone, missing] = [without(now, known), [...without(known, now), ...hidden]]
      hidden = []
      if (gone.length + missing.length === 0) return
      await using session = await database.connect()
      // One message is one transaction.
      const sql = [...gone.map(deleteSql), ...missing.map(insertSql), ofDroppedDatabases].join(';\n')
      await whileSharedRowsChange(() => session.script(sql))
    },
  }
}

/** What was put back and belongs to a database that was dropped meanwhile. */
const ofDroppedDatabases = `DELETE FROM pg_catalog.pg_shdepend AS t
  WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database AS d
    WHERE d.oid = CASE WHEN t.classid = 'pg_catalog.pg_database'::pg_catalog.regclass THEN t.objid ELSE t.dbid END)
    AND (t.dbid <> 0 OR t.classid = 'pg_catalog.pg_database'::pg_catalog.regclass)`

function without(rows: readonly Row[], others: readonly Row[]): readonly Row[] {
  const known = new Set(others.map((each) => `${each.table} ${each.row}`))
  return rows.filter((each) => !known.has(`${each.table} ${each.row}`))
}

function deleteSql({ table, row }: Row): string {
  return `DELETE FROM pg_catalog.${table} AS t WHERE pg_catalog.to_jsonb(t) = ${quoteLiteral(row)}::pg_catalog.jsonb`
}

function insertSql({ table, row }: Row): string {
  return `INSERT INTO pg_catalog.${table} SELECT (pg_catalog.jsonb_populate_record(NULL::pg_catalog.${table}, ${quoteLiteral(row)}::pg_catalog.jsonb)).*`
}
