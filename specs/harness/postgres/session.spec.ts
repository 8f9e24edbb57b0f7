import { fc, test } from '@fast-check/vitest'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import {
  type Database,
  escapeCopyText,
  pinSettings,
  pinSettingsScript,
  type Session,
  StatementError,
  withSavepoint,
  withTransaction,
} from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'

let database: Database
let session: Session

beforeAll(async () => {
  database = await (await useCluster()).createDatabase()
  session = await database.connect()
})

afterAll(async () => {
  await session?.close()
  await database?.drop()
})

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'accepted',
    (reason: unknown) => reason,
  )
  return error instanceof StatementError ? error.sqlstate : String(error)
}

describe('session', () => {
  test('exact values stay texts, json is parsed', async () => {
    const row =
      await session.one(`SELECT 9223372036854775807::int8 AS big, 1.50 AS exact, ARRAY[1.50, NULL] AS exacts, '{"a": [1]}'::jsonb AS json,
      '2024-02-29'::date AS day, '2024-02-29 01:02:03.123456+00'::timestamptz AS instant, '1 mon'::interval AS span, 7 AS small, true AS yes, NULL AS none`)
    expect(row).toEqual({
      big: '9223372036854775807',
      exact: '1.50',
      exacts: ['1.50', null],
      json: { a: [1] },
      day: '2024-02-29',
      instant: '2024-02-29 01:02:03.123456+00',
      span: '1 mon',
      small: 7,
      yes: true,
      none: null,
    })
  })

  test('a script answers for each statement with the texts that the server wrote', async () => {
    expect(
      await session.script(`SELECT 1.50 AS a, true AS a, NULL::int; CREATE TEMP TABLE s (x int); INSERT INTO s VALUES (1), (2)`),
    ).toEqual([
      {
        command: 'SELECT',
        rowCount: 1,
        fields: [
          { name: 'a', typeOid: 1700 },
          { name: 'a', typeOid: 16 },
          { name: 'int4', typeOid: 23 },
        ],
        rows: [['1.50', 't', null]],
      },
      { command: 'CREATE', rowCount: null, fields: [], rows: [] },
      { command: 'INSERT', rowCount: 2, fields: [], rows: [] },
    ])
  })

  test('a script is one implicit transaction', async () => {
    expect(await refusal(session.script('CREATE TABLE half (x int); SELECT 1/0'))).toBe('22012')
    expect(await session.one(`SELECT to_regclass('half') AS half`)).toEqual({ half: null })
  })

  test('a refusal carries what the server said', async () => {
    await session.script('CREATE TABLE IF NOT EXISTS refused (a int NOT NULL, b int CONSTRAINT "b is 1" CHECK (b = 1))')
    const error = await session.query('INSERT INTO refused VALUES ($1, $2)', [1, 2]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StatementError)
    expect((error as StatementError).fields).toMatchObject({
      sqlstate: '23514',
      schema: 'public',
      table: 'refused',
      constraint: 'b is 1',
      detail: 'Failing row contains (1, 2).',
    })
  })

  test('parameters may be null, undefined, lists and objects', async () => {
    const row = await session.one('SELECT $1::text AS a, $2::int AS b, $3::text[] AS c, $4::jsonb AS d, $5::numeric AS e', [
      null,
      undefined,
      ['x', null],
      { y: 1 },
      10n ** 20n,
    ])
    expect(row).toEqual({ a: null, b: null, c: ['x', null], d: { y: 1 }, e: '100000000000000000000' })
  })

  test('one row means one row', async () => {
    expect(await refusal(session.one('SELECT 1 WHERE false'))).toBe('02000')
    expect(await refusal(session.one('SELECT generate_series(1, 2)'))).toBe('21000')
  })

  test('statements that are sent at once are answered in turn', async () => {
    const rows = await Promise.all([1, 2, 3].map((n) => session.one('SELECT $1::int AS n, pg_backend_pid() AS pid', [n])))
    expect(rows).toEqual([1, 2, 3].map((n) => ({ n, pid: session.processId })))
  })

  test('settings given at the start are what RESET ALL comes back to', async () => {
    await using pinned = await database.connect({
      settings: { search_path: '"a b", "c\\d"', TimeZone: 'Asia/Kathmandu' },
      statementTimeoutMs: 0,
      lockTimeoutMs: 1234,
    })
    await pinned.script(`SET TimeZone = 'UTC'; SET search_path = public; SET lock_timeout = 0; RESET ALL`)
    expect(
      await pinned.one(
        `SELECT current_setting('search_path') AS path, current_setting('TimeZone') AS zone, current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement`,
      ),
    ).toEqual({ path: '"a b", "c\\d"', zone: 'Asia/Kathmandu', lock: '1234ms', statement: '0' })
  })

  test('a statement that takes too long is cancelled', async () => {
    await using hasty = await database.connect({ statementTimeoutMs: 20 })
    expect(await refusal(hasty.query('SELECT pg_sleep(60)'))).toBe('57014')
  })

  test('the pinned settings hold inside the transaction only', async () => {
    const read = `SELECT ${Object.keys(pinSettings)
      .map((name) => `current_setting('${name}') AS "${name}"`)
      .join(', ')}`
    const before = await session.one(read)
    await withTransaction(session, async () => {
      await session.script(pinSettingsScript())
      expect(await session.one(read)).toEqual({ ...pinSettings, DateStyle: expect.stringMatching(/^ISO/), search_path: '""' })
    })
    expect(await session.one(read)).toEqual(before)
  })
})

describe('transactions', () => {
  test('what throws is undone, under a savepoint without the rest', async () => {
    await session.script('CREATE TABLE IF NOT EXISTS kept (x int)')
    await withTransaction(session, async () => {
      await session.query('INSERT INTO kept VALUES (1)')
      const nested = withSavepoint(session, () => withSavepoint(session, () => session.query('INSERT INTO kept VALUES (2), (1/0)')))
      expect(await refusal(nested)).toBe('22012')
      await withSavepoint(session, () => session.query('INSERT INTO kept VALUES (3)'))
    })
    await withTransaction(session, async () => {
      await session.query('DELETE FROM kept')
      throw new Error('mine')
    }).catch(() => undefined)
    expect(await session.query('SELECT x FROM kept ORDER BY x')).toEqual([{ x: 1 }, { x: 3 }])
  })
})

describe('copy', () => {
  const cell = fc.option(
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    { nil: null },
  )

  test.prop([fc.array(fc.tuple(cell, cell), { maxLength: 50 })])('any texts come back from COPY as they were', async (rows) => {
    await session.script('CREATE TEMP TABLE IF NOT EXISTS copied (n serial, a text, b text); TRUNCATE copied')
    const lines = rows.map((row) => `${row.map(escapeCopyText).join('\t')}\n`)
    expect(await session.copyFrom('COPY copied (a, b) FROM STDIN', lines)).toBe(rows.length)
    expect((await session.query<{ a: string; b: string }>('SELECT a, b FROM copied ORDER BY n')).map(({ a, b }) => [a, b])).toEqual(rows)
  })

  test('a refused row is a refused statement, and the session goes on', async () => {
    await session.script('CREATE TEMP TABLE IF NOT EXISTS numbers (x int)')
    const many = Array.from({ length: 200_000 }, (_, i) => (i === 10 ? 'not a number\n' : `${i}\n`))
    expect(await refusal(session.copyFrom('COPY numbers FROM STDIN', many))).toBe('22P02')
    expect(await refusal(session.copyFrom('COPY nowhere FROM STDIN', many))).toBe('42P01')
    expect(await session.one('SELECT count(*)::int AS n FROM numbers')).toEqual({ n: 0 })
  })

  test('an error of the source is the caller’s own, and nothing is copied', async () => {
    await session.script('CREATE TEMP TABLE IF NOT EXISTS numbers (x int)')
    const broken = async function* () {
      yield '1\n'
      throw new TypeError('mine')
    }
    await expect(session.copyFrom('COPY numbers FROM STDIN', broken())).rejects.toThrow(new TypeError('mine'))
    expect(await session.one('SELECT count(*)::int AS n FROM numbers')).toEqual({ n: 0 })
  })

  test('rows are read to the end, or the reader stops early', async () => {
    const read = async (stopAt: number): Promise<number> => {
      let bytes = 0
      for await (const chunk of session.copyTo('COPY (SELECT generate_series(100000, 199999)) TO STDOUT')) {
        bytes += chunk.length
        if (bytes >= stopAt) break
      }
      return bytes
    }
    expect(await read(Number.POSITIVE_INFINITY)).toBe(700_000)
    expect(await read(1)).toBeLessThan(700_000)
    expect(await refusal(session.copyTo('COPY nowhere TO STDOUT')[Symbol.asyncIterator]().next())).toBe('42P01')
    expect(await session.one('SELECT 1 AS alive')).toEqual({ alive: 1 })
  })

  test.each([
    ['goes on', '57P01'],
    ['stops', '08006'],
  ])('a cursor whose backend ends between two batches does not wait for it: the reader %s', async (then, sqlstate) => {
    await using reader = await database.connect()
    const read = async () => {
      await reader.script('BEGIN')
      for await (const _ of reader.cursor('SELECT generate_series(1, 5)', 2)) {
        await session.query('SELECT pg_terminate_backend($1, 5000)', [reader.processId])
        if (then === 'stops') break
      }
      return await reader.query('SELECT 1')
    }
    expect(await refusal(read())).toBe(sqlstate)
  })

  test('a cursor gives raw texts in batches', async () => {
    const batches = await withTransaction(session, async () => {
      const all: unknown[] = []
      for await (const rows of session.cursor('SELECT x, NULL FROM generate_series(1, 5) AS x', 2)) all.push(rows)
      return all
    })
    expect(batches).toEqual([
      [
        ['1', null],
        ['2', null],
      ],
      [
        ['3', null],
        ['4', null],
      ],
      [['5', null]],
    ])
    expect(await refusal(withTransaction(session, async () => session.cursor('SELECT nowhere', 1)[Symbol.asyncIterator]().next()))).toBe(
      '42703',
    )
  })
})

describe('a backend that is killed', () => {
  test('rejects what is pending and what comes after, and no more', async () => {
    await using victim = await database.connect()
    const pending = refusal(victim.query('SELECT pg_sleep(60)'))
    const queued = refusal(victim.query('SELECT 1'))
    await session.query('SELECT pg_terminate_backend($1, 5000)', [victim.processId])
    expect([await pending, await queued]).toEqual(['57P01', expect.stringMatching(/^(57P01|08006)$/)])
  })

  test('while idle, or in the middle of COPY, rejects the next statement', async () => {
    await using idle = await database.connect()
    await session.query('SELECT pg_terminate_backend($1, 5000)', [idle.processId])
    expect(await refusal(idle.query('SELECT 1'))).toMatch(/^(57P01|08006)$/)
    await using copying = await database.connect()
    await copying.script('CREATE TEMP TABLE numbers (x int)')
    const source = async function* () {
      yield '1\n'.repeat(100_000)
      await session.query('SELECT pg_terminate_backend($1, 5000)', [copying.processId])
      for (let i = 0; i < 100; i += 1) yield '1\n'.repeat(100_000)
    }
    expect(await refusal(copying.copyFrom('COPY numbers FROM STDIN', source()))).toMatch(/^(57P01|08006)$/)
  })
})
