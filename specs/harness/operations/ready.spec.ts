import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { observedBefore, observeIn, openStore, planOf, readyIn, reasonsOf, type Store } from './ready-support.ts'

const schema = `
  CREATE TABLE orders (id int PRIMARY KEY, total int, cents int);
  CREATE VIEW order_differences AS SELECT id, total, cents FROM orders WHERE cents IS DISTINCT FROM total * 100;
  INSERT INTO orders VALUES (1, 5, 500), (2, 7, 700)`
const check = { id: 'cents', text: 'Each order has its total in cents.', sql: 'SELECT * FROM order_differences -- by id' }
const plan = await planOf('ALTER TABLE orders DROP COLUMN total CASCADE;', { cleanDays: 2, checks: [check] })

describe('a clean-up', () => {
  let store: Store
  beforeEach(async () => {
    store = await openStore(schema)
  })
  afterEach(() => store[Symbol.asyncDispose]())

  const columns = async () =>
    (
      await store.session.one<{ names: string }>(
        `SELECT string_agg(attname, ' ' ORDER BY attnum) AS names FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped`,
      )
    ).names
  const cleanUps = async () =>
    (await store.session.one<{ count: number }>(`SELECT count(*)::int AS count FROM godwit.observations WHERE check_id = '(clean-up)'`))
      .count
  const waiting = async (count: number) =>
    vi.waitFor(
      async () =>
        expect(
          await store.session.query(
            `SELECT 1 AS waits FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          ),
        ).toHaveLength(count),
      { timeout: 4_000 },
    )

  test('needs observations that were made: what is observed today is no clean day before', async () => {
    const seen = await observeIn(store, plan)
    expect(seen.checks).toEqual([{ id: 'cents', wrong: 0, examples: [], seen: '0', text: check.text, observation: 1 }])
    expect(reasonsOf(await readyIn(store, plan))).toEqual(['cents: not observed on DAY to DAY (UTC)'])
  })

  test('waits for a writer to the table beneath the view that its check reads', async () => {
    await observedBefore(store, plan)
    await using writer = await store.database.connect()
    await writer.script('BEGIN; UPDATE orders SET cents = 1 WHERE id = 2')
    const answer = readyIn(store, plan, true)
    await waiting(1)
    await writer.script('COMMIT')
    expect(reasonsOf(await answer)).toEqual(['cents: wrong now: 1 row: id=2 total=7 cents=1'])
    expect([await columns(), await cleanUps()]).toEqual(['id total cents', 0])
  })

  test('gives up where a writer holds the table for too long, and changes nothing', async () => {
    const patient = { ...plan, lockWaitMs: 50 }
    await observedBefore(store, plan)
    await using writer = await store.database.connect()
    await writer.script('BEGIN; UPDATE orders SET cents = 1 WHERE id = 2')
    await expect(readyIn(store, patient, true)).rejects.toMatchObject({
      exitCode: 3,
      message: 'the clean-up of "plan" did not run',
      detail: 'canceling statement due to lock timeout (55P03).',
    })
    await writer.script('ROLLBACK')
    expect([await columns(), await cleanUps()]).toEqual(['id total cents', 0])
  })

  test('that is run by two at once runs once', async () => {
    const harmless = await planOf(
      `ALTER TABLE orders ADD COLUMN IF NOT EXISTS done int; INSERT INTO orders SELECT max(id) + 1 FROM orders;`,
      {
        cleanDays: 2,
        checks: [{ ...check, sql: 'SELECT id FROM orders WHERE cents IS DISTINCT FROM total * 100' }],
      },
    )
    await observedBefore(store, harmless)
    await using reader = await store.database.connect()
    // Holds both back: each has looked, and neither has the lock.
    await reader.script('BEGIN; LOCK TABLE orders IN ROW EXCLUSIVE MODE')
    const both = [readyIn(store, harmless, true), readyIn(store, harmless, true)]
    await waiting(2)
    await reader.script('COMMIT')
    const answers = (await Promise.all(both)).toSorted((one, other) => Number(other.ran) - Number(one.ran))
    expect(answers.map(({ ran }) => ran)).toEqual([true, false])
    expect(reasonsOf(answers[1] as (typeof answers)[0])).toEqual([
      'cents: not observed on DAY to DAY (UTC); the clean-up ran at DAY, and a new count began',
    ])
    expect(await store.session.query('SELECT id FROM orders ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  test.each([
    [
      'raises an error',
      `RAISE EXCEPTION 'not today' USING HINT = 'Come back.'`,
      { sqlstate: 'P0001', message: 'not today', hint: 'Come back.', line: 2 },
    ],
    ['breaks a constraint', 'INSERT INTO orders VALUES (1)', { sqlstate: '23505', line: 2 }],
    ['breaks a constraint at COMMIT', 'INSERT INTO parts VALUES (9)', { sqlstate: '23503', line: 3 }],
  ])('that %s changes nothing, and says so', async (_, statement, failure) => {
    await store.session.script('CREATE TABLE parts (id int REFERENCES orders DEFERRABLE INITIALLY DEFERRED)')
    const refusing = await planOf(
      `ALTER TABLE orders DROP COLUMN total CASCADE;\nDO $$ BEGIN ${statement}; END $$;\nCREATE TABLE made ();`,
      {
        cleanDays: 2,
        checks: [check],
      },
    )
    await observedBefore(store, refusing)
    expect(await readyIn(store, refusing, true)).toMatchObject({
      ready: false,
      ran: false,
      failure: { ...failure, file: refusing.cleanUp.file },
    })
    expect([await columns(), await cleanUps()]).toEqual(['id total cents', 0])
    expect(await readyIn(store, refusing)).toMatchObject({ ready: true })
  })

  test('whose SQL does not fit the database, or no transaction, is bad input', async () => {
    await observedBefore(store, plan)
    for (const [sql, detail] of [
      ['CREATE TABLE made ();\nDROP TABLE invoices;', /"invoices" does not exist \(42P01\)/],
      ['CREATE TABLE made ();\nCREATE INDEX CONCURRENTLY ON orders (cents);', /cannot run inside a transaction block \(25001\)/],
    ] as const) {
      const refused = await readyIn(store, await planOf(sql, { cleanDays: 2, checks: [check] }), true).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(InputError)
      expect(refused).toMatchObject({
        message: expect.stringMatching(/clean-up\.sql:2: the clean-up of "plan" did not run/),
        detail: expect.stringMatching(detail),
      })
    }
    expect(await store.session.query(`SELECT to_regclass('made') AS made`)).toEqual([{ made: null }])
  })

  test('cannot be guarded where a check reads what cannot be locked', async () => {
    await store.session.script('CREATE MATERIALIZED VIEW totals AS SELECT sum(total) AS total FROM orders')
    const unguarded = await planOf('SELECT 1;', { cleanDays: 1, checks: [{ ...check, sql: 'SELECT total FROM totals WHERE total < 0' }] })
    await observedBefore(store, unguarded)
    expect(await readyIn(store, unguarded)).toMatchObject({ ready: true })
    await expect(readyIn(store, unguarded, true)).rejects.toMatchObject({
      exitCode: 3,
      detail: expect.stringContaining('A check reads totals, a materialized view.'),
    })
  })

  test('starts to count anew where the text of its check changes, and goes on where only another check is added', async () => {
    await observedBefore(store, plan)
    const changed = await planOf('SELECT 1;', { cleanDays: 2, checks: [{ ...check, sql: 'SELECT * FROM order_differences WHERE id > 0' }] })
    expect(reasonsOf(await readyIn(store, changed))).toEqual([
      'cents: not observed on DAY to DAY (UTC); 2 observations with another text of the check do not count',
    ])
    const more = await planOf('SELECT 1;', { cleanDays: 2, checks: [check, { ...check, id: 'more', sql: 'SELECT 1 WHERE false' }] })
    expect(reasonsOf(await readyIn(store, more))).toEqual(['more: not observed on DAY to DAY (UTC)'])
  })

  test('refuses observations that somebody edited, removed, or dated ahead, in the table', async () => {
    await observedBefore(store, plan, [4, 3, 2, 1], { wrong: 0, examples: [] })
    const whole = await readyIn(store, plan)
    expect(whole.ready).toBe(true)
    for (const [sql, reason] of [
      [
        'UPDATE godwit.observations SET wrong = 0, examples = \'"x"\' WHERE number = 2',
        'cents: observation 2 (DAY) was edited: its digest does not fit what it says',
      ],
      [
        'DELETE FROM godwit.observations WHERE number = 3',
        'cents: observation 4 (DAY) does not follow observation 2: one between them was removed, or one of them was edited',
      ],
      [
        `UPDATE godwit.observations SET observed_at = now() + interval '1 day' WHERE number = 4`,
        "cents: observation 4 (DAY) is dated later than the server's clock (DAY)",
      ],
    ] as const) {
      await store.session.script(`BEGIN; CREATE TABLE kept AS TABLE godwit.observations; ${sql}; COMMIT`)
      const answer = await readyIn(store, plan, true)
      expect([answer.ran, reasonsOf(answer)]).toEqual([false, expect.arrayContaining([reason])])
      await store.session.script(
        'TRUNCATE godwit.observations; INSERT INTO godwit.observations OVERRIDING SYSTEM VALUE TABLE kept; DROP TABLE kept',
      )
    }
    expect(await columns()).toBe('id total cents')
  })

  test('is observed by two at once, and the observations still follow one another', async () => {
    await observeIn(store, plan)
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => observeIn(store, plan)))
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
    for (const error of refused)
      expect(error).toMatchObject({ exitCode: 3, hint: 'Somebody else has just recorded an observation of this plan. Run it again.' })
    const { count } = await store.session.one<{ count: number }>('SELECT count(*)::int AS count FROM godwit.observations')
    expect(count).toBe(1 + 4 - refused.length)
    expect(reasonsOf(await readyIn(store, plan))).toEqual(['cents: not observed on DAY to DAY (UTC)'])
  })

  test('reads rows of any shape: a column with the name of ours, no column, many rows, no key', async () => {
    const shapes = await planOf('SELECT 1;', {
      checks: [
        { id: 'names', text: 'x', sql: `SELECT 1 AS godwit_row, 2 AS item, NULL AS "ke y", 0.1::float8 + 0.2 AS sum;` },
        { id: 'none', text: 'x', sql: 'SELECT FROM orders' },
        { id: 'many', text: 'x', sql: 'SELECT n FROM generate_series(1, 100000) AS n' },
        { id: 'same', text: 'x', sql: 'SELECT 200000 - n AS n FROM generate_series(100000, 199999) AS n ORDER BY n' },
        { id: 'twice', text: 'x', sql: `SELECT id, id FROM orders WHERE id = 1 /* "(" */` },
      ],
    })
    const { checks } = await observeIn(store, shapes)
    const [names, none, many, same, twice] = checks
    expect(names?.examples).toEqual([
      [
        ['godwit_row', '1'],
        ['item', '2'],
        ['ke y', null],
        ['sum', '0.30000000000000004'],
      ],
    ])
    expect([none?.wrong, none?.examples]).toEqual([2, [[], []]])
    expect([many?.wrong, many?.examples.length, many?.examples[0]]).toEqual([100_000, 20, [['n', '1']]])
    expect(same?.seen).toBe(many?.seen)
    expect(twice?.examples).toEqual([
      [
        ['id', '1'],
        ['id', '1'],
      ],
    ])
  })
})
