import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import type { Hints } from '../../../harness/data/index.ts'
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

async function hintsOf(up: string, down = '', legacy = shop): Promise<Hints> {
  await session.script('BEGIN')
  try {
    await session.script(legacy)
    return readHints([parseScript('up.sql', up), parseScript('down.sql', down)], await readCatalog(session))
  } finally {
    await session.script('ROLLBACK')
  }
}

const shop = `
  CREATE TYPE size AS ENUM ('small', 'Large', 'odd one');
  CREATE DOMAIN code AS varchar(3) CHECK (VALUE ~ '^[A-Z]+$');
  CREATE TABLE t (id int PRIMARY KEY, a text, b text, v varchar(4), i int, l bigint, n numeric, m numeric(8, 3), f float8, e size, j json,
    at timestamptz, clock time, tags text[], ls bigint[]);
  CREATE TABLE s (id int, qty smallint, label varchar(10), on_day date, price numeric(6, 2), size size, code code);`

const valuesOf = (hints: Hints, attribute: string, relation = 'public.t') =>
  hints.literals
    .filter((hint) => hint.relation === relation && hint.attribute === attribute && hint.migrated !== true)
    .map(({ value }) => value)
const castsOf = (hints: Hints) =>
  hints.casts.map(({ relation, attribute, type, direction }) => `${direction} ${relation}.${attribute} ${type}`)

const text10 = ['quartzjigsv', 'quartzjigs', 'quartzjigs  ', 'quartzjig ']

describe('values at the borders of a cast', () => {
  test.each<[string, string, string, string[]]>([
    [
      'text to integer',
      'ALTER TABLE t ALTER a TYPE int USING a::int',
      'a',
      ['42', 'x1', '', '3.5', '007', ' 7 ', '+5', '2147483648', '2147483647', '-2147483649', '1e3'],
    ],
    ['bigint to integer', 'ALTER TABLE t ALTER l TYPE integer', 'l', ['2147483648', '-2147483649', '2147483647', '-2147483648']],
    ['integer to smallint, by a function', 'SELECT int2(i) FROM t', 'i', ['32768', '-32769', '32767', '-32768']],
    ['integer to bigint: none', 'ALTER TABLE t ALTER i TYPE bigint', 'i', []],
    [
      'numeric to integer',
      'SELECT CAST(n AS int4) FROM t',
      'n',
      ['2147483648', '0.5', '2.5', '-1.5', '-2147483649', '2147483647', '-2147483648', 'NaN'],
    ],
    ['numeric to a smaller scale', 'ALTER TABLE t ALTER m TYPE numeric(8, 2)', 'm', ['2.675', '0.005', '-1.005']],
    ['numeric to fewer digits', 'ALTER TABLE t ALTER m TYPE numeric(5, 3)', 'm', ['100', '99.999']],
    [
      'numeric to a bound',
      'ALTER TABLE t ALTER n TYPE numeric(4, 2)',
      'n',
      ['100', '2.675', '0.005', '-1.005', '2.6749', '1.9951', '99.99', '99.995'],
    ],
    [
      'text to numeric',
      'SELECT a::numeric(4,1) FROM t',
      'a',
      ['1e3', '1,000', '', '007.50', 'x1', '2.65', '0.05', '-1.05', '2.649', '1.951', '1000', '999.9', '999.95', 'NaN'],
    ],
    [
      'float to real',
      'ALTER TABLE t ALTER f TYPE real',
      'f',
      ['0.1', '0.30000000000000004', '123456789.12345679', '52.520006599999998', '1e-7', '123456789.123456789', '12345678901234567890.5'],
    ],
    ['text to varchar', 'ALTER TABLE t ALTER a TYPE varchar(10)', 'a', text10],
    ['varchar to a longer one: none', 'ALTER TABLE t ALTER v TYPE varchar(10)', 'v', []],
    ['varchar to a shorter one, and only what it holds', 'ALTER TABLE t ALTER v TYPE char(3)', 'v', ['quar', 'qua', 'qu ']],
    ['left and substring', "UPDATE t SET b = left(trim(a), 10) WHERE substring(v from 1 for 2) = ''", 'a', text10],
    ['text to an enum', 'SELECT a::size FROM t', 'a', ['small', 'Large', 'odd one', 'unknown word', 'SMALL', 'large', '', 'ODD ONE']],
    [
      'text to an enum of the script, renamed labels too',
      "CREATE TYPE mood AS ENUM ('ok'); ALTER TYPE mood RENAME VALUE 'ok' TO 'Fine'; ALTER TYPE mood RENAME TO temper; SELECT a::temper FROM t",
      'a',
      ['ok', 'Fine', 'unknown word', 'OK', 'fine', ''],
    ],
    [
      'an enum made again: labels that go',
      "ALTER TYPE size RENAME TO old; CREATE TYPE size AS ENUM ('small'); ALTER TABLE t ALTER e TYPE size USING e::text::size",
      'e',
      ['Large', 'odd one'],
    ],
    ['text to boolean', 'SELECT a::boolean FROM t', 'a', ['t', 'maybe', 'true', '0', 'yes', 'off', '1', 'f', 'on', 'TRUE', '']],
    [
      'text to date',
      'SELECT a::date FROM t',
      'a',
      ['2020-01-15', '2020-02-30', '03/04/2021', '15/01/2020', '2020-01-15 10:20:30', '', '2020-01-15T10:20:30Z'],
    ],
    ['text to bytea', 'SELECT a::bytea FROM t', 'a', ['\\x41', 'a\\b', '\\x4', 'A', '\\101']],
    ['timestamptz to date', 'SELECT at::date FROM t', 'at', ['2020-01-15 10:20:30+00', '2020-01-15 23:59:59+00', '2020-01-15 00:00:00+00']],
    [
      'timestamptz to whole seconds',
      'ALTER TABLE t ALTER at TYPE timestamptz(0)',
      'at',
      ['2020-12-31 10:20:30.123456+00', '2020-12-31 23:59:59.999999+00', '2020-12-31 10:20:30+00'],
    ],
    ['timestamptz to timestamp: none', 'ALTER TABLE t ALTER at TYPE timestamp', 'at', []],
    ['json to jsonb', 'ALTER TABLE t ALTER j TYPE jsonb', 'j', ['{"a":1,"a":2}', '{"b": 1, "a": 1.50}', '" \\u0000"', '[]']],
    [
      'arrays, element by element',
      'ALTER TABLE t ALTER ls TYPE int[]',
      'ls',
      ['{"2147483648"}', '{"-2147483649"}', '{"2147483647"}', '{"-2147483648"}'],
    ],
    ['text to a domain: its base and its checks', 'SELECT a::code FROM t', 'a', ['^[A-Z]+$', 'quar', 'qua', 'qua  ', 'qu ']],
    ['rounding', 'UPDATE t SET n = round(n, 2)', 'n', ['2.675', '0.005', '-1.005', '2.6749', '1.9951']],
    ['cents of a price', 'SELECT round(m * 100)::bigint FROM t', 'm', ['2.675', '0.005', '-1.005']],
    [
      'a text cleaned first',
      "SELECT replace(nullif(trim(a), ''), ',', '')::smallint FROM t",
      'a',
      [',', '', '42', 'x1', '3.5', '007', ' 7 ', '+5', '32768', '32767', '-32769', '1e3'],
    ],
    [
      'what a CASE comes to',
      "SELECT (CASE WHEN b = 'x' THEN a END)::uuid FROM t",
      'a',
      [
        '7f3c2a10-9b4e-4d6a-8c15-2e0f6b9d4a71',
        '7F3C2A10-9B4E-4D6A-8C15-2E0F6B9D4A71',
        '{7f3c2a10-9b4e-4d6a-8c15-2e0f6b9d4a71}',
        '7f3c2a109b4e4d6a8c152e0f6b9d4a71',
        '7f3c2a10-9b4e-4d6a-8c15',
      ],
    ],
    ['a check on a length', 'ALTER TABLE t ADD CHECK (char_length(a) <= 10)', 'a', text10],
    ['nothing of text to text', 'ALTER TABLE t ALTER v TYPE text; SELECT a::text, i::text FROM t', 'v', []],
  ])('of %s', async (_, up, attribute, expected) => {
    expect(valuesOf(await hintsOf(up), attribute)).toEqual(expected)
  })

  const small = ['32768', '-32769', '32767', '-32768']
  test.each<[string, string]>([
    ['INSERT … SELECT', 'INSERT INTO s (id, qty) SELECT id, i FROM t'],
    ['INSERT … SELECT *, by place', 'CREATE TABLE w (x text, q smallint); INSERT INTO w SELECT * FROM (SELECT a, i FROM t) AS q'],
    ['a UNION', 'INSERT INTO s (qty) SELECT 1 UNION ALL SELECT i FROM t'],
    [
      'VALUES in a loop',
      'DO $$ DECLARE r record; BEGIN FOR r IN SELECT i FROM t LOOP INSERT INTO s (id, qty) VALUES (1, r.i); END LOOP; END $$',
    ],
    ['UPDATE … FROM', 'UPDATE s SET qty = t.i FROM t WHERE t.id = s.id'],
    ['a subquery', 'UPDATE s SET qty = (SELECT max(i) FROM t)'],
    ['a row of a subquery', 'UPDATE s SET (label, qty) = (SELECT v, i FROM t)'],
    ['MERGE', 'MERGE INTO s USING t ON s.id = t.id WHEN NOT MATCHED THEN INSERT (qty) VALUES (t.i)'],
    ['ADD COLUMN and UPDATE', 'ALTER TABLE t ADD x int2; UPDATE t SET x = i; ALTER TABLE t DROP i; ALTER TABLE t RENAME x TO i'],
    [
      'a trigger',
      'CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO s (qty) VALUES (NEW.i); RETURN NEW; END $$; CREATE TRIGGER z AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION g()',
    ],
    ['ON CONFLICT', 'INSERT INTO s (id) SELECT id FROM t ON CONFLICT (id) DO UPDATE SET qty = (SELECT i FROM t LIMIT 1)'],
  ])('of what is stored by %s', async (_, up) => {
    const hints = await hintsOf(up)
    expect(valuesOf(hints, 'i')).toEqual(small)
    expect(castsOf(hints)).toContain('up public.t.i smallint')
  })

  test('belong to the legacy attribute that a new one was filled from', async () => {
    const up = 'CREATE TABLE w (id int, amount text); INSERT INTO w SELECT id, a FROM t; DROP TABLE t'
    const down = 'CREATE TABLE t (id int, a text); INSERT INTO t SELECT id, amount::date::text FROM w'
    const hints = await hintsOf(up, down)
    expect(valuesOf(hints, 'a').slice(0, 2)).toEqual(['2020-01-15', '2020-02-30'])
    expect(castsOf(hints)).toEqual(['down public.t.a date'])
  })

  test('that only the migrated attribute can hold are marked', async () => {
    const hints = await hintsOf('ALTER TABLE t ALTER i TYPE bigint', 'ALTER TABLE t ALTER i TYPE int')
    expect(hints.literals.map(({ attribute, value, migrated }) => `${attribute} ${value}${migrated === true ? ' migrated' : ''}`)).toEqual([
      'i 2147483648 migrated',
      'i -2147483649 migrated',
      'i 2147483647',
      'i -2147483648',
    ])
  })

  test('find room beside a load of data', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => `('s${index}')`).join(', ')
    const hints = await hintsOf(`INSERT INTO t (a) VALUES ${rows}; SELECT a::int, a::date, a::uuid, a::bool, a::inet, a::json FROM t`)
    expect(valuesOf(hints, 'a')).toHaveLength(96)
    expect(valuesOf(hints, 'a')).toContain('x1')
  })

  test('are legal in the legacy attribute', async () => {
    const hints = await hintsOf(
      'SELECT v::int, m::numeric(3, 1), l::smallint, i::smallint, at::date, f::int, j::jsonb, ls::int[], e::text::size FROM t',
    )
    expect(hints.literals.length).toBeGreaterThan(30)
    for (const { attribute, value } of hints.literals.filter(({ relation }) => relation === 'public.t')) {
      const type = { v: 'varchar(4)', m: 'numeric(8,3)', l: 'bigint', i: 'int', at: 'timestamptz', f: 'float8', j: 'json', ls: 'bigint[]' }[
        attribute ?? ''
      ]
      await expect(session.query(`SELECT $1::text::${type}`, [value])).resolves.toBeDefined()
    }
  })
})

test('casts name the attribute, the type and the direction', async () => {
  const up = `
    SELECT a::varchar(20), b::size, v::code, tags::int[], at::timestamp(3), n::numeric(10), f::double precision, j::jsonb ->> 'x', (j ->> 'y')::int, id::text FROM t;
    INSERT INTO s (label) SELECT coalesce(a, b) FROM t`
  expect(castsOf(await hintsOf(up, 'SELECT a::int FROM t'))).toEqual([
    'up public.t.a character varying(20)',
    'up public.t.b public.size',
    'up public.t.v public.code',
    'up public.t.tags integer[]',
    'up public.t.at timestamp(3) without time zone',
    'up public.t.n numeric(10,0)',
    'up public.t.j jsonb',
    'up public.t.a character varying(10)',
    'up public.t.b character varying(10)',
    'down public.t.a integer',
  ])
})
