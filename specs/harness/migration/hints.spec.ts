import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import type { Hints, SoftReference } from '../../../harness/data/index.ts'
import { parseScript, readHints } from '../../../harness/migration/index.ts'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'

let database: Database
let session: Session

beforeAll(async () => {
  database = await (await useCluster()).createDatabase()
  session = await database.connect()
})

afterAll(async () => {
  await session.close()
  await database.drop()
})

async function hintsOf(legacy: string, up: string, down = ''): Promise<Hints> {
  await session.script('BEGIN')
  try {
    await session.script(legacy)
    return readHints([parseScript('up.sql', up), parseScript('down.sql', down)], await readCatalog(session))
  } finally {
    await session.script('ROLLBACK')
  }
}

/** One line for each: `public.items.status text active`, with `ordered` or the kind of pattern behind it. */
const literals = (hints: Hints) =>
  hints.literals
    .map((hint) =>
      [`${hint.relation ?? '?'}.${hint.attribute ?? '?'}`, hint.kind, hint.value, hint.ordered ? 'ordered' : (hint.pattern ?? '')]
        .join(' ')
        .trim(),
    )
    .sort()

const end = ({ relation, attribute, jsonPath }: SoftReference['from']) => [`${relation}.${attribute}`, ...(jsonPath ?? [])].join(' -> ')
const references = (hints: Hints) =>
  hints.softReferences.map(({ from, to, negated }) => `${negated === true ? 'not ' : ''}${end(from)} = ${end(to)}`).sort()
const keys = (hints: Hints) =>
  hints.jsonKeys.map((hint) => [`${hint.relation ?? '?'}.${hint.attribute ?? '?'}`, ...hint.path].join(' -> ')).sort()

const shop = `
  CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE, data jsonb);
  CREATE TABLE items (id int PRIMARY KEY, customer_id int REFERENCES customers, sku text, status text, age int, price numeric, flag boolean, at timestamptz);
  CREATE TABLE stock (sku text, customer_email text, quantity int, note text);`

describe('literals', () => {
  test.each<[string, string, string[]]>([
    [
      'equality, either way round',
      "DELETE FROM items WHERE status = 'old' OR 5 = age",
      ['public.items.age number 5', 'public.items.status text old'],
    ],
    [
      'order',
      'DELETE FROM items WHERE age > 60 AND price <= -0.5',
      ['public.items.age number 60 ordered', 'public.items.price number -0.5 ordered'],
    ],
    [
      'IN, ANY and BETWEEN',
      "DELETE FROM items WHERE status IN ('a', 'b') OR sku = ANY ('{c,\"d e\"}') OR sku <> ALL (ARRAY['f']::text[]) OR age BETWEEN 0 AND 9",
      [
        'public.items.age number 0 ordered',
        'public.items.age number 9 ordered',
        'public.items.sku text c',
        'public.items.sku text d e',
        'public.items.sku text f',
        'public.items.status text a',
        'public.items.status text b',
      ],
    ],
    [
      'patterns',
      "DELETE FROM items WHERE sku LIKE 'A-%' OR sku ILIKE 'b!%' ESCAPE '!' OR status ~ '^x' OR status !~* 'y$'",
      [
        'public.items.sku text A-% like',
        'public.items.sku text b!% like',
        'public.items.status text ^x regex',
        'public.items.status text y$ regex',
      ],
    ],
    [
      'CASE, COALESCE and NULLIF',
      "UPDATE stock SET note = CASE i.status WHEN 'p' THEN 'q' ELSE coalesce(i.sku, 'r') END FROM items AS i WHERE nullif(i.sku, 's') IS NULL",
      [
        'public.items.sku text r',
        'public.items.sku text s',
        'public.items.status text p',
        'public.stock.note text q',
        'public.stock.note text r',
      ],
    ],
    [
      'assignments',
      "UPDATE items SET (status, age) = ('x', 3), flag = true; INSERT INTO stock (note, quantity) SELECT 'copied', 0 FROM items; INSERT INTO stock VALUES ('k', NULL, DEFAULT, 'n')",
      [
        'public.items.age number 3',
        'public.items.flag boolean true',
        'public.items.status text x',
        'public.stock.note text copied',
        'public.stock.note text n',
        'public.stock.quantity number 0',
        'public.stock.sku text k',
      ],
    ],
    [
      'casts and case folding',
      "DELETE FROM items WHERE lower(trim(status)) = 'done'::varchar AND age::text = '7' AND at < DATE '2020-02-29'",
      ['public.items.age text 7', 'public.items.at text 2020-02-29 ordered', 'public.items.status text done'],
    ],
    ['a computed side, by type alone', 'DELETE FROM items WHERE length(status || sku) > 20', ['?.? number 20 ordered']],
    [
      'texts that are looked for',
      "UPDATE items SET sku = split_part(status, '/', 1), status = regexp_replace(status, '[0-9]+', '') WHERE position('x' in sku) > 0",
      ['?.? number 0 ordered', 'public.items.sku text x', 'public.items.status text / ', 'public.items.status text [0-9]+ regex'].map(
        (line) => line.trim(),
      ),
    ],
    [
      'subqueries, WITH and UNION, traced to the attribute',
      "WITH late AS (SELECT i.status AS state, age FROM items i UNION ALL SELECT 'b', 2) DELETE FROM stock USING late WHERE late.state = 'z' AND (SELECT max(x) FROM (SELECT age x FROM late) y WHERE y.x < 4) = 1",
      ['?.? number 1', 'public.items.age number 4 ordered', 'public.items.status text z'],
    ],
    [
      'MERGE and ON CONFLICT',
      "MERGE INTO stock s USING items i ON s.sku = i.sku WHEN MATCHED AND i.age = 8 THEN UPDATE SET note = 'm' WHEN NOT MATCHED THEN INSERT (note) VALUES ('n'); INSERT INTO items (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = 'c' WHERE excluded.sku = 'e'",
      [
        'public.items.age number 8',
        'public.items.id number 1',
        'public.items.sku text e',
        'public.items.status text c',
        'public.stock.note text m',
        'public.stock.note text n',
      ],
    ],
    [
      'checks, defaults and predicates that the script adds',
      "ALTER TABLE items ALTER status SET DEFAULT 'new', ADD CHECK (age > 17), ADD COLUMN kind text DEFAULT 'k' CHECK (kind <> 'l'); CREATE INDEX ON items (sku) WHERE status = 'live'; CREATE POLICY p ON items USING (sku = 'mine')",
      [
        'public.items.kind text k',
        'public.items.kind text l',
        'public.items.age number 17 ordered',
        'public.items.sku text mine',
        'public.items.status text live',
        'public.items.status text new',
      ],
    ],
    [
      'ALTER TYPE … USING',
      "ALTER TABLE items ALTER flag TYPE int USING CASE WHEN status = 'on' THEN 1 ELSE 0 END",
      ['public.items.flag number 0', 'public.items.flag number 1', 'public.items.status text on'],
    ],
    [
      'nothing of NULL, of reg* names and of unknown functions',
      "SELECT NULL, 'items'::regclass, f(1, 'x') FROM items WHERE status IS NULL",
      [],
    ],
  ])('of %s', async (_, up, expected) => {
    expect(literals(await hintsOf(shop, up))).toEqual(expected.sort())
  })

  test('of functions: PL/pgSQL, SQL and trigger functions, whose NEW is the row of the table', async () => {
    const up = `
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE found_item items%ROWTYPE; r record;
        BEGIN
          IF TG_OP = 'INSERT' AND NEW.status = 'draft' THEN NEW.age := 21; END IF;
          SELECT * INTO found_item FROM items WHERE sku = 'k1';
          IF found_item.price > 100 THEN RETURN NULL; END IF;
          FOR r IN SELECT note AS remark FROM stock LOOP
            IF r.remark = 'urgent' THEN EXECUTE 'DELETE FROM stock WHERE quantity = 13'; END IF;
          END LOOP;
          RETURN NEW;
        END $$;
      CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW WHEN (NEW.sku <> 'skip') EXECUTE FUNCTION touch();
      CREATE FUNCTION old_items() RETURNS SETOF items LANGUAGE sql AS $$ SELECT * FROM items WHERE status = 'gone' $$;
      CREATE FUNCTION atomic() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM items WHERE age = 99; END;
      DO $$ BEGIN UPDATE items SET status = 'seen' WHERE flag = false; END $$;`
    expect(literals(await hintsOf(shop, up))).toEqual([
      'public.items.age number 21',
      'public.items.age number 99',
      'public.items.flag boolean false',
      'public.items.price number 100 ordered',
      'public.items.sku text k1',
      'public.items.sku text skip',
      'public.items.status text draft',
      'public.items.status text gone',
      'public.items.status text seen',
      'public.stock.note text urgent',
      'public.stock.quantity number 13',
    ])
  })

  test('of the catalog: checks, defaults, partial indexes and domains of the relations that the script names', async () => {
    const legacy = `
      CREATE DOMAIN grade AS text DEFAULT 'A' CHECK (VALUE IN ('A', 'B'));
      CREATE TABLE exams (id int DEFAULT 7 CHECK (id < 1000), mark grade, status text DEFAULT 'open');
      CREATE UNIQUE INDEX ON exams (id) WHERE status = 'final';
      CREATE TABLE elsewhere (a text DEFAULT 'unseen');`
    expect(literals(await hintsOf(legacy, 'ALTER TABLE exams DROP COLUMN mark'))).toEqual([
      'public.exams.id number 1000 ordered',
      'public.exams.id number 7',
      'public.exams.mark text A',
      'public.exams.mark text B',
      'public.exams.status text final',
      'public.exams.status text open',
    ])
  })

  test('bear the legacy names after renames, in up and down', async () => {
    const up =
      "ALTER TABLE items RENAME COLUMN status TO state; ALTER TABLE items RENAME TO things; UPDATE things SET sku = 'x' WHERE state = 'up'"
    const down =
      "UPDATE things SET state = 'down'; ALTER TABLE things RENAME TO items; ALTER TABLE items RENAME state TO status; DELETE FROM items WHERE status = 'last'"
    expect(literals(await hintsOf(shop, up, down))).toEqual([
      'public.items.sku text x',
      'public.items.status text down',
      'public.items.status text last',
      'public.items.status text up',
    ])
  })

  test('of quoted camelCase names, several schemas and search_path', async () => {
    const legacy = `
      CREATE SCHEMA app; CREATE TABLE app."OrderItem" ("orderId" int, "isPaid" boolean); CREATE TABLE public."OrderItem" ("orderId" int, note text);
      CREATE TABLE app."odd.name" ("a ""b""" text)`
    const up = `
      UPDATE "OrderItem" SET "note" = 'public' WHERE "orderId" = 1;
      SET search_path TO app, public;
      DELETE FROM "OrderItem" AS "oI" WHERE NOT "oI"."isPaid" = true AND "OrderItem"."orderId" = 3 OR "orderId" = 2;
      UPDATE "odd.name" SET "a ""b""" = 'odd';
      UPDATE public."OrderItem" SET note = 'named'`
    expect(literals(await hintsOf(legacy, up))).toEqual(
      [
        'app."odd.name".a "b" text odd',
        'app.OrderItem.isPaid boolean true',
        'app.OrderItem.orderId number 2',
        'public.OrderItem.note text named',
        'public.OrderItem.note text public',
        'public.OrderItem.orderId number 1',
      ]
        .concat('?.? number 3')
        .sort(),
    )
  })

  test('of a load of data are bounded', async () => {
    const rows = Array.from({ length: 1000 }, (_, index) => `(${index}, 's${index}')`).join(', ')
    expect((await hintsOf(shop, `INSERT INTO items (id, sku) VALUES ${rows}`)).literals.length).toBe(128)
  })
})

describe('soft references', () => {
  test.each<[string, string, string[]]>([
    [
      'a foreign key that is added',
      'ALTER TABLE stock ADD FOREIGN KEY (customer_email) REFERENCES customers (email)',
      ['public.stock.customer_email = public.customers.email'],
    ],
    [
      'one that means the primary key',
      'ALTER TABLE stock ADD COLUMN at date, ADD CONSTRAINT k FOREIGN KEY (quantity) REFERENCES customers',
      ['public.stock.quantity = public.customers.id'],
    ],
    [
      'none of a legacy key made anew',
      'ALTER TABLE items DROP CONSTRAINT items_customer_id_fkey, ADD FOREIGN KEY (customer_id) REFERENCES customers ON DELETE CASCADE',
      [],
    ],
    [
      'none to a table that the script makes',
      'CREATE TABLE lots (id int PRIMARY KEY); ALTER TABLE stock ADD FOREIGN KEY (quantity) REFERENCES lots',
      [],
    ],
    [
      'JOIN … ON, and none that a foreign key covers',
      'SELECT FROM items i JOIN stock s ON s.sku = i.sku JOIN customers c ON c.id = i.customer_id',
      ['public.stock.sku = public.items.sku'],
    ],
    [
      'the unique side is the one pointed at',
      'SELECT FROM customers c, stock s WHERE c.email = s.customer_email',
      ['public.stock.customer_email = public.customers.email'],
    ],
    ['USING', 'SELECT FROM items JOIN stock USING (sku)', ['public.items.sku = public.stock.sku']],
    ['NATURAL', 'SELECT FROM items NATURAL LEFT JOIN stock', ['public.items.sku = public.stock.sku']],
    [
      'IN (subselect)',
      "DELETE FROM stock WHERE (customer_email, sku) IN (SELECT email, data ->> 'sku' FROM customers)",
      ['public.stock.customer_email = public.customers.email', 'public.stock.sku = public.customers.data -> sku'],
    ],
    [
      'a correlated EXISTS',
      'DELETE FROM stock WHERE EXISTS (SELECT FROM items WHERE items.sku = stock.sku)',
      ['public.items.sku = public.stock.sku'],
    ],
    [
      'NOT EXISTS, negated where it reaches outside',
      'DELETE FROM stock WHERE NOT EXISTS (SELECT FROM items i JOIN customers c ON c.email = i.status WHERE i.sku = stock.sku)',
      ['not public.items.sku = public.stock.sku', 'public.items.status = public.customers.email'],
    ],
    [
      'NOT IN and <> ALL, negated',
      'DELETE FROM stock WHERE sku NOT IN (SELECT sku FROM items) OR customer_email <> ALL (SELECT email FROM customers)',
      ['not public.stock.customer_email = public.customers.email', 'not public.stock.sku = public.items.sku'],
    ],
    [
      'what is negated in one place and joined in another',
      'DELETE FROM stock WHERE sku NOT IN (SELECT sku FROM items); SELECT FROM items NATURAL JOIN stock',
      ['public.stock.sku = public.items.sku'],
    ],
    ['a self join', 'SELECT FROM items child JOIN items parent ON child.status = parent.sku', ['public.items.status = public.items.sku']],
    [
      'a self join of a query of WITH',
      'WITH w AS (SELECT * FROM items) SELECT FROM w a JOIN w b ON a.status = b.sku',
      ['public.items.status = public.items.sku'],
    ],
    [
      'none of one row to itself',
      `ALTER TABLE items ADD CHECK (status = lower(sku)); DELETE FROM items i WHERE i.sku = status OR (sku, 1) = (i.status, 2) OR sku IS NOT DISTINCT FROM status;
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.sku = OLD.status THEN RETURN NULL; END IF; RETURN NEW; END $$; CREATE TRIGGER t BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION f()`,
      [],
    ],
    [
      'none where they must differ',
      'SELECT FROM items i JOIN stock s ON i.sku <> s.sku OR i.status IS DISTINCT FROM s.note OR i.status > ANY (SELECT note FROM stock)',
      [],
    ],
    [
      'UPDATE … FROM and DELETE … USING',
      'UPDATE items SET age = quantity FROM stock s WHERE items.sku = s.sku; DELETE FROM stock USING customers WHERE note = email',
      ['public.items.sku = public.stock.sku', 'public.stock.note = public.customers.email'],
    ],
    [
      'views and functions',
      `CREATE VIEW v AS SELECT i.sku AS code FROM items i; CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM stock JOIN v ON lower(v.code) = lower(stock.sku) $$`,
      ['public.stock.sku = public.items.sku'].map(() => 'public.items.sku = public.stock.sku'),
    ],
    [
      'temporary tables and RETURNING',
      'CREATE TEMP TABLE t AS SELECT sku AS s, id FROM items; WITH gone AS (DELETE FROM stock RETURNING note) INSERT INTO customers (email) SELECT note FROM gone JOIN t ON t.s = gone.note',
      ['public.items.sku = public.stock.note'].map(() => 'public.items.sku = public.stock.note'),
    ],
    [
      'a scalar subquery in SET',
      'ALTER TABLE stock ADD item_id int; UPDATE stock SET item_id = (SELECT id FROM items WHERE items.sku = stock.sku)',
      ['public.items.sku = public.stock.sku'],
    ],
    [
      'JSON',
      "SELECT FROM customers c JOIN stock s ON c.data -> 'stock' ->> 'sku' = s.sku",
      ['public.customers.data -> stock -> sku = public.stock.sku'],
    ],
    ['none of an attribute to itself', 'SELECT FROM items a JOIN items b ON a.sku = b.sku', []],
  ])('of %s', async (_, up, expected) => {
    expect(references(await hintsOf(shop, up))).toEqual(expected)
  })

  test('of views that were there already', async () => {
    const hints = await hintsOf(
      `${shop} CREATE VIEW stocked AS SELECT i.id, s.quantity FROM items i JOIN stock s ON s.sku = i.sku`,
      'ALTER TABLE stock DROP COLUMN note',
    )
    expect(references(hints)).toEqual(['public.stock.sku = public.items.sku'])
    const far = await hintsOf(
      `${shop} CREATE VIEW stocked AS SELECT i.id, s.quantity FROM items i JOIN stock s ON s.sku = i.sku`,
      'ALTER TABLE customers ADD COLUMN note text',
    )
    expect(references(far)).toEqual([])
    const both = await hintsOf(
      `${shop} CREATE VIEW stocked AS SELECT i.id, s.quantity FROM items i JOIN stock s ON s.sku = i.sku`,
      'DROP VIEW stocked; DROP TABLE stock',
    )
    expect(references(both)).toEqual(['public.stock.sku = public.items.sku'])
  })
})

describe('keys in JSON', () => {
  test.each<[string, string, string[]]>([
    [
      'arrows and paths',
      "SELECT data -> 'a' -> 'b' ->> 'c', data #>> '{d,e}', data #> ARRAY['f', 'g'], data['h']['i'] FROM customers",
      [
        'public.customers.data -> a -> b -> c',
        'public.customers.data -> d -> e',
        'public.customers.data -> f -> g',
        'public.customers.data -> h -> i',
      ],
    ],
    [
      'functions',
      "SELECT jsonb_extract_path_text(data, 'a', 'b'), jsonb_path_query(data, '$.c[*].d ? (@ > 1)') FROM customers",
      ['public.customers.data -> a -> b', 'public.customers.data -> c -> 0 -> d'],
    ],
    [
      'writes',
      "UPDATE customers SET data = jsonb_set(data, '{a,b}', '1') - 'c'; UPDATE customers SET data['d'] = '2'; UPDATE customers SET data = data || jsonb_build_object('e', 1, 'f', jsonb_build_object('g', email))",
      ['public.customers.data -> a -> b', 'public.customers.data -> d', 'public.customers.data -> e', 'public.customers.data -> f -> g'],
    ],
    [
      'existence and containment',
      `DELETE FROM customers WHERE data ? 'a' OR data ?| ARRAY['b', 'c'] OR data @> '{"d": {"e": 1}}' OR data - 'f' = '{}'`,
      [
        'public.customers.data -> a',
        'public.customers.data -> b',
        'public.customers.data -> c',
        'public.customers.data -> d -> e',
        'public.customers.data -> f',
      ],
    ],
    [
      'lists and records',
      "SELECT e ->> 'sku', r.k FROM customers c, jsonb_array_elements(c.data -> 'lines') AS e, jsonb_to_recordset(c.data -> 'rows') AS r (k text, l int)",
      ['public.customers.data -> lines -> 0 -> sku', 'public.customers.data -> rows -> 0 -> k', 'public.customers.data -> rows -> 0 -> l'],
    ],
  ])('of %s', async (_, up, expected) => {
    expect(keys(await hintsOf(shop, up))).toEqual(expected)
  })
})

test('time zones that the script names', async () => {
  const up = `
    SET TIME ZONE 'Asia/Kathmandu'; SET timezone TO 'UTC'; SELECT set_config('TimeZone', 'Europe/Berlin', true);
    ALTER TABLE items ALTER at TYPE timestamp USING at AT TIME ZONE 'America/New_York'`
  expect((await hintsOf(shop, up)).zones).toEqual(['Asia/Kathmandu', 'Europe/Berlin', 'America/New_York'])
})

test('anything that parses is read without an error', async () => {
  const up = `
    CREATE TABLE x (LIKE items INCLUDING ALL, extra text); INSERT INTO x SELECT * FROM items; ALTER TABLE x ALTER extra DROP DEFAULT;
    SELECT * FROM ROWS FROM (generate_series(1, 2), unnest(ARRAY['a'])) AS f (a, b) WHERE a = 1; SELECT FROM items TABLESAMPLE system (1);
    SELECT * FROM JSON_TABLE('{}', '$' COLUMNS (a int)) j, XMLTABLE('/a' PASSING '<a/>' COLUMNS b text) WHERE a = 1;
    SELECT sum(a) FILTER (WHERE b = 'c') OVER (PARTITION BY d ORDER BY e ROWS 1 PRECEDING) FROM unknown GROUP BY GROUPING SETS ((a), ()) HAVING count(*) > 2;
    WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10) SEARCH DEPTH FIRST BY n SET o SELECT * FROM t; VALUES (1, 'a'), (2, 'b'); TABLE items;
    DO $$ this is no plpgsql $$; DO LANGUAGE plpython3u $$ x = 1 $$; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'not sql';
    CREATE RULE r AS ON UPDATE TO items WHERE NEW.status = 'ruled' DO ALSO UPDATE stock SET note = OLD.status; DECLARE c CURSOR FOR SELECT 1; EXPLAIN SELECT 1; PREPARE p AS SELECT $1::int = 1;
    CREATE SCHEMA s CREATE TABLE y (a int DEFAULT 3); COPY (SELECT 1) TO stdout; GRANT SELECT ON items TO PUBLIC; COMMENT ON TABLE items IS 'x'; SELECT (c).data.a, c.*, (SELECT 1) = 1 FROM customers c`
  const hints = await hintsOf(shop, up)
  expect(literals(hints)).toEqual(expect.arrayContaining(['public.items.status text ruled', '?.b text c']))
})

describe('texts inside JSON that the SQL reads as a type', () => {
  test.each<[string, string]>([
    ['a cast', "UPDATE items SET age = (c.data ->> 'years')::int FROM customers c WHERE c.id = items.customer_id"],
    ['a cast of the value itself', "SELECT (data -> 'years')::int FROM customers"],
    ['an attribute that stores it', "INSERT INTO items (id, age) SELECT id, CAST(data ->> 'years' AS integer) FROM customers"],
  ])('come with values that cast and values that do not: %s', async (_, up) => {
    const { jsonKeys } = await hintsOf(shop, up)
    expect(jsonKeys).toEqual([
      { relation: 'public.customers', attribute: 'data', path: ['years'], values: expect.arrayContaining(['42', 'x1', '3.5']) },
    ])
  })

  test('come without values where they are read as texts', async () => {
    const { jsonKeys } = await hintsOf(shop, "UPDATE items SET status = c.data ->> 'state' FROM customers c")
    expect(jsonKeys).toEqual([{ relation: 'public.customers', attribute: 'data', path: ['state'] }])
  })
})

describe('what is cut, counted or made unique', () => {
  test('digits that padding cuts off, of numbers that differ in the last; only the length of it is a count', async () => {
    const hints = await hintsOf(shop, "ALTER TABLE items ADD COLUMN ref text; UPDATE items SET ref = 'R' || lpad(age::text, 5, '0')")
    expect(literals(hints)).toEqual(expect.arrayContaining(['public.items.age number 125000', 'public.items.age number 125001']))
    expect(hints.counted).toEqual([])
    const { counted } = await hintsOf(
      shop,
      'SELECT lpad(sku, age), repeat(status, age + 1) FROM items; SELECT generate_series(1, quantity) FROM stock',
    )
    expect(counted).toEqual([
      { relation: 'public.items', attribute: 'age' },
      { relation: 'public.stock', attribute: 'quantity' },
    ])
  })

  test('an element for each text that a key of a list does not read as', async () => {
    const up = "INSERT INTO items (id, age) SELECT c.id, (e.item ->> 'n')::int FROM customers c, jsonb_array_elements(c.data) AS e (item)"
    expect(literals(await hintsOf(shop, up))).toEqual(
      expect.arrayContaining(['public.customers.data text [{"n":"x1"}]', 'public.customers.data text [{"n":"3.5"}]']),
    )
  })

  test('the labels of an enum that a text becomes', async () => {
    const up = `CREATE TYPE mood AS ENUM ('sad', 'glad'); ALTER TABLE items ALTER COLUMN status TYPE mood USING status::mood`
    const { casts } = await hintsOf(shop, up)
    expect(casts.find(({ attribute }) => attribute === 'status')?.labels).toEqual(['sad', 'glad'])
  })

  test('relations that get a unique key, of which several rows should be alike', async () => {
    const ups = ['CREATE UNIQUE INDEX ON stock (sku)', 'ALTER TABLE stock ADD UNIQUE (sku)', 'CREATE INDEX ON stock (sku)']
    const unified = []
    for (const up of ups) unified.push((await hintsOf(shop, up)).unified)
    expect(unified).toEqual([['public.stock'], ['public.stock'], []])
    expect((await hintsOf(shop, 'SELECT', 'CREATE UNIQUE INDEX ON stock (sku)')).unified).toEqual([])
    expect((await hintsOf(shop, 'CREATE UNIQUE INDEX ON stock (sku)')).unifiedAttributes).toEqual([
      { relation: 'public.stock', attribute: 'sku' },
    ])
  })
})
