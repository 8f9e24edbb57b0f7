import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Usage, usageOf } from '../../../harness/operations/index.ts'
import { type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { openShop, type Shop } from './production.ts'

/** Only what clients send is counted: the statement itself has to show the use. */
const tables = `CREATE EXTENSION pg_stat_statements;
CREATE TABLE items (id int PRIMARY KEY, note text); INSERT INTO items SELECT g FROM generate_series(1, 20) AS g;
CREATE TABLE others (id int, items int); INSERT INTO others VALUES (1, 1);
CREATE TABLE children (id int PRIMARY KEY, item int REFERENCES items ON DELETE CASCADE);
CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE owned (id int REFERENCES owners ON DELETE CASCADE)`

const schema = `${tables};
CREATE FUNCTION rows_of() RETURNS SETOF items LANGUAGE sql STABLE AS 'SELECT * FROM items';
CREATE VIEW over_function AS SELECT id FROM rows_of();
CREATE FUNCTION nested() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM rows_of()';
CREATE FUNCTION atomic() RETURNS SETOF int LANGUAGE sql STABLE BEGIN ATOMIC SELECT id FROM items; END;
CREATE FUNCTION two(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT note FROM items WHERE id = i); END $$;
CREATE FUNCTION three(i int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN two(i); END $$;
CREATE PROCEDURE proc() LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM items; END $$;
CREATE PROCEDURE proc2() LANGUAGE plpgsql AS $$ BEGIN CALL proc(); END $$;
CREATE FUNCTION is_in(i int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT FROM items WHERE id = i); END $$;
CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN coalesce(NEW, OLD); END $$;
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM items; RETURN coalesce(NEW, OLD); END $$;
CREATE TABLE whens (id int); CREATE TRIGGER w BEFORE INSERT ON whens FOR EACH ROW WHEN (is_in(NEW.id)) EXECUTE FUNCTION same();
CREATE TRIGGER d BEFORE DELETE ON owned FOR EACH ROW EXECUTE FUNCTION look();
CREATE TABLE ruled (id int); CREATE RULE r AS ON INSERT TO ruled DO ALSO INSERT INTO items VALUES (NEW.id);
CREATE TABLE ruled_by_call (id int); CREATE RULE r AS ON DELETE TO ruled_by_call DO ALSO SELECT two(1);
CREATE TABLE indexed (id int); CREATE INDEX ON indexed (is_in(id));
CREATE TABLE secured (id int); ALTER TABLE secured ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON secured USING (EXISTS (SELECT FROM items))`

const rows = ['function rows_of()']
const through: readonly (readonly [sql: string, through: readonly string[]])[] = [
  ['MERGE INTO others USING items ON others.id = items.id WHEN MATCHED THEN DO NOTHING', []],
  ['SELECT 1 FROM others, LATERAL (SELECT id FROM items WHERE items.id = others.id) AS x', []],
  ['UPDATE others SET id = 1 RETURNING (SELECT count(*) FROM items)', []],
  ['VALUES ((SELECT count(*) FROM items))', []],
  ['TABLE ONLY items', []],
  ['SELECT (items).id, items.*, items FROM items', []],
  ['BEGIN; LOCK TABLE items; COMMIT', []],
  ['COPY items (id) TO STDOUT', []],
  ['DO $$ DECLARE c CURSOR FOR SELECT id FROM items; BEGIN FOR r IN c LOOP NULL; END LOOP; END $$', []],
  ['SELECT interval $i$1 day$i$, id FROM items', []],
  ['SELECT id FROM items -- without pg_stat_statements', []],
  ['SELECT note AS n FROM U&"\\0069t\\+000065ms"', []],
  ['WITH items AS (SELECT id FROM items) SELECT id FROM items', []],
  ['DO $$ BEGIN PERFORM two(1); END $$', ['function two(integer)']],
  ['DO $$ BEGIN CALL proc(); END $$', ['function proc()']],
  ['CALL proc()', ['function proc()']],
  ['CALL public.proc2()', ['function proc2()', 'function proc()']],
  ['SELECT three(1)', ['function three(integer)', 'function two(integer)']],
  ['SELECT * FROM nested()', ['function nested()', ...rows]],
  ['SELECT * FROM atomic()', ['function atomic()']],
  ['SELECT id FROM over_function', ['view over_function']],
  ['INSERT INTO whens VALUES (1)', ['trigger of whens', 'function is_in(integer)']],
  ['INSERT INTO ruled VALUES (100)', ['rule on ruled']],
  ['DELETE FROM ruled_by_call WHERE id = 99', ['rule of ruled_by_call', 'function two(integer)']],
  ['INSERT INTO indexed VALUES (1)', ['index of indexed', 'function is_in(integer)']],
  ['SELECT id FROM secured', ['policy on secured']],
  ['INSERT INTO children VALUES (1, 2)', ['foreign key of children']],
  ['DELETE FROM owners WHERE id = 99', ['foreign key to owners', 'trigger of owned', 'function look()']],
]

/** No use: nothing of the view `items` is read or written. */
const none: readonly string[] = [
  'SELECT id FROM ruled',
  'SELECT items FROM others',
  'DO $$ BEGIN PERFORM id FROM whens; END $$',
  'SELECT id FROM children',
  'DELETE FROM children WHERE id = 99',
  'INSERT INTO owned SELECT id FROM owners',
  'SELECT id FROM owners',
  'SELECT interval $i$1 day$i$, items FROM others',
]

describe('CV-3: how statements come to a relation', { timeout: 60_000 }, () => {
  let production: StartedCluster
  let folder: string
  beforeAll(async () => {
    production = await startCluster(
      { kind: 'embedded' },
      { settings: { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'top' } },
    )
    folder = await mkdtemp(join(tmpdir(), 'godwit-usage-'))
  }, 60_000)
  afterAll(async () => {
    await production?.stop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const { signal } = new AbortController()
  const usage = (shop: Shop, schemaName = 'public', name = 'items'): Promise<Usage> =>
    usageOf({ schema: schemaName, name }, { url: shop.url, store: { kind: 'file', path: join(folder, 'none.jsonl') }, signal })
  const reset = (shop: Shop) => shop.session.query('SELECT pg_stat_statements_reset()')
  /** The comment marks what was counted. */
  const send = async (shop: Shop, statements: readonly string[]) => {
    await reset(shop)
    for (const [at, sql] of statements.entries())
      await shop.session.script(sql.replace(/^(BEGIN; )?(\w+)/, (_, begin = '', word) => `${begin}${word} /* case ${at} */`))
  }
  const usesIn = ({ uses }: Usage) =>
    new Map(uses.map(({ statement, through: way, unsure }) => [Number(/\/\* case (\d+)/.exec(statement)?.[1] ?? -1), [way, unsure]]))

  test('is found by the statement alone, and nothing else is', async () => {
    await using shop = await openShop(production, schema)
    await send(shop, [...through.map(([sql]) => sql), ...none])
    const found = await usage(shop)
    const uses = usesIn(found)
    expect(through.map(([sql], at) => [sql, uses.get(at)])).toEqual(through.map(([sql, way]) => [sql, [way, null]]))
    expect(none.filter((_, at) => uses.has(through.length + at))).toEqual([])
    expect(found.because).toEqual([])
  })

  test.each([
    [
      'an operator',
      `CREATE FUNCTION f(a int, b text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM items); END $$; CREATE OPERATOR <#> (LEFTARG = int, RIGHTARG = text, FUNCTION = f)`,
      `SELECT 1 <#> 'a'`,
      /^operator <#>\(integer,text\) run a function/,
    ],
    [
      'an aggregate',
      `CREATE FUNCTION f(a bigint, b int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM items); END $$; CREATE AGGREGATE agg (int) (SFUNC = f, STYPE = bigint)`,
      'SELECT agg(id) FROM others',
      /^function agg\(integer\) run a function/,
    ],
    [
      'a domain',
      `CREATE FUNCTION f(a int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT FROM items WHERE id = a); END $$; CREATE DOMAIN checked AS int CHECK (f(VALUE))`,
      'SELECT 1::checked',
      /^constraint checked_check run a function/,
    ],
    [
      'a column that is a function',
      `CREATE FUNCTION f(o others) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM items); END $$`,
      'SELECT o.f FROM others AS o',
      /^others.f run a function/,
    ],
    ['a block that puts SQL together', '', `DO $$ BEGIN EXECUTE 'SELECT 1 FROM it' || 'ems'; END $$`, /^1 DO statement put SQL together/],
    ['SQL that is a value', '', `SELECT query_to_xml('SELECT * FROM items', true, true, '')`, /^query_to_xml run SQL/],
    [
      'a language that nobody reads',
      `CREATE LANGUAGE other HANDLER plpgsql_call_handler; CREATE FUNCTION f() RETURNS void LANGUAGE other AS $$ BEGIN EXECUTE 'SELECT 1 FROM it' || 'ems'; END $$`,
      'SELECT f()',
      /^f\(\) put SQL together/,
    ],
  ])('is unknown through %s', async (_, made, sql, because) => {
    await using shop = await openShop(production, `${tables}; ${made}`)
    await send(shop, [sql])
    expect(await usage(shop)).toMatchObject({ answer: 'unknown', because: [expect.stringMatching(because)] })
    await shop.session.script(
      `ALTER DATABASE "${shop.database.name}" SET pg_stat_statements.track = 'all'; SET pg_stat_statements.track = 'all'`,
    )
    await send(shop, [sql])
    expect(await usage(shop)).toMatchObject({ answer: 'used', because: [] })
  })

  test('is through the other end of a partition or of a table that inherits', async () => {
    await using shop = await openShop(
      production,
      `CREATE EXTENSION pg_stat_statements; CREATE TABLE items (id int) PARTITION BY RANGE (id); CREATE TABLE low PARTITION OF items FOR VALUES FROM (0) TO (10); CREATE TABLE high PARTITION OF items FOR VALUES FROM (10) TO (20);
       CREATE TABLE above (id int); CREATE TABLE below () INHERITS (above)`,
    )
    const usesOf = async (name: string, sql: string) => {
      await send(shop, [sql])
      return [...usesIn(await usage(shop, 'public', name)).values()]
    }
    expect(await usesOf('items', 'SELECT id FROM low')).toEqual([[['partition low'], null]])
    expect(await usesOf('low', 'SELECT id FROM items')).toEqual([[['partitioned table items'], 'it may use other partitions alone']])
    expect(await usesOf('low', 'SELECT id FROM high')).toEqual([])
    expect(await usesOf('below', 'SELECT id FROM above')).toEqual([[['table above above'], null]])
    expect(await usesOf('above', 'SELECT id FROM below')).toEqual([])
  })

  test('is never none where a session may look a name up elsewhere than its role does', async () => {
    await using shop = await openShop(
      production,
      `${tables}; CREATE SCHEMA sales; CREATE TABLE sales.items (id int); CREATE TABLE sales."only" (id int)`,
    )
    const usesOf = async (name: { schema: string; name: string }, sql: string) => {
      await reset(shop)
      await shop.session.script(sql)
      return [...usesIn(await usage(shop, name.schema, name.name)).values()]
    }
    const other = 'SET search_path = sales; SELECT id FROM items; RESET search_path'
    expect(await usesOf({ schema: 'sales', name: 'items' }, other)).toEqual([
      [[], expect.stringContaining('by the search path of the role it is in public')],
    ])
    const only = 'SET search_path = sales; SELECT id FROM only; RESET search_path'.replaceAll('only;', '"only";')
    expect(await usesOf({ schema: 'sales', name: 'only' }, only)).toEqual([
      [[], expect.stringContaining('the search path of the role does not have this one')],
    ])
    expect(await usesOf({ schema: 'sales', name: 'items' }, 'SELECT id FROM public.items')).toEqual([])
    const temporary = 'CREATE TEMP TABLE others AS SELECT 1 AS id; SELECT id FROM others; DROP TABLE others'
    const shadowed = await usesOf({ schema: 'public', name: 'others' }, temporary)
    expect(shadowed.length).toBeGreaterThan(0)
    expect(shadowed.every(([, unsure]) => String(unsure).includes('make a temporary table of this name'))).toBe(true)
  })
})
