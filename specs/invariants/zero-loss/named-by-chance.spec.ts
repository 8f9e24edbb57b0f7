import { expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

// trigger.dev: a table is dropped, and another one that refers to the same parents is altered.
const legacy = `CREATE TABLE org (id text PRIMARY KEY, name text NOT NULL); CREATE TABLE secret (id text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE client (id text PRIMARY KEY, title text NOT NULL, org text NOT NULL REFERENCES org, secret text NOT NULL REFERENCES secret);
  CREATE TABLE source (id text PRIMARY KEY, note text NOT NULL, org text NOT NULL REFERENCES org, secret text NOT NULL REFERENCES secret, extra text);`

async function told(up: string) {
  const { findings } = await verifyInline(legacy, up, { runs: 20 })
  const about = findings.filter(
    ({ invariant, severity, relation }) => invariant === 'zero-loss' && severity !== 'info' && relation === 'public.client',
  )
  return about.map(({ kind, attribute, message }) => [kind, attribute, /overwritten|value where/.test(message)])
}

test('rows of a dropped table are lost, whatever other rows name the same parents', async () => {
  const found = await told('ALTER TABLE source DROP COLUMN extra, ADD COLUMN size int; DROP TABLE client;')
  expect(found).toContainEqual(['row-lost', null, false])
  expect(found.filter(([kind, , altered]) => kind === 'cell-altered' || altered)).toEqual([])
})

test('rows that a table gets for them name the same, and keep what they name', async () => {
  const up = `INSERT INTO source (id, note, org, secret) SELECT id, 'moved', org, secret FROM client; DROP TABLE client;`
  expect((await told(up)).map(([kind, attribute]) => [kind, attribute])).toEqual([['cell-lost', 'title']])
})
