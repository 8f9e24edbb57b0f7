import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openShop, scratchFolder } from './production.ts'
import { type LearnedPair, learnPair, rehearseAt as rehearseAnywhere, writePair } from './rehearsals.ts'
import { columns, fill, startThreeServers, type ThreeServers } from './three-servers.ts'

const legacy = `CREATE TABLE orders (${columns}) PARTITION BY LIST (shard);
CREATE TABLE orders_0 PARTITION OF orders FOR VALUES IN (0);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES IN (1);
CREATE TABLE orders_2 PARTITION OF orders FOR VALUES IN (2);`

const rehearseAt = (pair: LearnedPair, url: string) => rehearseAnywhere(pair, url, { allowForeignWrites: true })

/** Copies with a third of the rows, and foreign partitions for the others. */
describe('a rehearsal on a copy with rows on three servers', { timeout: 120_000 }, () => {
  let servers: ThreeServers
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  beforeAll(async () => {
    servers = await startThreeServers()
    scratch = await scratchFolder()
  }, 120_000)
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await scratch?.[Symbol.asyncDispose]()
  })

  async function openSpread() {
    for (const [at, { session }] of servers.shards.entries()) if (at > 0) await session.script(`TRUNCATE orders; ${fill('orders', at)}`)
    return await servers.openSpread()
  }
  async function learn(name: string, up: string, down?: string): Promise<LearnedPair> {
    const files = { 'legacy.sql': legacy, 'up.sql': up, ...(down === undefined ? {} : { 'down.sql': down }) }
    return learnPair(await writePair(join(scratch.path, name), files))
  }
  const said = (findings: readonly { readonly message: string }[]) => findings.map(({ message }) => message)

  test('compares all rows by sums that each server takes, before and after up and after down; no row travels', async () => {
    const pair = await learn('sound', 'UPDATE orders SET customer = customer + 1000;', 'UPDATE orders SET customer = customer - 1000;')
    await using spread = await openSpread()
    for (const at of [1, 2]) await servers.readStatements(at)
    const { verdict, findings, checks, totals, down, notChecked } = await rehearseAt(pair, spread.url)
    for (const at of [1, 2]) {
      const { fetched, rowsFetched } = await servers.readStatements(at)
      expect(fetched.filter((each) => !/SELECT (NULL|\$1) FROM public.orders LIMIT /.test(each))).toEqual([])
      // To connect: before up, after it, and after down.
      expect(rowsFetched).toBe(3)
    }
    expect({ verdict, findings: said(findings), equal: down?.equal }).toEqual({ verdict: 'holds', findings: [], equal: true })
    expect(totals.map(({ table, rows, after }) => [table, rows, after])).toEqual([
      ['public.orders_0', 1000, 1000],
      ['public.orders_1', 1000, 1000],
      ['public.orders_2', 1000, 1000],
    ])
    expect(checks.map(({ title, differing }) => [title, differing])).toEqual([
      ['all tables and columns are there', 0],
      ['orders: no row is missing', 0],
      ...['id', 'shard', 'customer', 'amount', 'weight', 'day', 'note', 'code', 'made', 'raw'].map((name) => [
        `orders.${name}: the values have the same digest`,
        0,
      ]),
      ['orders: the rows have the same digest', 0],
    ])
    expect(notChecked.filter((text) => text.includes('orders'))).toEqual([])
  })

  test('compares the partitions of a table on one server as one table', async () => {
    const pair = await learn('local', 'UPDATE orders SET customer = customer + 1000;')
    const [first] = servers.shards
    if (first === undefined) throw new Error('there is no server')
    await using shop = await openShop(first.cluster, `${legacy} ${fill('orders', -1)}`)
    const { verdict, because, checks } = await rehearseAt(pair, shop.url)
    expect({ verdict, because, differing: checks.map(({ title, differing }) => [title, differing]) }).toEqual({
      verdict: 'holds',
      because: '',
      differing: [
        ['all tables and columns are there', 0],
        ['orders: each row is there as often as before', 0],
      ],
    })
  })

  test('finds one changed cell on one server, and after down still', async () => {
    const pair = await learn('lossy', `UPDATE orders SET note = 'x' WHERE note = 'note 4';`, 'SELECT 1;')
    await using spread = await openSpread()
    const { verdict, findings, down } = await rehearseAt(pair, spread.url)
    expect({ verdict, findings: said(findings), equal: down?.equal }).toEqual({
      verdict: 'violated',
      findings: [
        'orders.note: values have changed: the digest over all 3000 rows is another one',
        'orders_1: after down the rows are not as before (the digests differ)',
      ],
      equal: false,
    })
  })

  test('finds rows that are missing on a server, and values that changed places', async () => {
    const gone = await learn('gone', `DELETE FROM orders WHERE note = 'note 4';`)
    await using spread = await openSpread()
    const deleted = await rehearseAt(gone, spread.url)
    expect([deleted.verdict, ...said(deleted.findings)]).toEqual(['violated', 'orders: 1 of 3000 rows are in no table after the migration'])
    const swap = await learn(
      'swap',
      `UPDATE orders SET note = CASE note WHEN 'note 4' THEN 'note 7' ELSE 'note 4' END WHERE note IN ('note 4', 'note 7');`,
    )
    await using again = await openSpread()
    const swapped = await rehearseAt(swap, again.url)
    expect([swapped.verdict, ...said(swapped.findings)]).toEqual([
      'violated',
      'orders: values have changed places between rows: the digest of the rows is another one',
    ])
  })

  test('is unknown where a server cannot be reached', async () => {
    const pair = await learn('unreached', 'UPDATE orders_0 SET customer = customer + 1000;')
    await using spread = await openSpread()
    await spread.session.script(`ALTER USER MAPPING FOR CURRENT_USER SERVER shard_2 OPTIONS (DROP password)`)
    const { verdict, because, notChecked } = await rehearseAt(pair, spread.url)
    const reason = 'orders_2: the user mapping for the foreign server "shard_2" has no password'
    expect({ verdict, because }).toEqual({
      verdict: 'unknown',
      because: `The copy did not answer 1 of 2 checks: orders: the rows on other servers are as before (${reason}).`,
    })
    expect(notChecked).toContain(`Rows of the foreign table ${reason}.`)
  })
  test('compares a table that is on another server as a whole, and has its key there', async () => {
    const [first] = servers.shards
    if (first === undefined) throw new Error('there is no server')
    const files = {
      'legacy.sql': `CREATE TABLE orders (${columns}, PRIMARY KEY (id));`,
      'up.sql': 'ALTER TABLE orders DROP COLUMN note;\nUPDATE orders SET customer = customer + 1000;',
    }
    const pair = await learnPair(await writePair(join(scratch.path, 'keyed'), files))
    await servers.shards[1]?.session.script(`TRUNCATE orders; ${fill('orders', 1)}`)
    await using shop = await openShop(
      first.cluster,
      `CREATE EXTENSION postgres_fdw; ${servers.serverSql(1, 'shard_1')} CREATE FOREIGN TABLE orders (${columns}) SERVER shard_1`,
    )
    await servers.readStatements(1)
    const { verdict, findings, notChecked } = await rehearseAt(pair, shop.url)
    // To connect, twice; and the count of the rows that a finding of verification concerns.
    const { fetched, rowsFetched } = await servers.readStatements(1)
    expect(fetched).toEqual([
      expect.stringMatching(/SELECT NULL FROM public.orders LIMIT/),
      expect.stringMatching(/SELECT count\(\*\) FROM public.orders/),
    ])
    expect(rowsFetched).toBe(3)
    // 200 of the thousand rows have no note.
    expect({ verdict, findings: said(findings) }).toEqual({
      verdict: 'violated',
      findings: ['orders.note: the values of 800 of 1000 rows are in no column after the migration'],
    })
    expect(notChecked.filter((text) => text.includes('orders'))).toEqual([])
  })

  test('asks nothing that would make rows travel: the verdict is unknown then', async () => {
    const files = {
      'legacy.sql': `${legacy}\nCREATE TABLE arrived (id int PRIMARY KEY, note text);`,
      'up.sql': `INSERT INTO orders SELECT id, id % 3, 0, 0, 0, NULL, note FROM arrived;\nDROP TABLE arrived;`,
    }
    const pair = await learnPair(await writePair(join(scratch.path, 'arrived'), files))
    await using spread = await openSpread()
    await spread.session.script(`CREATE TABLE arrived (id int PRIMARY KEY, note text);
      INSERT INTO arrived SELECT n, 'note ' || n FROM generate_series(10000, 10020) AS n`)
    for (const at of [1, 2]) await servers.readStatements(at)
    const { verdict, checks } = await rehearseAt(pair, spread.url)
    for (const at of [1, 2]) expect((await servers.readStatements(at)).rowsFetched).toBe(2)
    expect(verdict).toBe('unknown')
    expect(checks.map(({ because }) => because).filter((because) => because !== '')).toEqual(
      expect.arrayContaining(['rows of orders_1, orders_2 would travel from other servers']),
    )
  })
})
