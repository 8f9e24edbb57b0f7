import { type Catalog, readJson } from '../../catalog/index.ts'
import { pathOf, type Session } from '../../postgres/index.ts'

type Options = Readonly<Record<string, string>>

/** A foreign table, as the catalog of the database that has it describes it. */
export interface ForeignTable {
  /** Its path in that database. */
  readonly path: string
  readonly server: ForeignServer
  /** The relation on the other server. */
  readonly remote: { readonly schema: string; readonly name: string }
  /** Name of a column here → its name there, where it is another one. */
  readonly columns: ReadonlyMap<string, string>
  /** The encoding of the database that has the foreign table. */
  readonly encoding: string
}

export interface ForeignServer {
  readonly name: string
  /** Whether its wrapper is `postgres_fdw`, whatever name it has here. */
  readonly postgres: boolean
  readonly options: Options
  /** Of the session's role, or of everybody; undefined where there is none, or the role may not see it. Holds a password: never show it. */
  readonly mapping: Options | undefined
}

interface Row {
  readonly schema: string
  readonly name: string
  readonly server: string
  readonly handler: string | null
  readonly serverOptions: Options | null
  readonly mapping: Options | null
  readonly tableOptions: Options | null
  readonly columns: Options | null
  readonly encoding: string
}

const optionsOf = (array: string) =>
  `(SELECT json_object_agg(o.option_name, o.option_value) FROM pg_options_to_table(${array}) AS o (option_name, option_value))`

// The mapping of the role itself comes before that of everybody, as for postgres_fdw.
const query = `
SELECT n.nspname AS schema, c.relname AS name, s.srvname AS server, p.prosrc AS handler, current_setting('server_encoding') AS encoding,
       ${optionsOf('s.srvoptions')} AS "serverOptions", ${optionsOf('f.ftoptions')} AS "tableOptions",
       (SELECT ${optionsOf('m.umoptions')} FROM pg_user_mappings AS m
         WHERE m.srvid = s.oid AND (m.umuser = 0 OR m.usename = current_user) ORDER BY m.umuser DESC LIMIT 1) AS mapping,
       (SELECT json_object_agg(a.attname, o.option_value) FROM pg_attribute AS a, pg_options_to_table(a.attfdwoptions) AS o (option_name, option_value)
         WHERE a.attrelid = c.oid AND NOT a.attisdropped AND o.option_name = 'column_name') AS columns
  FROM pg_foreign_table AS f JOIN pg_class AS c ON c.oid = f.ftrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_foreign_server AS s ON s.oid = f.ftserver JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
  LEFT JOIN pg_proc AS p ON p.oid = w.fdwhandler`

/** Every foreign table of the session's database, by path. */
export async function readForeignTables(session: Session): Promise<ReadonlyMap<string, ForeignTable>> {
  const [rows = []] = await readJson(session, [query])
  return new Map((rows as readonly Row[]).map((row) => [pathOf(row), foreignTable(row)]))
}

function foreignTable({ schema, name, server, handler, serverOptions, mapping, tableOptions, columns, encoding }: Row): ForeignTable {
  const { schema_name: remoteSchema = schema, table_name: remoteName = name } = tableOptions ?? {}
  return {
    path: pathOf({ schema, name }),
    server: { name: server, postgres: handler === 'postgres_fdw_handler', options: serverOptions ?? {}, mapping: mapping ?? undefined },
    remote: { schema: remoteSchema, name: remoteName },
    columns: new Map(Object.entries(columns ?? {})),
    encoding,
  }
}

/** Where a foreign server is, by its options: `host:port/database` of one of `postgres_fdw`. */
export function addressOf({ postgres, options }: ForeignServer): string {
  const { host, hostaddr, port, dbname, service } = options
  if (service !== undefined) return `service ${service}`
  const machine = host ?? hostaddr
  if (machine === undefined) return postgres ? 'no host' : 'of another wrapper than postgres_fdw'
  return `${machine}${port === undefined && !postgres ? '' : `:${port ?? '5432'}`}${dbname === undefined ? '' : `/${dbname}`}`
}

/** The relations that hold a relation's rows: itself, or all partitions of a partitioned table, however deep. */
export function leavesOf(catalog: Catalog, path: string): readonly string[] {
  if (catalog.relations.get(path)?.kind !== 'partitioned-table') return [path]
  return [...catalog.relations].flatMap(([child, { partitionOf }]) => (partitionOf?.parent === path ? leavesOf(catalog, child) : []))
}

/** The foreign tables that hold rows of a relation. */
export function foreignLeavesOf(catalog: Catalog, path: string): readonly string[] {
  return leavesOf(catalog, path).filter((leaf) => catalog.relations.get(leaf)?.kind === 'foreign-table')
}
