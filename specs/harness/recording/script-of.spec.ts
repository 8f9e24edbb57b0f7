import { describe, expect, test } from 'vitest'
import type { Sent } from '../../../harness/recording/model.ts'
import { scriptOf, seenOf } from '../../../harness/recording/script-of.ts'
import { block, read, sentText } from './sent.ts'

const program = {
  file: 'migrations/1_shop.js',
  text: `exports.up = async (db) => {
  await db.createTable('customers')
  await db.query('INSERT INTO customers VALUES (1)')
}

exports.down = async (db) => {
  await db.dropTable('customers')
}
`,
}

function script(sent: readonly (Sent | string)[], before: readonly (Sent | string)[] = []) {
  const settings = read(...before)
  const recorded = scriptOf(program, 'up', read(...sent), settings.length === 0 ? new Map() : new Map([[0, settings]]))
  return (
    recorded && {
      mode: recorded.script.mode,
      transaction: recorded.transaction,
      texts: recorded.script.statements.map(({ text }) => text),
    }
  )
}

describe('what a step sent becomes a script', () => {
  test('in one transaction, where all of it was sent in one', () => {
    expect(script(block(5, ['CREATE TABLE customers ()', "INSERT INTO steps (name) VALUES ('1')", 'CREATE TABLE b ()']))).toEqual({
      mode: 'transaction',
      transaction: 5,
      texts: ['CREATE TABLE customers ()', 'CREATE TABLE b ()'],
    })
  })

  test('without a transaction, where each statement was sent by itself', () => {
    expect(script(['CREATE TABLE a (id int)', 'CREATE INDEX CONCURRENTLY i ON a (id)'])).toEqual({
      mode: 'autocommit',
      transaction: undefined,
      texts: ['CREATE TABLE a (id int)', 'CREATE INDEX CONCURRENTLY i ON a (id)'],
    })
  })

  test('with blocks where only some of it was sent in one, and each as it was begun', () => {
    const serializable = block(1, ['CREATE TABLE c ()']).map((each) =>
      each.text === 'BEGIN' ? { ...each, text: 'BEGIN ISOLATION LEVEL SERIALIZABLE' } : each,
    )
    expect(script([...block(0, ['CREATE TABLE a ()']), 'CREATE TABLE b ()', ...serializable])?.texts).toEqual([
      'BEGIN',
      'CREATE TABLE a ()',
      'COMMIT',
      'CREATE TABLE b ()',
      'BEGIN ISOLATION LEVEL SERIALIZABLE',
      'CREATE TABLE c ()',
      'COMMIT',
    ])
  })

  test('with a block for several statements in one message, which PostgreSQL makes a transaction', () => {
    expect(script([sentText('CREATE TABLE a (); CREATE TABLE b ()', { completed: 2 }), 'CREATE TABLE c ()'])?.texts).toEqual([
      'BEGIN',
      'CREATE TABLE a ()',
      'CREATE TABLE b ()',
      'COMMIT',
      'CREATE TABLE c ()',
    ])
  })

  test('as two transactions, where they were two', () => {
    const texts = script([...block(0, ['CREATE TABLE a ()']), ...block(1, ['CREATE TABLE b ()'])])?.texts
    expect(texts?.filter((text) => text === 'BEGIN')).toHaveLength(2)
  })

  test('with what changes the meaning of its statements: settings of its own, and those that its session had before', () => {
    const before = ["SET search_path TO 'app'", "SET client_min_messages TO 'warning'", "SELECT set_config('application_name', 'x', false)"]
    const sent = ["SET LOCAL lock_timeout TO '3s'", "SET statement_timeout TO '3s'", 'CREATE TABLE customers ()']
    expect(script(block(0, sent), before)?.texts).toEqual([
      "SET search_path TO 'app'",
      "SET LOCAL lock_timeout TO '3s'",
      'CREATE TABLE customers ()',
    ])
  })

  test('without those of a session that did none of the work', () => {
    expect(script([sentText("SET search_path TO 'app'", { connection: 1 }), 'CREATE TABLE a ()'])?.texts).toEqual(['CREATE TABLE a ()'])
  })

  test('with the rows of a COPY', () => {
    expect(script([sentText('COPY customers FROM STDIN', { copyData: '1\n2' })])?.texts).toEqual(['COPY customers FROM STDIN'])
    const copied = scriptOf(program, 'up', read(sentText('COPY customers FROM STDIN', { copyData: '1\n2' })), new Map())
    expect(copied?.script.statements[0]?.copyData).toBe('1\n2\n')
  })

  test('that is empty where it did nothing', () => {
    expect(script(block(0, ["INSERT INTO steps (name) VALUES ('1')"]))).toEqual({ mode: 'transaction', transaction: undefined, texts: [] })
  })

  test('not where two connections take turns, one of them in a transaction: no script does the same', () => {
    const at = (connection: number, text: string, transaction?: number) => sentText(text, { connection, transaction })
    const turns = [at(0, 'CREATE TABLE a ()', 0), at(1, 'CREATE TABLE b ()'), at(0, 'CREATE TABLE c ()', 0)]
    expect(script([sentText('BEGIN', { transactionAfter: 0 }), ...turns, sentText('COMMIT', { transaction: 0 })])).toBeUndefined()
  })

  test('but where one connection follows the other', () => {
    const sent = [sentText('CREATE TABLE a ()'), sentText('CREATE TABLE b ()', { connection: 1 })]
    expect(script(sent)?.texts).toEqual(['CREATE TABLE a ()', 'CREATE TABLE b ()'])
  })
})

test('each statement stands at the line of the program that it seems to come from', () => {
  const recorded = scriptOf(
    program,
    'up',
    read(...block(0, ['CREATE TABLE customers (id int)', 'INSERT INTO customers VALUES (1)'])),
    new Map(),
  )
  expect(recorded?.script.statements.map(({ file, line }) => [file, line])).toEqual([
    [program.file, 2],
    [program.file, 3],
  ])
})

test('what a step that its tool runs was seen to do has what it reads too', () => {
  const seen = seenOf(
    program,
    'up',
    read('SELECT id FROM customers', 'SHOW server_version', 'UPDATE customers SET id = 2', "INSERT INTO steps (name) VALUES ('1')"),
  )
  expect(seen.statements.map(({ text }) => text)).toEqual([
    'SELECT id FROM customers',
    'SHOW server_version',
    'UPDATE customers SET id = 2',
  ])
})
