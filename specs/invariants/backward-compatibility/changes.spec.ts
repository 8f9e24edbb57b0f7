import { beforeAll, describe, expect, test } from 'vitest'
import { type InlineCase, verifyCases } from '../../harness/verify/verify-inline.ts'

const table = `CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL DEFAULT 'x', b integer, c varchar(20), d varchar(40))`

const told: Readonly<Record<string, InlineCase>> = {
  'a column dropped': {
    legacy: table,
    up: 'ALTER TABLE t DROP COLUMN b',
    found: ['warning fails: Queries that name t.b fail: the column is gone'],
  },
  'a column renamed': {
    legacy: table,
    up: 'ALTER TABLE t RENAME COLUMN b TO e',
    found: ['warning fails: Queries that name t.b fail: the column is named e now'],
  },
  'a table renamed': {
    legacy: table,
    up: 'ALTER TABLE t RENAME TO t_other',
    found: ['warning fails: Queries that name the table t fail: it is named t_other now'],
  },
  'a table renamed, with a column, behind a view of the old shape': {
    legacy: table,
    up: `ALTER TABLE t RENAME TO t_other; ALTER TABLE t_other RENAME COLUMN b TO e; CREATE VIEW t WITH (security_invoker) AS SELECT id, a, e AS b, c, d FROM t_other; ALTER VIEW t ALTER COLUMN a SET DEFAULT 'x'`,
    found: ['info renamed: The table t is named t_other now; queries that name t get a view'],
  },
  'a table dropped': { legacy: table, up: 'DROP TABLE t', found: ['warning fails: Queries that name the table t fail: it is gone'] },
  'a view dropped': {
    legacy: `${table}; CREATE VIEW v_t AS SELECT id FROM t`,
    up: 'DROP VIEW v_t',
    found: ['warning fails: Queries that name the view v_t fail: it is gone'],
  },
  'a type narrowed': {
    legacy: table,
    up: 'ALTER TABLE t ALTER COLUMN d TYPE varchar(10) USING left(d, 10)',
    found: [
      'info rows: A SELECT from t returns one in d instead of another',
      'warning fails: Values that fit character varying(40) and not character varying(10) can no longer be written to t.d',
    ],
  },
  'a type that drivers give otherwise': {
    legacy: table,
    up: 'ALTER TABLE t ALTER COLUMN b TYPE bigint',
    found: ['warning type: Queries get t.b as bigint instead of integer'],
  },
  'a column that becomes NOT NULL': {
    legacy: table,
    up: 'UPDATE t SET b = 0 WHERE b IS NULL; ALTER TABLE t ALTER COLUMN b SET NOT NULL',
    found: ['warning fails: Writes that leave t.b NULL fail: the column is NOT NULL now'],
  },
  'a new column that is required': {
    legacy: table,
    up: `ALTER TABLE t ADD COLUMN e integer NOT NULL DEFAULT 1; ALTER TABLE t ALTER COLUMN e DROP DEFAULT`,
    found: ['warning fails: INSERTs that omit t.e fail: the column is NOT NULL without a default'],
  },
  'a default lost': {
    legacy: table,
    up: 'ALTER TABLE t ALTER COLUMN a DROP DEFAULT',
    found: ["error fails: INSERTs that omit t.a fail: its default 'x'::text was dropped"],
  },
  'a default changed': {
    legacy: table,
    up: `ALTER TABLE t ALTER COLUMN a SET DEFAULT 'y'`,
    found: ["warning rows: INSERTs that omit t.a store 'y'::text instead of 'x'::text"],
  },
  'the same default in another enum of these labels': {
    legacy: `CREATE TYPE "Old" AS ENUM ('one', 'two'); CREATE TABLE t (id integer PRIMARY KEY, k "Old" NOT NULL DEFAULT 'one')`,
    up: `CREATE TYPE "New" AS ENUM ('one', 'two'); ALTER TABLE t ALTER k DROP DEFAULT, ALTER k TYPE "New" USING k::text::"New", ALTER k SET DEFAULT 'one'`,
    found: [],
  },
  'an enum value removed': {
    legacy: `CREATE TYPE kind_t AS ENUM ('one', 'two', 'three'); CREATE TABLE t (id integer PRIMARY KEY, k kind_t NOT NULL)`,
    up: `CREATE TYPE kind_t_new AS ENUM ('one', 'two'); ALTER TABLE t ALTER COLUMN k TYPE kind_t_new USING (CASE k WHEN 'three' THEN 'two' ELSE k::text END)::kind_t_new; DROP TYPE kind_t; ALTER TYPE kind_t_new RENAME TO kind_t`,
    found: ["warning fails: Queries that use 'three' for t.k fail: kind_t has no such label now"],
  },
  'an enum value renamed': {
    legacy: `CREATE TYPE kind_t AS ENUM ('one', 'two'); CREATE TABLE t (id integer PRIMARY KEY, k kind_t NOT NULL)`,
    up: `ALTER TYPE kind_t RENAME VALUE 'two' TO 'zwei'`,
    found: ["warning fails: Queries that use 'two' for t.k fail: kind_t has no such label now"],
  },
  'a function with another signature': {
    legacy: `${table}; CREATE FUNCTION f_t(x integer) RETURNS integer LANGUAGE sql RETURN x`,
    up: 'DROP FUNCTION f_t(integer); CREATE FUNCTION f_t(x integer, y integer) RETURNS integer LANGUAGE sql RETURN x + y',
    found: ['warning fails: Queries that call f_t(integer) fail: the function is gone; there is public.f_t(integer, integer) now'],
  },
  'a function with another result': {
    legacy: `${table}; CREATE FUNCTION f_t(x integer) RETURNS integer LANGUAGE sql RETURN x`,
    up: 'DROP FUNCTION f_t(integer); CREATE FUNCTION f_t(x integer) RETURNS text LANGUAGE sql RETURN x::text',
    found: ['warning type: f_t(integer) returns text instead of integer'],
  },
  'a check': {
    legacy: table,
    up: 'ALTER TABLE t ADD CONSTRAINT t_b_small CHECK (b < 1000) NOT VALID',
    found: ['warning fails: Writes to t.b fail where the new check "t_b_small" does not allow them'],
  },
  'a unique key': {
    legacy: table,
    up: 'CREATE UNIQUE INDEX t_b_key ON t (b)',
    found: ['warning fails: Writes of equal b to t fail: the index "t_b_key" is unique now'],
  },
  'a foreign key': {
    legacy: `${table}; CREATE TABLE t_parent (id integer PRIMARY KEY)`,
    up: 'ALTER TABLE t ADD CONSTRAINT t_b_fkey FOREIGN KEY (b) REFERENCES t_parent (id) NOT VALID',
    found: ['warning fails: Writes to t.b fail where the new foreign key "t_b_fkey" does not allow them'],
  },
  'a column that becomes generated': {
    legacy: table,
    up: 'ALTER TABLE t DROP COLUMN b; ALTER TABLE t ADD COLUMN b integer GENERATED ALWAYS AS (id * 2) STORED',
    found: [
      'info rows: A SELECT from t returns one in b instead of another',
      'warning fails: Writes that give t.b a value fail: the column is generated now',
    ],
  },
  'a trigger that changes what clients wrote': {
    legacy: table,
    up: `CREATE FUNCTION low_t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := lower(NEW.a) || '!'; RETURN NEW; END $$;
      CREATE TRIGGER low BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION low_t()`,
    found: ['warning rows: An UPDATE of t returns one in a instead of another'],
  },
  'a trigger that swallows rows': {
    legacy: table,
    up: `CREATE FUNCTION none_t() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER swallow BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION none_t()`,
    found: ['warning count: A DELETE from t deletes 0 rows instead of 1'],
  },
  'a delete that takes more along': {
    legacy: `${table}; CREATE TABLE child_t (id integer PRIMARY KEY, parent integer NOT NULL CONSTRAINT child_t_fkey REFERENCES t (id))`,
    up: 'ALTER TABLE child_t DROP CONSTRAINT child_t_fkey; ALTER TABLE child_t ADD CONSTRAINT child_t_fkey FOREIGN KEY (parent) REFERENCES t (id) ON DELETE CASCADE',
    found: ['warning rows: A DELETE from t deletes the rows that refer to it where child_t refers to the row; before, it is refused'],
  },
  'a column that may be NULL now': {
    legacy: table,
    up: 'ALTER TABLE t ALTER COLUMN a DROP NOT NULL',
    found: ['info rows: Queries may read NULL from t.a, which was NOT NULL'],
  },
}

const silent: Readonly<Record<string, string>> = {
  'a nullable column': 'ALTER TABLE t ADD COLUMN e text',
  'a column with a default': 'ALTER TABLE t ADD COLUMN e integer NOT NULL DEFAULT 7',
  'a generated column': 'ALTER TABLE t ADD COLUMN e integer GENERATED ALWAYS AS (id + 1) STORED',
  'an identity column': 'ALTER TABLE t ADD COLUMN e integer GENERATED ALWAYS AS IDENTITY',
  'a table that refers to it': 'CREATE TABLE child_t (id integer PRIMARY KEY, parent integer REFERENCES t (id) ON DELETE CASCADE)',
  'an index': 'CREATE INDEX ON t (lower(a)); CREATE INDEX ON t (b) WHERE b > 3',
  'a unique index that the key implies': 'CREATE UNIQUE INDEX ON t (id, a)',
  'a check that every row passes, NOT VALID and then validated':
    'ALTER TABLE t ADD CONSTRAINT t_a_given CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT t_a_given',
  'a rule on new columns': `ALTER TABLE t ADD COLUMN e integer; ALTER TABLE t ADD CONSTRAINT t_e_check CHECK (e > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT t_e_check; CREATE UNIQUE INDEX ON t (e)`,
  'a type widened': 'ALTER TABLE t ALTER COLUMN c TYPE varchar(40), ALTER COLUMN d TYPE text',
  'a comment': `COMMENT ON TABLE t IS 'so'; COMMENT ON COLUMN t.a IS 'and so'`,
  'statistics, storage and a fill factor':
    'ALTER TABLE t ALTER COLUMN a SET STATISTICS 500, ALTER COLUMN a SET STORAGE EXTERNAL; ALTER TABLE t SET (fillfactor = 70)',
  'names of constraints and indexes': 'ALTER TABLE t RENAME CONSTRAINT t_pkey TO t_key',
  'a function more of the same name': 'CREATE FUNCTION f_t(x text) RETURNS text LANGUAGE sql RETURN x',
}

const checked = `CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL DEFAULT 'x' CONSTRAINT t_a_check CHECK (a ~ '^[a-z]+$'), b integer CHECK (b IS NOT NULL AND b > 0))`
const more: Readonly<Record<string, InlineCase>> = {
  'a NOT NULL that a check implied': { legacy: checked, up: 'ALTER TABLE t ALTER COLUMN b SET NOT NULL', found: [] },
  'a check and a default that read otherwise for another type': {
    legacy: checked,
    up: 'ALTER TABLE t ALTER COLUMN a TYPE varchar',
    found: [],
  },
  'a label more in an enum': {
    legacy: `CREATE TYPE kind_t AS ENUM ('one', 'two'); CREATE TABLE t (id integer PRIMARY KEY, k kind_t NOT NULL)`,
    up: `ALTER TYPE kind_t ADD VALUE 'three'`,
    found: [],
  },
}

const quiet = Object.fromEntries(Object.entries(silent).map(([title, up]) => [title, { legacy: table, up, found: [] }]))

describe.each([
  ['CV-8: clients are told of', told],
  ['CV-8: clients notice nothing of', { ...quiet, ...more }],
])('%s', (_, cases) => {
  let found: ReadonlyMap<string, readonly string[]>
  let disagreements: readonly string[]
  beforeAll(async () => {
    const verified = await verifyCases('backward-compatibility', cases)
    found = verified.found
    disagreements = verified.result.disagreements
  })
  test.each(Object.entries(cases))('%s', (title, { found: expected }) => {
    expect(found.get(title)?.map(withoutValues)).toEqual(expected)
  })
  test('nothing is seen on one rung alone', () => expect(disagreements).toEqual([]))
})

/** Which values stand for the others is the seed's. */
function withoutValues(text: string): string {
  return text.replace(/'[^']*'( in \w+)? instead of '[^']*'/, 'one$1 instead of another')
}
