import { type Database, type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { major, openShop, type Shop } from './production.ts'

/** How many rows all servers have together. */
export const rows = 3000

/** Columns of the table that is spread. */
export const columns =
  'id int NOT NULL, shard int NOT NULL, customer bigint NOT NULL, amount numeric(12, 2) NOT NULL, weight float8, day date, note text, code char(4), made timestamptz, raw bytea'

/** Rows whose number gives a remainder when divided by three; negative for all rows. */
export function fill(table: string, shard: number): string {
  return `INSERT INTO ${table} SELECT n, n % 3, n % 97, n / 7.0, CASE WHEN n % 11 > 0 THEN n / 3.0 END, date '2020-01-01' + n % 700,
    CASE WHEN n % 5 > 0 THEN 'note ' || n END, n % 10,
    timestamptz '2020-01-01 00:00Z' + n * interval '1 hour', decode(md5(n::text), 'hex') FROM generate_series(1, ${rows}) AS n${shard < 0 ? '' : ` WHERE n % 3 = ${shard}`}`
}

export interface Shard {
  readonly cluster: StartedCluster
  readonly database: Database
  readonly session: Session
}

/** Three servers with rows of `orders`. */
export interface ThreeServers extends AsyncDisposable {
  readonly shards: readonly Shard[]
  /** What the wrapper fetched from a server, and all other statements that read rows of `orders` there, since the last call. */
  readStatements(
    shard: number,
  ): Promise<{ readonly fetched: readonly string[]; readonly rowsFetched: number; readonly read: readonly string[] }>
  /** `CREATE SERVER … OPTIONS (…)` and a user mapping for the session's role. */
  serverSql(shard: number, name: string): string
  /**
   * A database on the first of them that has `orders` with the rows of all: its own partition, and two foreign ones on the servers `shard_1`
   * and `shard_2`.
   *
   * @param more  SQL that makes what else is to be there.
   */
  openSpread(more?: string): Promise<Shop>
}

/** Start them, each with its rows in `orders`. */
export async function startThreeServers(): Promise<ThreeServers> {
  const shards: Shard[] = []
  for (let at = 0; at < 3; at += 1) {
    const settings = { shared_preload_libraries: 'pg_stat_statements' }
    // The last one is of the newest version: it must hash as the oldest does.
    const cluster = await startCluster({ kind: 'embedded', major: at < 2 ? (major ?? 15) : undefined }, { settings })
    const database = await cluster.createDatabase()
    const session = await database.connect()
    await session.script(`CREATE EXTENSION pg_stat_statements; CREATE TABLE orders (${columns}); ${fill('orders', at)}; ANALYZE orders`)
    // Whose texts depend on it would give other digests.
    if (at === 1)
      await session.script(
        ['TimeZone = "Asia/Tokyo"', "DateStyle = 'SQL, DMY'", 'extra_float_digits = -5', 'bytea_output = escape', "search_path = ''"]
          .map((setting) => `ALTER DATABASE "${database.name}" SET ${setting}`)
          .join('; '),
      )
    shards.push({ cluster, database, session })
  }
  const shardAt = (at: number): Shard => {
    const shard = shards[at]
    if (shard === undefined) throw new Error(`there is no server ${at}`)
    return shard
  }
  return {
    shards,
    async readStatements(at) {
      const { session } = shardAt(at)
      const found = await session.query<{ query: string; rows: string }>(
        `SELECT query, rows::text FROM pg_stat_statements
          WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY query`,
      )
      await session.query('SELECT pg_stat_statements_reset()')
      const fetches = found.filter(({ query }) => query.startsWith('FETCH'))
      return {
        fetched: found.filter(({ query }) => query.startsWith('DECLARE')).map(({ query }) => query),
        rowsFetched: fetches.reduce((sum, each) => sum + Number(each.rows), 0),
        read: found
          .filter(({ query }) => /^\s*SELECT[^;]* FROM .*\borders\b/s.test(query))
          .map(({ query, rows: given }) => `${given} of ${query}`),
      }
    },
    serverSql: (at, name) => serverSql(shardAt(at), name),
    openSpread(more = '') {
      return openShop(
        shardAt(0).cluster,
        `CREATE EXTENSION postgres_fdw; ${serverSql(shardAt(1), 'shard_1')} ${serverSql(shardAt(2), 'shard_2')}
         CREATE TABLE orders (${columns}) PARTITION BY LIST (shard);
         CREATE TABLE orders_0 PARTITION OF orders FOR VALUES IN (0);
         CREATE FOREIGN TABLE orders_1 PARTITION OF orders FOR VALUES IN (1) SERVER shard_1 OPTIONS (table_name 'orders');
         CREATE FOREIGN TABLE orders_2 PARTITION OF orders FOR VALUES IN (2) SERVER shard_2 OPTIONS (table_name 'orders');
         ${fill('orders_0', 0)}; ${more}`,
      )
    },
    async [Symbol.asyncDispose]() {
      for (const { session, cluster } of shards) {
        await session.close()
        await cluster.stop()
      }
    },
  }
}

function serverSql({ database }: Shard, name: string): string {
  const url = new URL(database.url())
  const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)]
  return `CREATE SERVER ${name} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${url.hostname}', port '${url.port}', dbname '${database.name}');
    CREATE USER MAPPING FOR CURRENT_USER SERVER ${name} OPTIONS (user '${user}', password '${password}');`
}
