import { expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = `CREATE TABLE plan (id int PRIMARY KEY, name text NOT NULL, token uuid NOT NULL DEFAULT gen_random_uuid(),
  made timestamptz NOT NULL DEFAULT now());`
const inserts = `INSERT INTO plan (id, name) VALUES (-1000, 'free'), (-1001, 'team');`

async function told(up: string) {
  const { findings } = await verifyInline(legacy, up, { runs: 10 })
  return findings.flatMap(({ invariant, kind, severity, attribute }) =>
    invariant === 'determinism' ? [`${severity} ${kind} ${attribute}`] : [],
  )
}

test('the clock and chance in rows that a migration inserts are information', async () => {
  expect((await told(inserts)).toSorted()).toEqual(['info clock made', 'info random token'])
})

test('in rows that were there they are not, whether or not others are inserted', async () => {
  const up = 'UPDATE plan SET made = now(), token = gen_random_uuid() WHERE name IS NOT NULL;'
  const expected = ['warning clock made', 'warning random token']
  expect((await told(up)).toSorted()).toEqual(expected)
  expect((await told(`${inserts} ${up}`)).toSorted()).toEqual(expected)
})
