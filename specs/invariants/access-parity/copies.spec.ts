import { beforeAll, expect, test } from 'vitest'
import { type InlineCase, verifyCases } from '../../harness/verify/verify-inline.ts'

const mine = `author = current_setting('spec.author', true)`
const open = 'CREATE TABLE t (id integer PRIMARY KEY, author text NOT NULL, body text NOT NULL, place text)'
const secured = `${open}; ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (${mine}); GRANT SELECT ON t TO spec_member`
const copied =
  'CREATE TABLE t_texts (t_id integer PRIMARY KEY REFERENCES t (id), body text NOT NULL, place text); INSERT INTO t_texts SELECT id, body, place FROM t'
const past = 'Row security of t does not protect t_texts'

const cases: Readonly<Record<string, InlineCase>> = {
  'a copy beside a table under row security': {
    legacy: secured,
    up: `${copied}; GRANT SELECT ON t_texts TO spec_member`,
    found: [`error gained: Role spec_member can read in t_texts what it could not read in t: body, place. ${past}`],
  },
  'columns that move to a table without row security': {
    legacy: secured,
    up: `${copied}; ALTER TABLE t DROP COLUMN body, DROP COLUMN place; GRANT SELECT ON t_texts TO spec_member`,
    found: [`error gained: Role spec_member can read in t_texts what it could not read in t: body, place. ${past}`],
  },
  'a copy by CREATE TABLE AS that everybody may read': {
    legacy: secured,
    up: 'CREATE TABLE t_texts AS SELECT body, id FROM t; GRANT SELECT ON t_texts TO PUBLIC',
    found: [`error gained: Every role (PUBLIC) can read in t_texts what it could not read in t: body. ${past}`],
  },
  'a copy in a document': {
    legacy: secured,
    up: `CREATE TABLE t_texts AS SELECT id, jsonb_build_object('body', body, 'place', place) AS doc FROM t; GRANT SELECT ON t_texts TO spec_member`,
    found: [`error gained: Role spec_member can read in t_texts what it could not read in t: body, place. ${past}`],
  },
  'a copy with the same row security': {
    legacy: secured,
    up: `CREATE TABLE t_texts AS SELECT id, author, body FROM t; ALTER TABLE t_texts ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t_texts USING (${mine}); GRANT SELECT ON t_texts TO spec_member`,
    found: [],
  },
  'a copy that nobody may read': { legacy: secured, up: copied, found: [] },
  'a copy of a table that the role reads': {
    legacy: `${open}; GRANT SELECT ON t TO spec_member`,
    up: `${copied}; GRANT SELECT ON t_texts TO spec_member`,
    found: [],
  },
  'a copy of a column that the role did not read': {
    legacy: `${open}; GRANT SELECT (id, body) ON t TO spec_member`,
    up: `${copied}; GRANT SELECT ON t_texts TO spec_member`,
    found: ['warning gained: Role spec_member can read in t_texts what it could not read in t: place. The migration grants it'],
  },
}

let found: ReadonlyMap<string, readonly string[]>
beforeAll(async () => {
  found = (await verifyCases('access-parity', cases, `CREATE ROLE spec_member NOLOGIN`)).found
}, 240_000)

test.each(Object.keys(cases))('%s', (title) => {
  const told = found.get(title)?.map((each) => each.replace(/ \(for example .*?\)(?=\. )/, ''))
  expect(told).toEqual(cases[title]?.found)
})
