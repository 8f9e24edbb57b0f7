import { beforeAll, expect, test } from 'vitest'
import { type InlineCase, verifyCases } from '../../harness/verify/verify-inline.ts'

const table = 'CREATE TABLE t (id integer PRIMARY KEY, a integer)'
const total = (options: string) =>
  `CREATE OR REPLACE FUNCTION t_total(above integer) RETURNS bigint LANGUAGE sql ${options} SET search_path = public AS 'SELECT sum(a) FROM t WHERE a > above'`

const cases: Readonly<Record<string, InlineCase>> = {
  'a function that no longer runs with the rights of its owner': {
    legacy: `${table}; ${total('SECURITY DEFINER')}`,
    up: total(''),
    found: ['error lost: Calls of t_total(integer) fail for every role (PUBLIC): permission denied for table t (42501)'],
  },
  'a function that keeps them': { legacy: `${table}; ${total('SECURITY DEFINER')}`, up: total('SECURITY DEFINER STABLE'), found: [] },
  'a function that nobody but its owner ran': { legacy: `${table}; ${total('')}`, up: total('STABLE'), found: [] },
}

let found: ReadonlyMap<string, readonly string[]>
beforeAll(async () => {
  found = (await verifyCases('access-parity', cases)).found
}, 240_000)

test.each(Object.keys(cases))('%s', (title) => {
  expect(found.get(title)).toEqual(cases[title]?.found)
})
