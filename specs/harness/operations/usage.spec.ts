import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { recordUsage, type Store, type Usage, unusedFor, usageOf } from '../../../harness/operations/index.ts'
import { type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { openShop, type Shop, urlAs } from './production.ts'

const schema = `CREATE EXTENSION pg_stat_statements;
CREATE SCHEMA sales; CREATE TABLE sales.items (id int PRIMARY KEY, note text);
CREATE TABLE items_v2 (id int PRIMARY KEY, note text, old int);
CREATE VIEW items AS SELECT id, note FROM items_v2;
CREATE VIEW cheap AS SELECT id FROM items WHERE id < 10;
CREATE VIEW cheaper AS SELECT id FROM cheap;
CREATE MATERIALIZED VIEW kept AS SELECT id FROM items;
CREATE TABLE others (id int, items int);
CREATE FUNCTION one(i int) RETURNS text LANGUAGE sql AS $$ SELECT note FROM items WHERE id = i $$;
CREATE FUNCTION two(i int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE n text; BEGIN SELECT note INTO n FROM items WHERE id = i; RETURN n; END $$;
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO items (id) VALUES (NEW.id); RETURN NEW; END $$;
CREATE TRIGGER follows AFTER INSERT ON others FOR EACH ROW EXECUTE FUNCTION follow();`

/** What uses the view `items`, and how it comes there. */
const using: readonly (readonly [sql: string, through: readonly string[]])[] = [
  ['SELECT note FROM items WHERE id = 1', []],
  ['SELECT note FROM public.items', []],
  ['SELECT "note" FROM "items" AS i', []],
  ['INSERT INTO items (id) VALUES (100)', []],
  ['UPDATE items SET note = NULL WHERE id = 5', []],
  ['DELETE FROM items WHERE id = 5', []],
  ['SELECT 1 WHERE EXISTS (SELECT FROM items)', []],
  ['WITH x AS (SELECT id FROM items) SELECT id FROM x', []],
  ['COPY (SELECT id FROM items) TO STDOUT', []],
  ['PREPARE p AS SELECT id FROM items WHERE id = $1; EXECUTE p(1)', []],
  ['BEGIN; DECLARE c CURSOR FOR SELECT id FROM items; COMMIT', []],
  ['CREATE TEMP TABLE t AS SELECT id FROM items', []],
  ['EXPLAIN SELECT id FROM items', []],
  ['SELECT id FROM cheap', ['view cheap']],
  ['SELECT id FROM cheaper WHERE id > 1', ['view cheaper', 'view cheap']],
  ['SELECT one(1)', ['function one(integer)']],
  ['SELECT two(1)', ['function two(integer)']],
  ['INSERT INTO others VALUES (200, 1)', ['trigger of others', 'function follow()']],
  ['REFRESH MATERIALIZED VIEW kept', ['materialized view kept']],
]

/** What has the name in it and does not use the view. */
const notUsing = [
  'SELECT items FROM others',
  'SELECT id FROM sales.items',
  'SELECT others.id AS items FROM others',
  'WITH items AS (SELECT 1 AS id) SELECT id FROM items',
  'SELECT id FROM items_v2',
  `SELECT 'items'`,
  'SELECT id FROM kept',
  'SELECT items.id FROM others AS items',
  'UPDATE others SET id = 2 WHERE id = 1',
  'INSERT INTO sales.items SELECT id FROM others',
]

describe('CV-3: usage', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let shop: Shop
  let folder: string
  let store: Store
  beforeAll(async () => {
    production = await startCluster(
      { kind: 'embedded' },
      { settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.max': '100', 'pg_stat_statements.track': 'all' } },
    )
  }, 60_000)
  afterAll(() => production?.stop())
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'godwit-usage-'))
    store = { kind: 'file', path: join(folder, 'usage.jsonl') }
    shop = await openShop(production, schema)
    await shop.session.script(
      `DO $$ BEGIN CREATE ROLE usage_app LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT ALL ON ALL TABLES IN SCHEMA public, sales TO usage_app; GRANT USAGE ON SCHEMA sales TO usage_app`,
    )
    await reset()
  })
  afterEach(async () => {
    await shop[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  const { signal } = new AbortController()
  const items = { schema: 'public', name: 'items' }
  const reset = async () => void (await shop.session.query('SELECT pg_stat_statements_reset()'))
  const record = (into: Store = store) => recordUsage({ url: shop.url, store: into, signal })
  const usage = (from: Store = store, relation = items): Promise<Usage> => usageOf(relation, { url: shop.url, store: from, signal })
  const send = async (sql: string, session: Session = shop.session) => void (await session.script(sql))

  test.each(using)('of a view by: %s', async (sql, through) => {
    await record()
    await send(sql)
    const found = await usage()
    expect(found).toMatchObject({ answer: 'used', because: [] })
    const ways = found.uses.map((use) => [use.through, use.unsure])
    expect(ways).toContainEqual([through, null])
    expect(found.uses.every(({ calls, last }) => calls > 0 && last === found.at)).toBe(true)
    expect(unusedFor(found, 1)).toMatchObject({
      answer: 'used',
      reasons: expect.arrayContaining([expect.stringContaining('used it, last seen at')]),
    })
  })

  test('is none by what only has the name in it', async () => {
    await record()
    for (const sql of notUsing) await send(sql)
    const found = await usage()
    expect([found.uses, found.answer, found.since]).toEqual([[], 'unused', found.observedSince])
  })

  test('is looked up by the search path of the role', async () => {
    await send(`ALTER ROLE usage_app SET search_path = sales, public`)
    try {
      await using app = await (async () => {
        const { openDatabase } = await import('../../../harness/postgres/index.ts')
        return (await openDatabase(urlAs(shop.url, 'usage_app', 'x'))).connect({ writes: true })
      })()
      await send('SELECT id FROM items', app)
      const names = async (schemaName: string) =>
        (await usage(store, { schema: schemaName, name: 'items' })).uses.map(({ role, unsure }) => [role, unsure])
      expect([await names('sales'), await names('public')]).toEqual([[['usage_app', null]], []])
    } finally {
      await send('ALTER ROLE usage_app RESET search_path')
    }
  })

  test('says when each statement was first and last seen, and the calls between snapshots', async () => {
    await record()
    await send('SELECT note FROM items')
    await send('SELECT note FROM items')
    const second = await record()
    const third = await record()
    const found = await usage()
    expect(found).toMatchObject({ answer: 'unused', since: second.at, because: [] })
    expect(found.uses).toEqual([expect.objectContaining({ statement: 'SELECT note FROM items', calls: 2, last: second.at })])
    expect(found.intervals.map(({ to, calls, broken }) => [to, calls, broken])).toEqual([
      [expect.any(String), 0, []],
      [second.at, 2, []],
      [third.at, 0, []],
      [found.at, 0, []],
    ])
    const judged = unusedFor(
      { ...found, at: new Date(Date.parse(second.at) + 8 * 86_400_000).toISOString(), observedSince: '2026-01-01T00:00:00Z' },
      7,
    )
    expect(judged).toEqual({ answer: 'unused', reasons: [] })
    expect(unusedFor(found, 7)).toMatchObject({ answer: 'used' })
  })

  test('is unknown, never none, where observation was broken: counting anew, entries thrown out or removed', async () => {
    await record()
    await send('SELECT note FROM items')
    await reset()
    const anew = await usage()
    expect([anew.uses, anew.answer, anew.observedSince]).toEqual([[], 'unused', anew.at])
    expect(anew.intervals.at(-1)?.broken).toEqual([expect.stringMatching(/^counting began anew at /)])
    expect(unusedFor(anew, 1)).toMatchObject({
      answer: 'unknown',
      reasons: [expect.stringMatching(/^observation is unbroken since .* only: that is no 1 day yet$/)],
    })
    await rm(join(folder, 'usage.jsonl'))

    await record()
    await send('SELECT note FROM items')
    for (let at = 0; at < 300; at += 1) await send(`SELECT ${'id, '.repeat(at)}id FROM others`)
    const full = await usage()
    expect([full.uses, full.observedSince]).toEqual([[], full.at])
    expect(full.intervals.at(-1)?.broken).toEqual([expect.stringContaining('entries were thrown out to make room')])
    await rm(join(folder, 'usage.jsonl'))

    await reset()
    await send('SELECT note FROM items')
    await record()
    await shop.session.query(
      `SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query = 'SELECT note FROM items'`,
    )
    const removed = await usage()
    expect(removed.intervals.at(-1)?.broken).toEqual([expect.stringContaining('removed one by one')])
    expect(removed.observedSince).toBe(removed.at)
  })

  test('is unknown where statements are not counted: utility statements, SQL that functions put together, what the parser does not read', async () => {
    await send('SET pg_stat_statements.track_utility = off')
    const settings = (sql: string) => send(`ALTER DATABASE "${shop.database.name}" ${sql}`)
    await settings('SET pg_stat_statements.track_utility = off')
    expect(await usage()).toMatchObject({ answer: 'unknown', because: [expect.stringContaining('track_utility = off')] })
    await settings('RESET pg_stat_statements.track_utility')
    await settings('SET pg_stat_statements.track = top')
    expect(await usage()).toMatchObject({ answer: 'unused', because: [] })
    await send(`CREATE FUNCTION dynamic(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SELECT 1 FROM ' || t; END $$`)
    await reset()
    expect(await usage()).toMatchObject({ answer: 'unknown', because: [expect.stringMatching(/^dynamic\(text\) put SQL together/)] })
    await settings('SET pg_stat_statements.track = none')
    expect((await usage()).intervals.at(-1)?.broken).toEqual(['statements are not counted (pg_stat_statements.track = none)'])
  })

  test('is unknown where what one role sends is not counted, and where an entry may have come and gone', async () => {
    for (const setting of ['pg_stat_statements.track = none', 'compute_query_id = off']) {
      await send(`ALTER ROLE usage_app SET ${setting}`)
      try {
        expect((await usage()).intervals.at(-1)?.broken).toEqual([expect.stringContaining('statements are not counted')])
      } finally {
        await send('ALTER ROLE usage_app RESET ALL')
      }
    }
    await send('ALTER ROLE usage_app SET pg_stat_statements.track_utility = off')
    expect(await usage()).toMatchObject({ answer: 'unknown', because: [expect.stringContaining('track_utility = off')] })
    await send('ALTER ROLE usage_app RESET ALL')
    await reset()
    await record()
    await send('SELECT note FROM items')
    await shop.session.query(
      `SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query = 'SELECT note FROM items'`,
    )
    const found = await usage()
    expect([found.uses, found.observedSince]).toEqual([[], found.at])
    expect(found.intervals.at(-1)?.broken).toEqual([expect.stringContaining('removed one by one')])
  })

  test('is unknown where the text of a statement is not known', async () => {
    await send('SELECT note FROM items')
    const taken = await usage()
    await record()
    const path = join(folder, 'usage.jsonl')
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"SELECT note FROM items"', '""'))
    await reset()
    const found = await usage()
    expect(taken.answer).toBe('used')
    expect(found.uses).toContainEqual(expect.objectContaining({ unsure: 'its text is not known' }))
  })

  test('is not read from snapshots of another database, or by a role that does not see texts', async () => {
    await record()
    await using other = await openShop(production, schema)
    for (const work of [() => usageOf(items, { url: other.url, store, signal }), () => recordUsage({ url: other.url, store, signal })])
      expect(await work().catch((each: unknown) => each)).toMatchObject({
        exitCode: 2,
        message: expect.stringContaining('holds snapshots of another database'),
      })
    await send('ALTER ROLE usage_app NOINHERIT; GRANT pg_read_all_stats TO usage_app')
    try {
      const error = await usageOf(items, { url: urlAs(shop.url, 'usage_app', 'x'), store, signal }).catch((each: unknown) => each)
      expect(error).toMatchObject({ exitCode: 3, message: 'the role does not see the statements of other roles' })
    } finally {
      await send('REVOKE pg_read_all_stats FROM usage_app; ALTER ROLE usage_app INHERIT')
    }
  })

  test('is recorded by many at once, and is in the order of its times', async () => {
    const table: Store = { kind: 'table', table: { schema: 'godwit', name: 'usage' } }
    await Promise.all(Array.from({ length: 12 }, () => record(table)))
    const found = await usage(table)
    const times = found.intervals.map(({ to }) => to)
    expect([times.length, times]).toEqual([13, times.toSorted()])
    expect(found.intervals.flatMap(({ broken }) => broken)).toEqual([])
  })

  test('is kept in a table as well, texts once, and the role may read nothing but the statistics', async () => {
    const table: Store = { kind: 'table', table: { schema: 'godwit', name: 'usage' } }
    await send('SELECT note FROM items')
    await record(table)
    await record(table)
    await record()
    await record()
    const rows = await shop.session.query<{ texts: string[] }>(
      `SELECT ARRAY(SELECT json_object_keys(snapshot -> 'texts')) AS texts FROM godwit.usage ORDER BY number`,
    )
    const [first = [], second = []] = rows.map(({ texts }) => texts)
    expect(first.length).toBeGreaterThan(0)
    expect(second.filter((each) => first.includes(each))).toEqual([])
    expect((await usage(table)).uses.length).toBe(1)
    expect((await usage()).uses.length).toBe(1)
    expect((await readFile(join(folder, 'usage.jsonl'), 'utf8')).trim().split('\n')).toHaveLength(2)
    const app = urlAs(shop.url, 'usage_app', 'x')
    const error = await usageOf(items, { url: app, store, signal }).catch((each: unknown) => each)
    expect(error).toMatchObject({ exitCode: 3, message: 'the role does not see the statements of other roles' })
    await send('GRANT pg_read_all_stats TO usage_app')
    try {
      expect(await usageOf(items, { url: app, store, signal })).toMatchObject({ relation: 'public.items' })
    } finally {
      await send('REVOKE pg_read_all_stats FROM usage_app')
    }
  })

  test('is refused by name: no module, no such relation, a file of something else', async () => {
    await send('DROP EXTENSION pg_stat_statements')
    expect(await usage().catch((each: unknown) => each)).toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('does not count statements'),
    })
    await send('CREATE EXTENSION pg_stat_statements')
    expect(await usage(store, { schema: 'public', name: 'none' }).catch((each: unknown) => each)).toMatchObject({ exitCode: 2 })
    await writeFile(join(folder, 'usage.jsonl'), '{"a": 1}\n')
    expect(await usage().catch((each: unknown) => each)).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('usage.jsonl:1 is no snapshot of usage'),
    })
  })
})
