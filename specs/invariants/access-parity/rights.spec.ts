import { beforeAll, describe, expect, test } from 'vitest'
import { type InlineCase, verifyCases } from '../../harness/verify/verify-inline.ts'

const table = 'CREATE TABLE t (id integer PRIMARY KEY, a text, b text)'
const rebuilt = `CREATE TABLE t_new (id integer PRIMARY KEY, a text, b text); INSERT INTO t_new SELECT id, a, b FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t`

const cases: Readonly<Record<string, InlineCase>> = {
  'a grant that the migration writes down is information': {
    legacy: table,
    up: 'GRANT SELECT ON t TO spec_reader',
    found: ['info gained: Role spec_reader gains SELECT on t: the migration grants it'],
  },
  'a grant on one column is told of the column': {
    legacy: table,
    up: 'GRANT SELECT (a) ON t TO spec_reader',
    found: ['info gained: Role spec_reader gains SELECT on t.a: the migration grants it'],
  },
  'a revoke that the migration writes down is information': {
    legacy: `${table}; GRANT SELECT, INSERT ON t TO spec_reader`,
    up: 'REVOKE INSERT ON t FROM spec_reader',
    found: ['info lost: Role spec_reader loses INSERT on t: the migration revokes it'],
  },
  'a table made anew loses its grants': {
    legacy: `${table}; GRANT SELECT, INSERT ON t TO spec_reader; GRANT SELECT ON t TO spec_writer`,
    up: rebuilt,
    found: [
      'error lost: Role spec_reader loses SELECT, INSERT and role spec_writer loses SELECT on t: no statement of the migration revokes it',
    ],
  },
  'a table made anew loses the grant of a column': {
    legacy: `${table}; GRANT SELECT (id, a, b) ON t TO spec_reader`,
    up: `${rebuilt}; GRANT SELECT (id, a) ON t TO spec_reader`,
    found: ['error lost: Role spec_reader loses SELECT on t.b: no statement of the migration revokes it'],
  },
  'a table made anew with its grants loses nothing': {
    legacy: `${table}; GRANT SELECT, INSERT, UPDATE (a) ON t TO spec_reader`,
    up: `${rebuilt}; GRANT SELECT, INSERT, UPDATE (a) ON t TO spec_reader`,
    found: [],
  },
  'a renamed table keeps its grants': {
    legacy: `${table}; GRANT SELECT ON t TO spec_reader`,
    up: 'ALTER TABLE t RENAME TO t_other',
    found: [],
  },
  'a renamed column keeps its grants': {
    legacy: `${table}; GRANT SELECT (id, a) ON t TO spec_reader`,
    up: 'ALTER TABLE t RENAME COLUMN a TO c',
    found: [],
  },
  'a view in the place of the table has no grants': {
    legacy: `${table}; GRANT SELECT ON t TO spec_reader`,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t WITH (security_invoker) AS SELECT id, a, b FROM t_base',
    found: ['error lost: Role spec_reader loses SELECT on t: no statement of the migration revokes it'],
  },
  'a view in the place of the table with the grants loses nothing': {
    legacy: `${table}; GRANT SELECT ON t TO spec_reader`,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t WITH (security_invoker) AS SELECT id, a, b FROM t_base; GRANT SELECT ON t TO spec_reader',
    found: [],
  },
  'a view that asks for every column of its table takes the grant of one of them': {
    legacy: `${table}; GRANT SELECT (id, a) ON t TO spec_reader`,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t WITH (security_invoker) AS SELECT id, a, b FROM t_base; GRANT SELECT (id, a) ON t TO spec_reader',
    found: ['error lost: Role spec_reader loses SELECT (id, a) on t: no statement of the migration revokes it'],
  },
  'a view with the rights of its owner keeps the grant of a column': {
    legacy: `${table}; GRANT SELECT (id, a) ON t TO spec_reader`,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t AS SELECT id, a, b FROM t_base; GRANT SELECT (id, a) ON t TO spec_reader',
    found: [],
  },
  'a view that asks for the columns that are granted keeps their grant': {
    legacy: `${table}; GRANT SELECT (id, a) ON t TO spec_reader`,
    up: 'ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME TO t_base; CREATE VIEW t WITH (security_invoker) AS SELECT id, a FROM t_base; GRANT SELECT (id, a) ON t TO spec_reader',
    found: [],
  },
  'a grant by SQL that is put together is a warning': {
    legacy: table,
    up: `DO $$ BEGIN EXECUTE 'GRANT SELECT ON t TO spec_other'; END $$`,
    found: ['warning gained: Role spec_other gains SELECT on t: no plain statement of the migration does this, but a DO block may'],
  },
  'a sequence made anew loses its grant': {
    legacy:
      'CREATE TABLE t (id serial PRIMARY KEY, a text); GRANT SELECT, INSERT ON t TO spec_reader; GRANT USAGE ON SEQUENCE t_id_seq TO spec_reader',
    up: 'CREATE TABLE t_new (id serial PRIMARY KEY, a text); INSERT INTO t_new SELECT id, a FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t; GRANT SELECT, INSERT ON t TO spec_reader',
    found: ['error lost: Role spec_reader loses USAGE on t_id_seq: no statement of the migration revokes it'],
  },
  'a function made anew is everybody’s to call': {
    legacy: `${table}; CREATE FUNCTION f_t(x integer) RETURNS text LANGUAGE sql RETURN 'a'; REVOKE EXECUTE ON FUNCTION f_t FROM PUBLIC; GRANT EXECUTE ON FUNCTION f_t TO spec_reader`,
    up: `DROP FUNCTION f_t(integer); CREATE FUNCTION f_t(x integer) RETURNS text LANGUAGE sql RETURN 'b'`,
    found: ['error gained: Every role (PUBLIC) gains EXECUTE on f_t(integer): no statement of the migration grants it'],
  },
  'a function that is replaced keeps its rights': {
    legacy: `${table}; CREATE FUNCTION f_t(x integer) RETURNS text LANGUAGE sql RETURN 'a'; REVOKE EXECUTE ON FUNCTION f_t FROM PUBLIC`,
    up: `CREATE OR REPLACE FUNCTION f_t(x integer) RETURNS text LANGUAGE sql RETURN 'b'`,
    found: [],
  },
  'a SECURITY DEFINER function without a search path of its own is told': {
    legacy: table,
    up: `CREATE FUNCTION f_t() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM t'`,
    found: [
      'warning search-path: f_t() runs with the rights of its owner (SECURITY DEFINER) and does not set search_path: a caller decides which tables and functions its names mean',
    ],
  },
  'a SECURITY DEFINER function with one is not': {
    legacy: table,
    up: `CREATE FUNCTION f_t() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT count(*) FROM public.t'`,
    found: [],
  },
  'a function that becomes SECURITY DEFINER is told': {
    legacy: `${table}; CREATE FUNCTION f_t() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM t'`,
    up: 'ALTER FUNCTION f_t() SECURITY DEFINER',
    found: [
      'warning search-path: f_t() runs with the rights of its owner (SECURITY DEFINER) and does not set search_path: a caller decides which tables and functions its names mean',
    ],
  },
  'new columns, new tables and indexes change nothing': {
    legacy: `${table}; GRANT SELECT, INSERT ON t TO spec_reader`,
    up: 'ALTER TABLE t ADD COLUMN c text; CREATE TABLE t_more (id integer); CREATE INDEX ON t (a)',
    found: [],
  },
}

describe('rights', () => {
  let found: ReadonlyMap<string, readonly string[]>
  beforeAll(async () => {
    found = (await verifyCases('access-parity', cases)).found
  })
  test.each(Object.entries(cases))('%s', (title, { found: expected }) => {
    expect(found.get(title)).toEqual(expected)
  })
})
