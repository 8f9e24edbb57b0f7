import { expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE model (id text PRIMARY KEY, name text, price int)'

/** What `applies` tells of a migration. */
async function told(up: string, schema = legacy) {
  const { findings } = await verifyInline(schema, up, { runs: 30 })
  return findings.filter(({ invariant }) => invariant === 'applies').map(({ kind, severity, evidence }) => [kind, severity, evidence.label])
}

test.each([
  ['a CUID', legacy, "INSERT INTO model (id, name) VALUES ('clrntjt89000908jwhvkz5crm', 'gpt-4')"],
  [
    'one of many',
    legacy,
    `INSERT INTO model VALUES ${['a', 'b', 'c', 'd'].map((at) => `('clrnt${at}t89000908jwhvkz5crm', 'x', 1)`).join(', ')}`,
  ],
  [
    'a UUID',
    'CREATE TABLE plan (id uuid PRIMARY KEY, name text)',
    "INSERT INTO plan SELECT '3f2504e0-4f89-41d3-9a0c-0305e82c3301', 'free'",
  ],
  [
    'a snowflake number',
    'CREATE TABLE guild (id bigint PRIMARY KEY, name text)',
    "INSERT INTO guild (id, name) VALUES (175928847299117063, 'first')",
  ],
])('a key that was drawn at random is hardly taken: %s', async (_, schema, up) => {
  expect(await told(up, schema)).toEqual([['23505', 'warning', 'extreme']])
})

test.each([
  ['a name', legacy, "INSERT INTO model (id, name) VALUES ('gpt-4', 'GPT 4')"],
  ['a small number', 'CREATE TABLE role (id int PRIMARY KEY, name text)', "INSERT INTO role VALUES (1, 'admin')"],
  [
    'an identifier that it looks for too',
    legacy,
    "UPDATE model SET price = 2 WHERE id = 'clrntjt89000908jwhvkz5crm';\nINSERT INTO model (id) VALUES ('clrntjt89000908jwhvkz5crm')",
  ],
])('a key that somebody chose may be taken: %s', async (_, schema, up) => {
  expect(await told(up, schema)).toEqual([['23505', 'error', undefined]])
})

test('a key that an earlier statement gave is taken on every database', async () => {
  const up = "INSERT INTO model (id) VALUES ('clrntjt89000908jwhvkz5crm');\nINSERT INTO model (id) VALUES ('clrntjt89000908jwhvkz5crm')"
  expect((await told(up))[0]).toEqual(['23505', 'error', undefined])
})

test('where a row with the key is reckoned with, nothing is told', async () => {
  expect(await told("INSERT INTO model (id) VALUES ('clrntjt89000908jwhvkz5crm') ON CONFLICT (id) DO NOTHING")).toEqual([])
})

test('the message says that hardly any row has it, and the advice is about the row that is inserted', async () => {
  const { findings } = await verifyInline(legacy, "INSERT INTO model (id) VALUES ('clrntjt89000908jwhvkz5crm')", { runs: 30 })
  const [found] = findings.filter(({ invariant }) => invariant === 'applies')
  expect(found?.message).toMatch(/^The migration fails on values that hardly any row has: duplicate key value/)
  expect(found?.hint).toContain('ON CONFLICT')
})
