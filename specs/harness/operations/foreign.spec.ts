import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { readTableTotals, readTotalsWhereRowsAre } from '../../../harness/operations/evidence/totals.ts'
import { foreignServers } from '../../../harness/operations/foreign/foreign-servers.ts'
import { type ForeignTable, readForeignTables } from '../../../harness/operations/foreign/foreign-tables.ts'
import type { Shop } from './production.ts'
import { columns, fill, startThreeServers, type ThreeServers } from './three-servers.ts'

/** A third of the rows is here, and two thirds are on two other servers. */
describe('rows on three servers', { timeout: 120_000 }, () => {
  let servers: ThreeServers
  let all: Shop
  beforeAll(async () => {
    servers = await startThreeServers()
    await servers.shards[1]?.session.script('CREATE TABLE other (id int)')
    all = await servers.openSpread(
      `CREATE FOREIGN TABLE far (id int) SERVER shard_1 OPTIONS (table_name 'other');
       CREATE TABLE whole (${columns}); ${fill('whole', -1)}`,
    )
  }, 120_000)
  afterAll(async () => {
    await all?.[Symbol.asyncDispose]()
    await servers?.[Symbol.asyncDispose]()
  })

  const connect = () => all.database.connect()
  async function totalsOf(path: string, change: (table: ForeignTable) => ForeignTable = (table) => table) {
    const tables = [...(await readForeignTables(all.session))].map(([name, table]) => [name, change(table)] as const)
    await using reached = foreignServers(connect, new Map(tables), new AbortController().signal)
    const found = await readTotalsWhereRowsAre(all.session, await readCatalog(all.session), path, reached)
    return found.outcome === 'summed' ? { ...found.totals, table: '' } : found.because
  }
  const wholeTotals = async () => ({
    ...(await readTableTotals(all.session, await readCatalog(all.session), 'public.whole')),
    table: '',
  })

  test('each server counts, digests and sums its own rows: together as one table with all of them, and no row travels', async () => {
    for (const at of [1, 2]) await servers.readStatements(at)
    expect(await totalsOf('public.orders')).toEqual(await wholeTotals())
    for (const at of [1, 2]) {
      const { fetched, rowsFetched, read } = await servers.readStatements(at)
      // The wrapper connects once, so that it can be told which server it means.
      expect(fetched).toEqual([expect.stringMatching(/^DECLARE c1 CURSOR FOR\s+SELECT (NULL|\$1) FROM public.orders LIMIT /)])
      expect(rowsFetched).toBe(1)
      expect(read).toEqual([expect.stringMatching(/^1 of SELECT count\(\*\), coalesce\(sum\(hashtextextended/)])
    }
  })

  test('one changed cell on one server is seen, and a row that is missing there', async () => {
    const { session } = servers.shards[2] ?? all
    const whole = await wholeTotals()
    await session.script(`UPDATE orders SET note = 'other' WHERE id = 5`)
    const changed = await totalsOf('public.orders')
    expect(changed).toEqual({ ...whole, digest: expect.not.stringMatching(`^${whole.digest}$`) })
    await session.script(`UPDATE orders SET note = NULL WHERE id = 5; DELETE FROM orders WHERE id = 8`)
    expect(await totalsOf('public.orders')).toMatchObject({ rows: whole.rows - 1 })
    await session.script(`TRUNCATE orders; ${fill('orders', 2)}`)
    expect(await totalsOf('public.orders')).toEqual(whole)
  })

  test('rows behind a view, under other names and in other types there count as the foreign table shows them', async () => {
    const { session } = servers.shards[1] ?? all
    await session.script(
      `CREATE VIEW renamed AS SELECT id::text AS number, note, amount::text AS "Amount", code::text AS code, true AS extra FROM orders`,
    )
    await all.session.script(`CREATE FOREIGN TABLE renamed (id int OPTIONS (column_name 'number'), amount numeric(12, 2) OPTIONS (column_name 'Amount'), note text, code char(4))
        SERVER shard_1;
      CREATE VIEW expected AS SELECT id, amount, note, code FROM whole WHERE shard = 1`)
    await servers.readStatements(1)
    const there = await totalsOf('public.renamed')
    expect((await servers.readStatements(1)).rowsFetched).toBe(1)
    await all.session.script('CREATE TABLE copied AS TABLE expected')
    expect(there).toEqual({ ...(await readTableTotals(all.session, await readCatalog(all.session), 'public.copied')), table: '' })
  })

  test('a partition that cannot be reached leaves no total, but the reason', async () => {
    const because = (change: (table: ForeignTable) => ForeignTable) => totalsOf('public.orders', change)
    const onServer = (table: ForeignTable, server: Partial<ForeignTable['server']>) => ({
      ...table,
      server: { ...table.server, ...server },
    })
    expect(await because((table) => onServer(table, { postgres: false }))).toBe(
      'orders_1: the wrapper of the foreign server "shard_1" is not postgres_fdw',
    )
    expect(await because((table) => onServer(table, { mapping: { user: 'somebody' } }))).toBe(
      'orders_1: the user mapping for the foreign server "shard_1" has no password',
    )
    expect(await because((table) => onServer(table, { options: { ...table.server.options, port: '1' } }))).toMatch(
      /^orders_1: the foreign server "shard_1" cannot be read: cannot use the server at 127\.0\.0\.1:1: .*ECONNREFUSED/,
    )
    expect(await because((table) => ({ ...table, encoding: 'LATIN1' }))).toMatch(
      /^orders_1: .* has the encoding UTF8, in which digests are other ones$/,
    )
    expect(await because((table) => ({ ...table, columns: new Map([['note', 'text of it']]) }))).toMatch(
      /^orders_1: "public\.orders" of 127.* has no column "text of it"$/,
    )
    expect(await because((table) => ({ ...table, remote: { schema: 'public', name: 'nowhere' } }))).toMatch(
      /^orders_1: there is no "public\.nowhere" of 127/,
    )
  })

  test('the same address is no proof that it is the same server: what the wrapper reads must be seen there', async () => {
    const { cluster } = servers.shards[1] ?? {}
    const twin = await cluster?.createDatabase()
    await using session = await twin?.connect()
    await session?.script(`CREATE TABLE orders (${columns}); ${fill('orders', 1)}`)
    const found = await totalsOf('public.orders', (table) => ({
      ...table,
      server: { ...table.server, options: { ...table.server.options, dbname: twin?.name ?? '' } },
    }))
    await session?.close()
    await twin?.drop()
    expect(found).toMatch(/^orders_1: 127.* is another server from here than it is for the foreign server "shard_1"$/)
  })

  test('what runs on the other server is cancelled with the run', async () => {
    const { session } = servers.shards[1] ?? all
    const abort = new AbortController()
    await session.script('BEGIN; LOCK TABLE orders')
    try {
      await using reached = foreignServers(connect, await readForeignTables(all.session), abort.signal)
      const catalog = await readCatalog(all.session)
      // Connected, and found there, while it is not locked yet by the sum.
      expect(await reached.reach(catalog, 'public.far')).toMatchObject({ place: expect.stringMatching(/^127/) })
      const sum = readTotalsWhereRowsAre(all.session, catalog, 'public.orders_1', reached)
      const waits = `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass) AS waits`
      await expect.poll(async () => (await session.one<{ waits: boolean }>(waits)).waits).toBe(true)
      abort.abort()
      expect(await sum).toMatchObject({ because: expect.stringMatching(/^orders_1: canceling statement due to user request \(57014\)$/) })
    } finally {
      await session.script('ROLLBACK')
    }
  })

  test('rows that the other server has from a further one, or hides from the user, are not summed', async () => {
    const { session, database } = servers.shards[1] ?? { session: all.session, database: all.database }
    await session.script(`CREATE EXTENSION postgres_fdw; ${servers.serverSql(2, 'further')}
      CREATE FOREIGN TABLE far (${columns}) SERVER further OPTIONS (table_name 'orders'); CREATE VIEW farther AS TABLE far;
      CREATE ROLE reader LOGIN PASSWORD 'secret'; CREATE TABLE hidden (id int); GRANT SELECT ON hidden TO reader; ALTER TABLE hidden ENABLE ROW LEVEL SECURITY`)
    const url = new URL(database.url())
    await all.session.script(`CREATE FOREIGN TABLE farther (id int) SERVER shard_1;
      CREATE SERVER as_reader FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '${url.hostname}', port '${url.port}', dbname '${database.name}');
      CREATE USER MAPPING FOR PUBLIC SERVER as_reader OPTIONS (user 'reader', password 'secret');
      CREATE FOREIGN TABLE hidden (id int) SERVER as_reader; CREATE FOREIGN TABLE orders_of_reader (id int) SERVER as_reader OPTIONS (table_name 'orders')`)
    expect(await totalsOf('public.farther')).toMatch(/^farther: rows of "public\.farther" of 127.* are on a further server$/)
    expect(await totalsOf('public.hidden')).toMatch(/^hidden: query would be affected by row-level security policy .* \(42501\)$/)
    expect(await totalsOf('public.orders_of_reader')).toMatch(/permission denied .*\(42501\)$/)
  })
})
