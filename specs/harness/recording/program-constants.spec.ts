import { expect, test } from 'vitest'
import { parseScript } from '../../../harness/migration/index.ts'
import { constantsOfProgram } from '../../../harness/recording/program-constants.ts'

const sends = parseScript('a.js', 'SELECT "status", "due" FROM "orders"; UPDATE "orders" SET "due" = 1', { mode: 'autocommit' })
const values = (text: string) => constantsOfProgram(text, [sends]).map(({ kind, value }) => `${kind} ${value}`)

test('a program may compare values with the texts and numbers in it', () => {
  expect(values(`if (order.status === 'paid' || order.status === "it's" || order.due > -12.5) done(\`late\`)`)).toEqual([
    'text paid',
    "text it's",
    'number -12.5',
    'text late',
  ])
})

test('not with names of what its statements work on, nor with what stands in comments, is SQL or a path', () => {
  expect(
    values(
      `// 'comment'\n# 'remark'\n/* 'block' */ await knex('orders').where('status', 'open'); require('./db/x'); raw('SELECT 1; SELECT 2')`,
    ),
  ).toEqual(['text open'])
})

test('each of them once, and not more than a data set can show', () => {
  const many = Array.from({ length: 100 }, (_, at) => `'v${at}', 'v${at}'`).join(', ')
  expect([values("x('a', 'a')"), values(many).length]).toEqual([['text a'], 48])
})
