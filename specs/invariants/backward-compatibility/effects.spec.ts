import { beforeAll, expect, test } from 'vitest'
import { type InlineCase, verifyCases, verifyInline } from '../../harness/verify/verify-inline.ts'

const counted = `CREATE TABLE t (id integer PRIMARY KEY, a integer); CREATE TABLE t_log (a integer, at timestamptz DEFAULT now());
  CREATE FUNCTION t_count() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t_log (a) VALUES (NEW.a); RETURN NULL; END';
  CREATE TRIGGER t_count AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION t_count()`
const rebuilt = `CREATE TABLE t_new (id integer PRIMARY KEY, a integer); INSERT INTO t_new SELECT id, a FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t`
const trigger = 'CREATE TRIGGER t_count AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION t_count()'

const cases: Readonly<Record<string, InlineCase>> = {
  'a trigger that is gone wrote to another table': {
    legacy: counted,
    up: rebuilt,
    found: ['warning rows: After an INSERT into t, t_log'],
  },
  'a trigger that was off writes to another table': {
    legacy: `${counted}; ALTER TABLE t DISABLE TRIGGER t_count`,
    up: 'ALTER TABLE t ENABLE TRIGGER USER; ALTER TABLE t ADD COLUMN b integer',
    found: ['warning rows: After an INSERT into t, t_log'],
  },
  'a trigger that is made again writes as it did': { legacy: counted, up: `${rebuilt}; ${trigger}`, found: [] },
  'a rule that takes the place of a DELETE': {
    legacy: 'CREATE TABLE t (id integer PRIMARY KEY, a integer)',
    up: 'CREATE RULE t_keep AS ON DELETE TO t DO INSTEAD UPDATE t SET a = -1 WHERE id = OLD.id',
    found: ['warning count: A DELETE from t deletes 0 rows instead of 1'],
  },
  'a trigger that writes the clock and a number': {
    legacy: `${counted}; ALTER TABLE t_log ADD COLUMN n serial`,
    up: `${rebuilt}; ${trigger}`,
    found: [],
  },
  'a trigger that keeps whole rows, which have a new column': {
    legacy: `CREATE TABLE t (id integer PRIMARY KEY, a integer); CREATE TABLE t_log (row jsonb, op text);
      CREATE FUNCTION t_keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO t_log VALUES (to_jsonb(NEW), TG_OP); RETURN NULL; END';
      CREATE TRIGGER t_keep AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION t_keep()`,
    up: 'ALTER TABLE t ADD COLUMN b integer',
    found: [],
  },
}

let found: ReadonlyMap<string, readonly string[]>
beforeAll(async () => {
  found = (await verifyCases('backward-compatibility', cases)).found
}, 240_000)

test.each(Object.keys(cases))('%s', (title) => {
  expect(found.get(title)?.map((each) => each.replace(/ has .*/, ''))).toEqual(cases[title]?.found)
})

test('a write that is compared by the rows of a table is about no column', async () => {
  const { findings } = await verifyInline(
    'CREATE TABLE flag (id int PRIMARY KEY, name text NOT NULL)',
    `INSERT INTO flag SELECT coalesce(max(id), 0) + 1, 'new' FROM flag`,
    { runs: 8, seed: 'flags' },
  )
  const after = findings.filter((each) => each.invariant === 'backward-compatibility' && each.message.startsWith('After a DELETE'))
  expect(after.map(({ relation, attribute }) => [relation, attribute])).toEqual([['public.flag', null]])
})
