import { describe, expect, test } from 'vitest'
import type { Sent } from '../../../harness/recording/model.ts'
import { readStatements, UnwritableError } from '../../../harness/recording/statements.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { block, bookkeeping, failure, read, sentText } from './sent.ts'

const roles = (...sent: readonly (Sent | string)[]) => read(...sent).map(({ role, text }) => [role, text])
const noted = (...sent: readonly (Sent | string)[]) => read(...sent).map((statement) => statement.noted)

describe('a statement is', () => {
  test.each([
    ['control', ['BEGIN', 'COMMIT', 'SAVEPOINT a', 'ROLLBACK TO SAVEPOINT a', 'START TRANSACTION']],
    [
      'bookkeeping',
      [
        'CREATE TABLE IF NOT EXISTS "steps" (id serial, name text)',
        'SELECT name FROM public.steps ORDER BY id',
        "INSERT INTO steps (name) VALUES ('1')",
        'LOCK TABLE steps IN EXCLUSIVE MODE',
        'UPDATE steps_lock SET is_locked = 1',
        'SELECT pg_advisory_lock(3853314791062309107)',
        'SELECT pg_try_advisory_xact_lock(1, 2)',
        'SELECT c.relname FROM pg_catalog.pg_class AS c, steps',
      ],
    ],
    [
      'reading',
      [
        'SHOW server_version',
        'SELECT version(), current_schema()',
        'SELECT * FROM information_schema.tables',
        'SELECT id FROM customers',
        'DECLARE c CURSOR FOR SELECT id FROM customers',
        'FETCH 10 FROM c',
        'CLOSE c',
      ],
    ],
    ['setting', ["SET search_path TO 'app'", "SELECT set_config('search_path', '', false)", 'RESET search_path', 'DISCARD ALL']],
    [
      'migration',
      [
        'CREATE TABLE customers (id int)',
        "SELECT setval('customers_id_seq', 10)",
        'SELECT id INTO copied FROM customers',
        'WITH gone AS (DELETE FROM customers RETURNING id) SELECT id FROM gone',
        'INSERT INTO customers SELECT id FROM steps',
        'DO $$ BEGIN NULL; END $$',
        'VACUUM customers',
        'COMMENT ON TABLE customers IS $$what$$',
      ],
    ],
  ] as const)('%s to its tool', (role, texts) => {
    expect(roles(...texts)).toEqual(texts.map((text) => [role, text]))
  })
})

describe('the list of steps', () => {
  test.each([
    ["INSERT INTO steps (id, name) VALUES (1, 'a')", { added: ['a'], removed: [] }],
    ["INSERT INTO public.steps (name) VALUES ('a'), ('b')", { added: ['a', 'b'], removed: [] }],
    ["DELETE FROM steps WHERE name = 'a'", { added: [], removed: ['a'] }],
    ["DELETE FROM steps WHERE name IN ('a', 'b')", { added: [], removed: ['a', 'b'] }],
    ["UPDATE steps SET name = 'b' WHERE name = 'a'", { added: ['b'], removed: ['a'] }],
    ["INSERT INTO steps_lock (name) VALUES ('a')", undefined],
    ['SELECT name FROM steps', undefined],
  ])('gets and loses names: %s', (text, expected) => {
    expect(noted(text)).toEqual([expected])
  })

  test('has names of several columns joined by a dot', () => {
    const statements = readStatements([sentText("INSERT INTO steps (name, app) VALUES ('0001', 'shop')")], {
      ...bookkeeping,
      columns: ['app', 'name'],
    })
    expect(statements[0]?.noted).toEqual({ added: ['shop.0001'], removed: [] })
  })
})

describe('parameters are written into the text', () => {
  const hostile = [null, '', "it's", '\\', "\\'; DROP TABLE a --", '$1 ? $$', 'line\nbreak', 'ü 🐦', '-1', '{"a": "b\'c"}']

  test('as the server read them: quotes, backslashes, NULL', async () => {
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    for (const value of hostile) {
      const [statement] = readStatements([sentText('SELECT $1::text AS value, $$ $1 $$ AS text', { parameters: [value] })], bookkeeping)
      expect(await session.query(statement?.text ?? '')).toEqual([{ value, text: ' $1 ' }])
    }
  })

  test('with the types that the program said, each place of a number, and more than nine', () => {
    const parameters = Array.from({ length: 11 }, (_, at) => String(at + 1))
    const text = 'INSERT INTO a VALUES ($11, $1, $1, $2)'
    const types = new Map([[23, 'integer']])
    const [statement] = readStatements([sentText(text, { parameters, parameterTypes: [23, 0] })], bookkeeping, types)
    expect(statement?.text).toBe("INSERT INTO a VALUES ('11', CAST('1' AS integer), CAST('1' AS integer), '2')")
  })

  test('but not one in the binary format', () => {
    expect(() => read(sentText('SELECT $1', { parameters: [undefined] }))).toThrow(UnwritableError)
  })
})

describe('a message', () => {
  test('of several statements is divided, and those behind the one that failed were never run', () => {
    const text = 'CREATE TABLE a (); SELECT 1/0; CREATE TABLE b ()'
    expect(read(sentText(text, { completed: 1, error: failure })).map((each) => [each.text, each.together, each.error?.sqlstate])).toEqual([
      ['CREATE TABLE a ()', true, undefined],
      ['SELECT 1/0', true, '22012'],
    ])
  })

  test('may begin and end blocks itself: each has a number of its own', () => {
    const statements = read(
      sentText('BEGIN; CREATE TABLE a (); COMMIT; CREATE TABLE b (); BEGIN; CREATE TABLE c (); COMMIT', { completed: 7 }),
    )
    const numbers = statements.flatMap(({ role, transaction }) => (role === 'migration' ? [transaction] : []))
    expect([numbers[1], new Set(numbers).size]).toEqual([undefined, 3])
  })

  test('that leaves a block open is in it with those that follow', () => {
    const statements = read(
      sentText('BEGIN; CREATE TABLE a ()', { completed: 2, transactionAfter: 4 }),
      sentText('CREATE TABLE b ()', { transaction: 4 }),
    )
    expect(statements.map(({ transaction }) => transaction)).toEqual([undefined, 4, 4])
  })

  test('that does not parse is taken for the migration; an empty one is none', () => {
    expect(roles('CREATE TABEL a', '  ', ';')).toEqual([['migration', 'CREATE TABEL a']])
  })

  test('of a transaction knows it', () => {
    expect(read(...block(3, ['CREATE TABLE a ()'])).map(({ transaction }) => transaction)).toEqual([undefined, 3, 3])
  })
})
