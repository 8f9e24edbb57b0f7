import { beforeAll, expect, test } from 'vitest'
import type { FindingResult } from '../../../harness/result/index.ts'
import { type InlineCase, told, verifyCases } from '../../harness/verify/verify-inline.ts'

const table = `CREATE TABLE t (id integer PRIMARY KEY, a integer NOT NULL, b text, n integer CONSTRAINT t_n_check CHECK (n > 0))`
const swapped = (made: string, more = '') =>
  `CREATE TABLE t_new ${made}; INSERT INTO t_new (id, a, b, n) SELECT id, a, b, n FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t; ${more}`
const whole = '(id integer PRIMARY KEY, a integer NOT NULL, b text, n integer'

const cases: Readonly<Record<string, InlineCase>> = {
  'a key that is gone: a duplicate is accepted': {
    legacy: table,
    up: swapped('(id integer NOT NULL, a integer NOT NULL, b text, n integer CHECK (n > 0))'),
    found: ['error key: observed'],
  },
  'NOT NULL that is gone: a NULL is accepted': {
    legacy: table,
    up: swapped('(id integer PRIMARY KEY, a integer, b text, n integer CHECK (n > 0))'),
    found: ['warning not-null: observed'],
  },
  'a check that is gone': { legacy: table, up: swapped(`${whole})`), found: ['error check: observed'] },
  'a check in other words, which refuses the same': { legacy: table, up: swapped(`${whole} CHECK (0 < n))`), found: [] },
  'a check by a trigger, which refuses the same': {
    legacy: table,
    up: swapped(
      `${whole})`,
      `CREATE FUNCTION t_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.n <= 0 THEN RAISE check_violation; END IF; RETURN NEW; END';
       CREATE TRIGGER t_refuse BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION t_refuse()`,
    ),
    found: [],
  },
  'a check in other words, which refuses less': {
    legacy: table,
    up: swapped(`${whole} CONSTRAINT t_n_known CHECK (n <> 0))`),
    found: ['error check: observed'],
  },
  'a view of the old name that lets pass what the check refused': {
    legacy: table,
    up: `ALTER TABLE t RENAME TO t_kept; CREATE VIEW t AS SELECT * FROM t_kept;
      CREATE FUNCTION t_put() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t_kept VALUES (NEW.id, NEW.a, NEW.b, 1); RETURN NEW; END';
      CREATE TRIGGER t_put INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION t_put()`,
    found: ['error check: observed'],
  },
  'a check that a statement drops': { legacy: table, up: 'ALTER TABLE t DROP CONSTRAINT t_n_check', found: [] },
}

let result: ReadonlyMap<string, readonly string[]>
let findings: readonly FindingResult[]
let titles: readonly string[]
beforeAll(async () => {
  const verified = await verifyCases('definitions-kept', cases)
  result = verified.found
  findings = verified.result.findings
  titles = verified.result.disagreements
}, 240_000)

test.each(Object.keys(cases))('%s', (title) => {
  const known = new Map(findings.map((each) => [told(each).replaceAll(/\bt\d+/g, 't'), each.known]))
  const found = result.get(title)?.map((each) => each.replace(/:.*/, `: ${[...known].find(([text]) => text === each)?.[1] ?? 'static'}`))
  expect(found).toEqual(cases[title]?.found)
})

test('nothing is seen on one rung alone', () => expect(titles).toEqual([]))
