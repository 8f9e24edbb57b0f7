import { fc } from '@fast-check/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { type Database, type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import {
  captureSnapshot,
  compareSnapshots,
  digestAttributes,
  digestRelations,
  locateDifferences,
  readRows,
} from '../../../harness/snapshot/index.ts'
import { everyType } from './every-type.ts'

describe.each([15, 18])('snapshot on PostgreSQL %i', (major) => {
  let cluster: StartedCluster
  let database: Database
  let session: Session

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'embedded', major })
    database = await cluster.createDatabase()
    session = await database.connect()
  })
  afterAll(async () => {
    await session?.close()
    await cluster?.stop()
  })

  async function within<Result>(sql: string, read: () => Promise<Result>): Promise<Result> {
    try {
      await session.script(`BEGIN; ${sql}`)
      return await read()
    } finally {
      await session.script('ROLLBACK')
    }
  }
  const digestOf = async (relation: string) => (await digestRelations(session, await readCatalog(session), [relation])).get(relation)
  /** The digests of `public.t` before and after a change. */
  const digestsAround = (setup: string, change: string) =>
    within(setup, async () => {
      const before = await digestOf('public.t')
      await session.script(change)
      return { before, after: await digestOf('public.t') }
    })

  describe('digest', () => {
    test.each([
      ['two cells swapped between rows', `CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 10), (2, 20)`, `UPDATE t SET b = 30 - b`],
      ['cells swapped between attributes', `CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2)`, `UPDATE t SET a = b, b = a`],
      ['a row doubled', `CREATE TABLE t (a int); INSERT INTO t VALUES (1)`, `INSERT INTO t VALUES (1)`],
      ['equal rows that would cancel', `CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)`, `UPDATE t SET a = 2`],
      ['equal cells of a row that would cancel', `CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1)`, `UPDATE t SET a = 2, b = 2`],
      ['1.0 turned into 1.00', `CREATE TABLE t (a numeric); INSERT INTO t VALUES (1.0)`, `UPDATE t SET a = 1.00`],
      ['1 turned into 2^32', `CREATE TABLE t (a bigint); INSERT INTO t VALUES (1)`, `UPDATE t SET a = 4294967296`],
      ['0 turned into -0', `CREATE TABLE t (a float8); INSERT INTO t VALUES (0)`, `UPDATE t SET a = '-0'`],
      ['a number turned into NaN', `CREATE TABLE t (a float4, b numeric); INSERT INTO t VALUES (0, 0)`, `UPDATE t SET b = 'NaN'`],
      ['a month turned into 30 days', `CREATE TABLE t (a interval); INSERT INTO t VALUES ('1 month')`, `UPDATE t SET a = '30 days'`],
      ['white space in json', `CREATE TABLE t (a json); INSERT INTO t VALUES ('{"a":1}')`, `UPDATE t SET a = '{"a": 1}'`],
      ['blanks after a bpchar', `CREATE TABLE t (a bpchar); INSERT INTO t VALUES ('a')`, `UPDATE t SET a = 'a  '::bpchar`],
      ['NULL turned into nothing', `CREATE TABLE t (a text); INSERT INTO t VALUES (NULL)`, `UPDATE t SET a = ''`],
      [
        'a row of NULLs turned into NULL',
        `CREATE TYPE r AS (x int); CREATE TABLE t (a r); INSERT INTO t VALUES (ROW(NULL))`,
        `UPDATE t SET a = NULL`,
      ],
      [
        'a text that a nondeterministic collation calls equal',
        `CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false); CREATE TABLE t (a text COLLATE blind); INSERT INTO t VALUES ('a')`,
        `UPDATE t SET a = 'A'`,
      ],
      [
        'a value that a cast to text hides',
        `CREATE TYPE mood AS ENUM ('a', 'b'); CREATE FUNCTION f(mood) RETURNS text LANGUAGE sql AS 'SELECT ''x'''; CREATE CAST (mood AS text) WITH FUNCTION f(mood); CREATE TABLE t (a mood); INSERT INTO t VALUES ('a')`,
        `UPDATE t SET a = 'b'`,
      ],
      [
        'a row of a leaf',
        `CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t DEFAULT; INSERT INTO t VALUES (1)`,
        `UPDATE t1 SET a = 2`,
      ],
      [
        'a row hidden by row security',
        `CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; INSERT INTO t VALUES (1)`,
        `UPDATE t SET a = 2`,
      ],
    ])('tells %s', async (_, setup, change) => {
      const { before, after } = await digestsAround(setup, change)
      expect(before?.digest).not.toBe('0')
      expect(after).not.toEqual(before)
    })

    test.each([
      [
        'the physical order changes',
        `CREATE TABLE t (a int, b text); INSERT INTO t SELECT i, i FROM generate_series(1, 50) i`,
        `CREATE TABLE u AS TABLE t; TRUNCATE t; INSERT INTO t SELECT * FROM u ORDER BY a DESC`,
      ],
      [
        'the attributes are made again in another order',
        `CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2)`,
        `DROP TABLE t; CREATE TABLE t (b int, a int); INSERT INTO t VALUES (2, 1)`,
      ],
      [
        'an enum is rebuilt, and back',
        `CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE t (a mood); INSERT INTO t VALUES ('b')`,
        `CREATE TYPE other AS ENUM ('b', 'a'); ALTER TABLE t ALTER a TYPE other USING a::text::other; DROP TYPE mood; CREATE TYPE mood AS ENUM ('a', 'b'); ALTER TABLE t ALTER a TYPE mood USING a::text::mood`,
      ],
      [
        'the session renders otherwise',
        `CREATE TABLE t (a timestamptz, b float8, c bytea, d interval, e money, f regclass); INSERT INTO t VALUES (now(), 1.1, 'x', '1 day', 5, 't')`,
        `SET LOCAL TimeZone = 'Asia/Kathmandu'; SET LOCAL DateStyle = 'SQL, DMY'; SET LOCAL extra_float_digits = -5; SET LOCAL bytea_output = 'escape'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL search_path = public, pg_catalog`,
      ],
      [
        'an heir gets rows of its own',
        `CREATE TABLE t (a int); CREATE TABLE heir () INHERITS (t); INSERT INTO t VALUES (1)`,
        `INSERT INTO heir VALUES (2)`,
      ],
    ])('stays when %s', async (_, setup, change) => {
      const { before, after } = await digestsAround(setup, change)
      expect(before?.digest).not.toBe('0')
      expect(after).toEqual(before)
    })

    test('leaves its settings as they were', () =>
      within(`CREATE TABLE t (a int); SET LOCAL search_path = nowhere, public; SET LOCAL TimeZone = 'Asia/Kathmandu'`, async () => {
        await digestOf('public.t')
        const [path, zone] = await session.script('SHOW search_path; SHOW TimeZone')
        expect([path?.rows, zone?.rows]).toEqual([[['nowhere, public']], [['Asia/Kathmandu']]])
      }))

    test.each(everyType())('takes the type %s', (type, value) =>
      within(`CREATE TABLE t (a ${type}); INSERT INTO t VALUES (${value}), (NULL)`, async () => {
        const full = await digestOf('public.t')
        await session.script('UPDATE t SET a = NULL')
        expect(full?.rows).toBe(2)
        expect(await digestOf('public.t')).not.toEqual(full)
      }),
    )

    test('takes 1600 attributes, and none', () =>
      within('', async () => {
        const names = Array.from({ length: 1600 }, (_, at) => `c${at} int`).join(', ')
        await session.script(
          `CREATE TABLE t (${names}); INSERT INTO t DEFAULT VALUES; CREATE TABLE none (); INSERT INTO none DEFAULT VALUES`,
        )
        expect([(await digestOf('public.t'))?.rows, (await digestOf('public.none'))?.rows]).toEqual([1, 1])
      }))

    test('a moved, renamed and widened attribute keeps its sum', () =>
      within(`CREATE TABLE t (a int); INSERT INTO t VALUES (1), (NULL), (3); CREATE TABLE u AS SELECT a::numeric AS b FROM t`, async () => {
        const catalog = await readCatalog(session)
        const sums = [
          await digestAttributes(session, catalog, 'public.t', ['a']),
          await digestAttributes(session, catalog, 'public.u', ['b']),
        ]
        expect(sums[0]?.get('a')).toBe(sums[1]?.get('b'))
        expect(sums[0]?.get('a')).not.toBe('0')
      }))

    test('any two lists of rows digest alike exactly when they are the same multiset', async () => {
      const row = fc.tuple(fc.constantFrom('1', '2', 'NULL'), fc.constantFrom(`'1'`, `'2'`, `''`, 'NULL'))
      await fc.assert(
        fc.asyncProperty(fc.array(row, { maxLength: 4 }), fc.array(row, { maxLength: 4 }), async (one, other) => {
          const insert = (rows: readonly (readonly string[])[]) =>
            rows.length === 0 ? '' : `INSERT INTO t VALUES ${rows.map((cells) => `(${cells})`).join(', ')};`
          const { before, after } = await digestsAround(`CREATE TABLE t (a int, b text); ${insert(one)}`, `TRUNCATE t; ${insert(other)}`)
          const sorted = (rows: readonly (readonly string[])[]) => rows.map(String).sort().join(' ')
          expect(after?.digest === before?.digest && after?.rows === before?.rows).toBe(sorted(one) === sorted(other))
        }),
        { numRuns: 60 },
      )
    })
  })

  test('reads rows as the server writes them, of parents alone, of all leaves, of views', () =>
    within(
      `CREATE TABLE t ("camelCase" int PRIMARY KEY, t json); INSERT INTO t VALUES (2, '{ }'), (1, NULL);
       CREATE TABLE heir () INHERITS (t); INSERT INTO heir VALUES (9, NULL);
       CREATE TABLE p (at date) PARTITION BY RANGE (at); CREATE TABLE p1 PARTITION OF p DEFAULT; INSERT INTO p VALUES ('2024-02-29');
       CREATE FUNCTION n() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM p'; CREATE VIEW v AS SELECT n(); SET LOCAL DateStyle = 'German'`,
      async () => {
        const rows = await readRows(session, await readCatalog(session), ['public.v', 'public.t', 'public.p', 'public.p1'])
        expect([...rows]).toEqual([
          ['public.v', { attributes: ['n'], rows: [['1']] }],
          [
            'public.t',
            {
              attributes: ['camelCase', 't'],
              rows: [
                ['1', null],
                ['2', '{ }'],
              ],
            },
          ],
          ['public.p', { attributes: ['at'], rows: [['2024-02-29']] }],
          ['public.p1', { attributes: ['at'], rows: [['2024-02-29']] }],
        ])
      },
    ))

  describe('comparison', () => {
    const legacy = `CREATE TABLE t (id serial PRIMARY KEY, a text); INSERT INTO t (a) VALUES ('x'), ('y'); GRANT SELECT ON t TO PUBLIC; COMMENT ON TABLE t IS 'c'`
    const differences = (change: string) =>
      within(legacy, async () => {
        const before = await captureSnapshot(session, await readCatalog(session))
        await session.script(change)
        const after = await captureSnapshot(session, await readCatalog(session))
        return compareSnapshots(before, after).map(({ kind, severity, path, property }) => [kind, severity, path, property])
      })

    test.each([
      ['', []],
      [`UPDATE t SET a = 'z' WHERE id = 1`, [['data', 'error', 'public.t', undefined]]],
      [`SELECT nextval('t_id_seq')`, [['sequence', 'info', 'public.t_id_seq', 'position']]],
      [`SELECT setval('t_id_seq', 1)`, [['sequence', 'error', 'public.t_id_seq', 'position']]],
      [`SELECT setval('t_id_seq', 2, false)`, [['sequence', 'error', 'public.t_id_seq', 'position']]],
      [`REVOKE SELECT ON t FROM PUBLIC`, [['privilege', 'error', 'public.t', 'privileges']]],
      [`COMMENT ON TABLE t IS NULL`, [['comment', 'warning', 'public.t', 'comment']]],
      [`DROP TABLE t`, [['missing', 'error', 'public.t', undefined]]],
      [`CREATE TABLE more ()`, [['schema', 'error', 'public.more', undefined]]],
      [
        `ALTER TABLE t ADD b int`,
        [
          ['schema', 'error', 'public.t.b', undefined],
          ['data', 'info', 'public.t', undefined],
        ],
      ],
      [
        `ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD CONSTRAINT other PRIMARY KEY (id)`,
        [['schema', 'warning', 'public.t (t_pkey)', 'name']],
      ],
    ])('after "%s" tells %j', async (change, told) => {
      expect(await differences(change)).toEqual(told)
    })
  })

  describe('location', () => {
    const located = (setup: string) =>
      within(setup, async () => {
        const catalog = await readCatalog(session)
        return locateDifferences({ session, catalog, relation: 'public.t' }, { session, catalog, relation: 'public.u' })
      })

    test('names the cell, the missing row and the added row by key', async () => {
      expect(
        await located(`CREATE TABLE t ("Key" text, n int, a numeric, gone int, PRIMARY KEY (n, "Key")); INSERT INTO t SELECT 'k.' || i, i, i, 0 FROM generate_series(1, 3000) i;
          CREATE TABLE u (n bigint, "Key" text, a numeric, PRIMARY KEY ("Key", n)); INSERT INTO u SELECT n, "Key", a FROM t;
          UPDATE u SET a = 7.0 WHERE n = 7; DELETE FROM u WHERE n = 8; INSERT INTO u VALUES (-1, 'new', NULL)`),
      ).toEqual([
        { change: 'changed', key: { Key: 'k.7', n: '7' }, cells: [{ attribute: 'a', before: '7', after: '7.0' }] },
        { change: 'missing', key: { Key: 'k.8', n: '8' }, cells: [] },
        { change: 'added', key: { Key: 'new', n: '-1' }, cells: [] },
      ])
    })

    test('without a key compares multisets of rows', async () => {
      expect(
        await located(
          `CREATE TABLE t (a int, b json); INSERT INTO t SELECT i % 3, '{}' FROM generate_series(1, 9) i; CREATE TABLE u AS TABLE t; INSERT INTO u VALUES (0, '{}'); UPDATE u SET a = NULL WHERE a = 1`,
        ),
      ).toHaveLength(3 + 3 + 1)
    })

    test('equal states have no differences', async () => {
      expect(
        await located(
          `CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE u (a int PRIMARY KEY); INSERT INTO u VALUES (1)`,
        ),
      ).toEqual([])
    })

    test('any changed rows are found, in two databases', async () => {
      const other = await cluster.createDatabase()
      await using there = await other.connect()
      const make = `CREATE TABLE located (id int PRIMARY KEY, a text, b int); INSERT INTO located SELECT i, 'v' || i, i FROM generate_series(1, 500) i`
      await session.script(make)
      await there.script(make)
      const sides = [
        { session, catalog: await readCatalog(session), relation: 'public.located' },
        { session: there, catalog: await readCatalog(there), relation: 'public.located' },
      ] as const
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { maxLength: 8 }), async (ids) => {
          await there.script(`BEGIN; UPDATE located SET b = -b WHERE id IN (0${ids.map((id) => `, ${id}`).join('')})`)
          const found = await locateDifferences(...sides)
          await there.script('ROLLBACK')
          const expected = ids.map((id) => ({
            change: 'changed',
            key: { id: String(id) },
            cells: [{ attribute: 'b', before: String(id), after: String(-id) }],
          }))
          expect(new Set(found)).toEqual(new Set(expected))
        }),
        { numRuns: 20 },
      )
    })
  })
})
