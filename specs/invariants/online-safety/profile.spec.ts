import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import type { ColumnProfile, RowProfile } from '../../../harness/invariants/index.ts'
import { multiplyRows } from '../../../harness/invariants/online-safety/multiply-rows.ts'
import { readProfile } from '../../../harness/operations/index.ts'
import type { Database, Session } from '../../../harness/postgres/index.ts'

const legacy = `CREATE TYPE state AS ENUM ('new', 'paid', 'sent');
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES customers, city varchar(80), note text, price numeric(8, 2), rate int CHECK (rate BETWEEN 1 AND 5),
  state state, born date, flag bool, long text, tags text[]);
CREATE INDEX ON orders (city);`

/** A half of the orders is one customer's, 70 % are of one city, 30 % have no note, and the others have one of 400 bytes. */
const real = `INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 400) AS n;
INSERT INTO orders SELECT n, CASE WHEN n % 2 = 0 THEN 7 ELSE 1 + n % 400 END,
  CASE WHEN n % 10 < 7 THEN 'Llanfairpwllgwyngyll' ELSE 'Secretville ' || n % 200 END,
  CASE WHEN n % 10 < 7 THEN repeat('secret ' || n || ' ', 31) END, n % 1000, 1 + n % 5, CASE WHEN n % 20 = 0 THEN 'sent' ELSE 'paid' END::state,
  date '1999-01-01' + n % 300, n % 4 = 0, string_agg(md5(n || ' ' || g), ''), ARRAY['a', 'b']
  FROM generate_series(1, 20000) AS n, generate_series(1, 20) AS g GROUP BY n;`

const few = `INSERT INTO customers SELECT n, 'c' || n FROM generate_series(1, 5) AS n;
INSERT INTO orders SELECT n, n, 'x', 'y', 1, 1, 'new', '2020-01-01', true, 'z', ARRAY['t'] FROM generate_series(1, 5) AS n;`

describe('rows that follow the statistics of a real database', { timeout: 60_000 }, () => {
  const opened: { readonly database: Database; readonly session: Session }[] = []
  let profile: RowProfile
  let made: Session
  let notProfiled: readonly string[]

  async function open(sql: string) {
    const database = await (await useCluster()).createDatabase()
    const session = await database.connect()
    opened.push({ database, session })
    await session.script(`${legacy}${sql}`)
    return { database, session }
  }
  beforeAll(async () => {
    const production = await open(`${real} ANALYZE`)
    profile = await readProfile(production.database.url())
    made = (await open(few)).session
    const catalog = await readCatalog(made)
    const filled = await multiplyRows(made, catalog, ['public.customers', 'public.orders'], { wanted: 20_000, spread: true, profile })
    expect(filled.notFilled).toEqual([])
    expect(filled.rows.get('public.orders')).toBe(20_000)
    notProfiled = filled.notProfiled
  }, 60_000)
  afterAll(async () => {
    for (const { database, session } of opened) {
      await session.close()
      await database.drop()
    }
  })

  const column = (name: string): ColumnProfile => {
    const found = profile['public.orders']?.[name]
    if (found === undefined) throw new Error(`there are no statistics of ${name}`)
    return found
  }

  test('no value of the real database is read: shares, counts and widths alone', () => {
    const text = JSON.stringify(profile)
    expect(text).not.toMatch(/secret|llan|paid|1999|customer 7/i)
    const values = Object.values(profile).flatMap((columns) => Object.values(columns))
    expect(values.length).toBe(13)
    for (const each of values) {
      expect(Object.keys(each).toSorted()).toEqual(['distinct', 'frequencies', 'nullFraction', 'width'])
      for (const figure of [each.distinct, each.nullFraction, each.width, ...each.frequencies]) expect(figure).toEqual(expect.any(Number))
    }
  })

  test('shares of NULLs, widths, how many values there are and how common the most common one is are about the same', async () => {
    await made.script('ANALYZE')
    const rows = await made.query<{ name: string; nulls: number; width: number; distinct: number; first: number | null }>(
      `SELECT attname AS name, null_frac::float8 AS nulls, avg_width::int AS width, n_distinct::float8 AS distinct, most_common_freqs[1]::float8 AS first
         FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders'`,
    )
    const is = new Map(rows.map((row) => [row.name, row]))
    for (const name of ['city', 'note', 'long', 'state', 'flag', 'price', 'born', 'customer']) {
      const [was, now] = [column(name), is.get(name)]
      const about = (figure: number | undefined, wanted: number, share: number, least: number) =>
        expect(Math.abs((figure ?? Number.NaN) - wanted), `${name}: ${figure}, not about ${wanted}`).toBeLessThan(
          Math.max(least, share * wanted),
        )
      about(now?.nulls, was.nullFraction, 0.1, 0.03)
      // Numbers and labels have the width of their type, whichever they are.
      if (!['price', 'state'].includes(name)) about(now?.width, was.width, 0.1, 2)
      about(now?.first ?? 0, was.frequencies[0] ?? 0, 0.15, 0.03)
      const count = (distinct: number) => (distinct < 0 ? -distinct * 20_000 : distinct)
      about(count(now?.distinct ?? 0), count(was.distinct), 0.25, 5)
    }
    const { most } = await made.one<{ most: number }>(
      `SELECT (max(n) / 20000.0)::float8 AS most FROM (SELECT count(*) AS n FROM orders GROUP BY customer) AS c`,
    )
    expect(most).toBeGreaterThan(0.45)
    expect(most).toBeLessThan(0.55)
  })

  test('what a check or a type does not let follow is named, and keeps generated values', async () => {
    expect(notProfiled).toEqual(['public.orders has generated values in rate, tags'])
    expect(await made.query('SELECT DISTINCT rate FROM orders')).toEqual([{ rate: 1 }])
  })

  test('a table without statistics, and one that refuses the values, are filled with generated values, and that is said', async () => {
    const { session } = await open(
      `${few} CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF length(new.name) > 9 THEN RAISE ''too long''; END IF; RETURN new; END';
       CREATE TRIGGER refuse BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION refuse(); ALTER TABLE customers ENABLE ALWAYS TRIGGER refuse`,
    )
    const wide: RowProfile = { 'public.customers': { name: { nullFraction: 0, width: 60, distinct: -1, frequencies: [] } } }
    const filled = await multiplyRows(session, await readCatalog(session), ['public.customers', 'public.orders'], {
      wanted: 500,
      profile: wide,
    })
    expect(filled.notProfiled).toEqual([
      'public.customers has generated values: those of the profile are refused: too long (P0001)',
      'public.orders has generated values: the database of the profile has no statistics of it',
    ])
    expect([...filled.rows.values()]).toEqual([500, 500])
  })
})

test('a database without statistics is refused, and so is a URL that is none', async () => {
  await using database = await (await useCluster()).createDatabase()
  await expect(readProfile(database.url())).rejects.toThrow(/has no statistics that its role may see/)
  await expect(readProfile('not a url')).rejects.toThrow('the cluster URL cannot be read')
})
