import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { onlineFindings } from './online-findings.ts'

const legacy = `
  CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE);
  CREATE TABLE orders (
    id serial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, position integer NOT NULL CHECK (position > 0),
    quantity integer NOT NULL, note text, UNIQUE (customer_id, position))`

/** Kind and statement of each finding that is more than information, but for queues, which have a spec of their own. */
const found = async (up: string) =>
  (await onlineFindings(legacy, up)).findings.flatMap(({ severity, kind, relation, evidence }) =>
    severity === 'info' || kind === 'queue' ? [] : [`${severity} ${kind} ${relation} ${evidence.lock}`],
  )

describe('online-safety', () => {
  test('is not run unless it is asked for, and says so', async () => {
    const { result } = await verifyShared('fixtures/specimens/online-safety/unsound', { runs: 1 })
    expect(result.migrations[0]?.invariants.find((each) => each.id === 'online-safety')).toMatchObject({
      verdict: 'not-applicable',
      because: 'it was not asked for (--online)',
    })
  })

  test('holds on the sound specimen, and nothing else is found on it', async () => {
    const { result } = await verifyShared('fixtures/specimens/online-safety/sound', { runs: 10, failOn: 'warning', online: { rows: 2000 } })
    const [migration] = result.migrations
    expect(migration?.invariants.find((each) => each.id === 'online-safety')?.verdict).toBe('holds')
    expect(migration?.findings.filter((each) => each.severity !== 'info')).toEqual([])
  })

  test('is violated by the unsound specimen', async () => {
    const { result } = await verifyShared('fixtures/specimens/online-safety/unsound', {
      runs: 1,
      failOn: 'warning',
      online: { rows: 2000 },
    })
    const [migration] = result.migrations
    expect(migration?.invariants.find((each) => each.id === 'online-safety')?.verdict).toBe('violated')
    expect(migration?.findings.map((each) => `${each.invariant} ${each.kind}`)).toContain('online-safety scan')
  })

  test('a wider type rewrites the table under ACCESS EXCLUSIVE', async () => {
    expect(await found('ALTER TABLE orders ALTER COLUMN quantity TYPE bigint')).toEqual(['warning rewrite public.orders ACCESS EXCLUSIVE'])
  })

  test('a volatile default rewrites it, a constant one does not', async () => {
    expect(await found('ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()')).toEqual([
      'warning rewrite public.orders ACCESS EXCLUSIVE',
    ])
    expect(await found(`ALTER TABLE orders ADD COLUMN state text NOT NULL DEFAULT 'new'`)).toEqual([])
  })

  test('writers wait while an index is built, and not while it is built concurrently', async () => {
    expect(await found('CREATE INDEX ON orders (quantity)')).toEqual(['warning scan public.orders SHARE'])
    expect(await found('-- godwit: no-transaction\nCREATE INDEX CONCURRENTLY ON orders (quantity)')).toEqual([])
  })

  test('a constraint is checked under the lock, and not where it is validated apart', async () => {
    const constraint = 'ALTER TABLE orders ADD CONSTRAINT few CHECK (quantity IS NOT NULL)'
    expect(await found(constraint)).toEqual(['warning scan public.orders ACCESS EXCLUSIVE'])
    expect(await found(`-- godwit: no-transaction\n${constraint} NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT few`)).toEqual([])
  })

  test('validated in the transaction that added it, it is checked under the lock all the same', async () => {
    const up = `ALTER TABLE orders ADD CONSTRAINT few CHECK (quantity IS NOT NULL) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT few`
    expect(await found(up)).toEqual(['warning scan public.orders ACCESS EXCLUSIVE'])
  })

  test('a backfill behind quick DDL keeps the lock, and in a transaction of its own it does not', async () => {
    const add = 'ALTER TABLE orders ADD COLUMN total bigint'
    const fill = 'UPDATE orders SET total = quantity'
    expect(await found(`${add}; ${fill}`)).toEqual(['warning held public.orders ACCESS EXCLUSIVE'])
    expect(await found(`BEGIN; ${add}; COMMIT; BEGIN; ${fill}; COMMIT`)).toEqual([])
  })

  test('a column that may be NULL is added without a rewrite, a scan or a wait, and what was measured is told', async () => {
    const { verdict, findings } = await onlineFindings(legacy, `SET LOCAL lock_timeout = '1s'; ALTER TABLE orders ADD COLUMN items jsonb`)
    expect(verdict).toBe('holds')
    expect(findings.filter(({ kind }) => kind !== 'queue')).toEqual([
      expect.objectContaining({
        kind: 'measured',
        severity: 'info',
        evidence: expect.objectContaining({
          clients: 4,
          rows: { 'public.orders': 2000 },
          lockTimeout: '1s',
          locks: [expect.objectContaining({ relation: 'public.orders', lock: 'ACCESS EXCLUSIVE' })],
        }),
      }),
    ])
  })

  test('a client waits longer than the budget', async () => {
    // Where there are many rows the lock is held until a client of this database has been seen to wait for so long.
    const up = `LOCK TABLE orders IN ACCESS EXCLUSIVE MODE;
      DO $$ BEGIN
        WHILE (SELECT count(*) > 1000 FROM orders)
          AND NOT EXISTS (SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database AND datname = current_database()
            WHERE NOT granted AND relation = 'orders'::regclass AND clock_timestamp() - waitstart > interval '200 ms') LOOP
        END LOOP;
      END $$`
    const { verdict, findings } = await onlineFindings(legacy, up, { lockWaitMs: 50 })
    expect(verdict).toBe('violated')
    expect(findings).toContainEqual(expect.objectContaining({ kind: 'client-waits', severity: 'error', relation: 'public.orders' }))
  })

  test('a client fails between the DROP and the CREATE of two transactions, and not within one', async () => {
    const gone = 'ALTER TABLE orders RENAME TO orders_old'
    const back = 'CREATE VIEW orders AS SELECT * FROM orders_old'
    // Stands for work in between that takes long where there are many rows.
    const until = 'SELECT pg_sleep(0.2) WHERE (SELECT count(*) > 1000 FROM orders_old)'
    const { verdict, findings } = await onlineFindings(legacy, `-- godwit: no-transaction\n${gone};\n${until};\n${back}`)
    expect(verdict).toBe('violated')
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: 'client-fails', severity: 'error', evidence: expect.objectContaining({ sqlstate: '42P01' }) }),
    )
    expect(await found(`${gone}; ${back}`)).toEqual([])
  })

  test('what clients run into without the migration is not held against it', async () => {
    const refuses = `${legacy}; CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'read only'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION refuse()`
    const { findings } = await onlineFindings(refuses, 'ALTER TABLE orders ADD COLUMN items jsonb')
    expect(findings.filter((each) => each.kind === 'client-fails')).toEqual([])
  })
})
