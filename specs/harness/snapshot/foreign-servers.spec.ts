import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog, scriptPinned } from '../../../harness/catalog/index.ts'
import { type Database, type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { digestRelations, digestStatement } from '../../../harness/snapshot/index.ts'

const columns = 'id int NOT NULL, customer int NOT NULL, amount numeric(12, 2) NOT NULL, note text'
const rows = 3000
/** What a shard has. */
const rowsOf = (shard: number) =>
  `INSERT INTO orders SELECT n, n % 97, n / 7.0, CASE WHEN n % 5 > 0 THEN 'note ' || n END FROM generate_series(1, ${rows}) AS n WHERE n % 3 = ${shard}`

interface Shard {
  readonly cluster: StartedCluster
  readonly database: Database
  readonly session: Session
}

/** Rows spread over three servers, and a fourth database that has all of them as foreign partitions. */
describe('rows on three servers', { timeout: 120_000 }, () => {
  const shards: Shard[] = []
  let all: Database
  let session: Session

  beforeAll(async () => {
    for (let at = 0; at < 3; at += 1) {
      const cluster = await startCluster({ kind: 'embedded' })
      const database = await cluster.createDatabase()
      const own = await database.connect()
      await own.script(`CREATE TABLE orders (${columns}); ${rowsOf(at)}; ANALYZE orders`)
      shards.push({ cluster, database, session: own })
    }
    const [first] = shards
    if (first === undefined) throw new Error('there is no server')
    all = await first.cluster.createDatabase()
    session = await all.connect()
    await session.script(`CREATE EXTENSION postgres_fdw; CREATE TABLE orders (${columns}) PARTITION BY HASH (id);
      CREATE TABLE whole (${columns}); SET enable_partitionwise_aggregate = on`)
    for (const [at, { database }] of shards.entries()) {
      const url = new URL(database.url())
      const host = url.searchParams.get('host') ?? url.hostname
      await session.script(`CREATE SERVER shard_${at} FOREIGN DATA WRAPPER postgres_fdw
          OPTIONS (host '${host}', port '${url.port}', dbname '${database.name}', use_remote_estimate 'true');
        CREATE USER MAPPING FOR CURRENT_USER SERVER shard_${at} OPTIONS (user '${decodeURIComponent(url.username)}', password '${decodeURIComponent(url.password)}');
        CREATE FOREIGN TABLE orders_${at} PARTITION OF orders FOR VALUES WITH (MODULUS 3, REMAINDER ${at}) SERVER shard_${at} OPTIONS (table_name 'orders');
        ${rowsOf(at).replace('orders', 'whole')}`)
    }
  }, 120_000)

  afterAll(async () => {
    await session?.close()
    await all?.drop()
    for (const shard of shards.toReversed()) {
      await shard.session.close()
      await shard.cluster.stop()
    }
  })

  test('the digest of all rows is the sum of the digests that each server takes of its own', async () => {
    const whole = (await digestRelations(session, await readCatalog(session), ['public.whole'])).get('public.whole')
    const parts = await Promise.all(
      shards.map(async (shard) =>
        (await digestRelations(shard.session, await readCatalog(shard.session), ['public.orders'])).get('public.orders'),
      ),
    )
    expect(whole?.rows).toBe(rows)
    expect(parts.reduce((sum, part) => sum + (part?.rows ?? 0), 0)).toBe(rows)
    expect(parts.reduce((sum, part) => sum + BigInt(part?.digest ?? 0), 0n)).toBe(BigInt(whole?.digest ?? 0))
    // One row that differs on one server is seen.
    await shards[1]?.session.script("BEGIN; UPDATE orders SET note = 'other' WHERE id = 4")
    const changed = await digestRelations(shards[1]?.session as Session, await readCatalog(shards[1]?.session as Session), [
      'public.orders',
    ])
    await shards[1]?.session.script('ROLLBACK')
    expect(changed.get('public.orders')?.digest).not.toBe(parts[1]?.digest)
  })

  test('through foreign partitions the digest is the same, but rows travel for it', async () => {
    const catalog = await readCatalog(session)
    const digests = await digestRelations(session, catalog, ['public.whole', 'public.orders'])
    expect(digests.get('public.orders')).toEqual(digests.get('public.whole'))
    // Casts to text, COLLATE and COALESCE are not sent to a foreign server: the rows are (docs/scale.md).
    expect(await remoteSql(digestStatement(catalog, 'public.orders'))).toEqual(
      Array.from({ length: 3 }, () => 'SELECT id, customer, amount, note FROM public.orders'),
    )
  })

  test('a sum over each foreign partition is computed where its rows are, and over their parent it is not', async () => {
    expect(await remoteSql('SELECT count(*), sum(amount) FROM public.orders')).toEqual(
      Array.from({ length: 3 }, () => 'SELECT amount FROM public.orders'),
    )
    const leaves = [0, 1, 2].map((at) => `SELECT count(*) AS rows, sum(amount) AS amount FROM public.orders_${at}`)
    const byLeaf = `SELECT sum(rows) AS rows, sum(amount) AS amount FROM (${leaves.join(' UNION ALL ')}) AS l`
    expect(await remoteSql(byLeaf)).toEqual(Array.from({ length: 3 }, () => 'SELECT count(*), sum(amount) FROM public.orders'))
    expect(await session.one(byLeaf)).toEqual(await session.one('SELECT count(*)::numeric AS rows, sum(amount) AS amount FROM whole'))
  })

  test('the server spreads the digest of a large table, or of its partitions, over its processes', async () => {
    const [shard] = shards
    if (shard === undefined) throw new Error('there is no server')
    await shard.session.script(`CREATE TABLE parted (${columns}) PARTITION BY HASH (id);
      CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO parted TABLE orders; ANALYZE parted`)
    const catalog = await readCatalog(shard.session)
    // As if they were large.
    await shard.session.script('SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0')
    const planOf = async (path: string) => {
      const [plan] = await scriptPinned(shard.session, [`EXPLAIN (COSTS OFF) ${digestStatement(catalog, path)}`])
      return (plan?.rows ?? []).map(([line]) => line?.trim()).join('\n')
    }
    expect(await planOf('public.orders')).toMatch(/^Finalize Aggregate[\s\S]*Gather[\s\S]*Partial Aggregate[\s\S]*Parallel Seq Scan/)
    expect(await planOf('public.parted')).toMatch(/^Finalize Aggregate[\s\S]*Gather[\s\S]*Partial Aggregate[\s\S]*Parallel Append/)
  })

  async function remoteSql(sql: string): Promise<readonly string[]> {
    const [plan] = await scriptPinned(session, [`EXPLAIN (VERBOSE, COSTS OFF) ${sql}`])
    return (plan?.rows ?? []).flatMap(([line]) => /Remote SQL: (.*)/.exec(line ?? '')?.[1] ?? [])
  }
})
