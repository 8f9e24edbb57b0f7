import { useCluster } from 'godwit/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { judgePair, toldOf } from './judge-pair.ts'

interface Case {
  readonly legacy: string
  readonly up: string
  readonly found: readonly string[]
}

const before = `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE parent (id integer PRIMARY KEY)`
const columns = '(id integer NOT NULL, a integer, b text)'

/** A table with something that a swap can forget. */
const table = (parts: string, more = '') => `CREATE TABLE t (id integer NOT NULL, a integer, b text${parts}); ${more}`
const swapped = (more = '', made = columns) =>
  `CREATE TABLE t_new ${made}; INSERT INTO t_new (id, a, b) SELECT id, a, b FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t; ${more}`

const forgotten: Readonly<Record<string, Case>> = {
  'a primary key': {
    legacy: table(', CONSTRAINT t_pkey PRIMARY KEY (id)'),
    up: swapped(),
    found: [
      'error key: Duplicate values of id are accepted in t: the primary key "t_pkey" is gone. No statement of the migration drops it.',
    ],
  },
  'a unique constraint': {
    legacy: table(', CONSTRAINT t_a_key UNIQUE (a, b)'),
    up: swapped(),
    found: [
      'error key: Duplicate values of (a, b) are accepted in t: the unique constraint "t_a_key" is gone. No statement of the migration drops it.',
    ],
  },
  'a unique index on an expression': {
    legacy: table('', 'CREATE UNIQUE INDEX t_lower ON t (lower(b))'),
    up: swapped('ALTER TABLE t ADD UNIQUE (b)'),
    found: [
      'error key: Duplicate values of lower(b) are accepted in t: the unique index "t_lower" is gone. No statement of the migration drops it.',
    ],
  },
  'a unique constraint that is a partial index now': {
    legacy: table(', CONSTRAINT t_a_key UNIQUE (a)'),
    up: swapped('CREATE UNIQUE INDEX ON t (a) WHERE b IS NULL'),
    found: [
      'error key: Duplicate values of a are accepted in t: the unique constraint "t_a_key" is gone. No statement of the migration drops it.',
    ],
  },
  'NULLS NOT DISTINCT': {
    legacy: table(', CONSTRAINT t_a_key UNIQUE NULLS NOT DISTINCT (a)'),
    up: swapped('ALTER TABLE t ADD CONSTRAINT t_a_key UNIQUE (a)'),
    found: [
      'error key: Duplicate values of a are accepted in t: the unique constraint "t_a_key" is gone. No statement of the migration drops it.',
    ],
  },
  'a foreign key': {
    legacy: table(', CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES parent ON DELETE CASCADE'),
    up: swapped(),
    found: [
      'error foreign-key: t.a can refer to rows of parent that do not exist, and a DELETE from parent no longer deletes its rows in t: the foreign key "t_a_fkey" is gone. No statement of the migration drops it.',
    ],
  },
  'the action of a foreign key': {
    legacy: table(', CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES parent ON UPDATE CASCADE ON DELETE SET NULL'),
    up: swapped('ALTER TABLE t ADD CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES parent ON DELETE SET NULL'),
    found: [
      'error foreign-key: The foreign key from t.a to parent has ON DELETE SET NULL instead of ON UPDATE CASCADE ON DELETE SET NULL. No statement of the migration names it.',
    ],
  },
  'that a foreign key can wait': {
    legacy: table(', CONSTRAINT t_a_fkey FOREIGN KEY (a) REFERENCES parent DEFERRABLE INITIALLY DEFERRED'),
    up: swapped('ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES parent'),
    found: [
      'warning foreign-key: The foreign key "t_a_fkey" of t.a is NOT DEFERRABLE now instead of INITIALLY DEFERRED. No statement of the migration names it.',
    ],
  },
  'a check': {
    legacy: table(", CONSTRAINT t_b_check CHECK (b IN ('x', 'y'))"),
    up: swapped(),
    found: [
      'error check: Rows that the check "t_b_check" refused are accepted in t: the constraint is gone. No statement of the migration drops it.',
    ],
  },
  'an exclusion constraint': {
    legacy: table(', CONSTRAINT t_excl EXCLUDE USING btree (a WITH =)'),
    up: swapped(),
    found: [
      'error exclusion: Rows that the exclusion constraint "t_excl" refused are accepted in t: the constraint is gone. No statement of the migration drops it.',
    ],
  },
  'NOT NULL': {
    legacy: table('', 'ALTER TABLE t ALTER b SET NOT NULL'),
    up: swapped(),
    found: ['warning not-null: t.b accepts NULL now. No statement of the migration asks for it.'],
  },
  'a trigger': {
    legacy: table('', 'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()'),
    up: swapped(),
    found: [
      'error trigger: Writes to t no longer run the trigger "t_touch" (touch()): it is gone. No statement of the migration drops it.',
    ],
  },
  'that a trigger is always on': {
    legacy: table(
      '',
      'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE t ENABLE ALWAYS TRIGGER t_touch',
    ),
    up: swapped('CREATE TRIGGER t_new_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()'),
    found: [
      'error trigger: The trigger "t_touch" of t fires in the mode "origin" instead of "always". No statement of the migration names it.',
    ],
  },
  'a rule': {
    legacy: table('', 'CREATE RULE t_guard AS ON DELETE TO t WHERE old.a > 5 DO INSTEAD NOTHING'),
    up: swapped(),
    found: ['error trigger: Writes to t no longer run the rule "t_guard": it is gone. No statement of the migration drops it.'],
  },
  'an index': {
    legacy: table('', 'CREATE INDEX t_b_idx ON t (b)'),
    up: swapped(),
    found: ['warning index: Queries on t can no longer use the index "t_b_idx": it is gone. No statement of the migration drops it.'],
  },
  'a policy': {
    legacy: table('', 'ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY t_own ON t USING (a > 0)'),
    up: swapped('ALTER TABLE t ENABLE ROW LEVEL SECURITY'),
    found: ['error policy: t loses the policy "t_own". No statement of the migration drops it.'],
  },
  'row security': {
    legacy: table('', 'ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY t_own ON t USING (a > 0)'),
    up: swapped('CREATE POLICY t_own ON t USING (a > 0)'),
    found: ['error policy: t has row security off now: its policies do not hold. No statement of the migration asks for it.'],
  },
  'a generated column': {
    legacy: table(', c integer GENERATED ALWAYS AS (a + 1) STORED'),
    up: swapped('', '(id integer NOT NULL, a integer, b text, c integer)'),
    found: ['error generated: t.c is a plain column now: the database no longer computes it. No statement of the migration asks for it.'],
  },
  'a comment': {
    legacy: table('', "COMMENT ON COLUMN t.b IS 'said'"),
    up: swapped(),
    found: ['info detail: t.b loses its comment. No statement of the migration asks for it.'],
  },
}

const kept: Readonly<Record<string, Case>> = {
  'everything, under other names and in other words': {
    legacy: table(
      `, CONSTRAINT t_pkey PRIMARY KEY (id), CONSTRAINT t_a_key UNIQUE (a), CONSTRAINT t_b_check CHECK (b IN ('x', 'y')), FOREIGN KEY (a) REFERENCES parent ON DELETE CASCADE`,
      `CREATE INDEX t_b_idx ON t (b) WHERE a > 0; CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW WHEN (new.a > 0) EXECUTE FUNCTION touch();
       ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY t_own ON t USING (a > 0); COMMENT ON TABLE t IS 'said'`,
    ),
    up: swapped(`ALTER TABLE t ADD PRIMARY KEY (id), ADD UNIQUE (a), ADD CHECK (b = ANY (ARRAY['x', 'y'])), ADD CONSTRAINT t_to_parent FOREIGN KEY (a) REFERENCES parent ON DELETE CASCADE;
      CREATE INDEX ON t (b) WHERE a > 0; CREATE TRIGGER t_other BEFORE INSERT ON t FOR EACH ROW WHEN (NEW.a > 0) EXECUTE FUNCTION touch();
      ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY t_theirs ON t USING (a > 0); COMMENT ON TABLE t IS 'said'`),
    found: [],
  },
  'what hangs on a column that is dropped': {
    legacy: table(', UNIQUE (a, b), CHECK (a > 0), FOREIGN KEY (a) REFERENCES parent', 'CREATE INDEX ON t (a)'),
    up: 'ALTER TABLE t DROP COLUMN a',
    found: [],
  },
  'what statements drop by name': {
    legacy: table(
      ', CONSTRAINT t_a_key UNIQUE (a), CONSTRAINT t_check CHECK (a > 0)',
      'CREATE INDEX t_b_idx ON t (b); CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()',
    ),
    up: 'ALTER TABLE t DROP CONSTRAINT t_a_key, DROP CONSTRAINT t_check; DROP INDEX t_b_idx; DROP TRIGGER t_touch ON t; ALTER TABLE t ALTER id DROP NOT NULL',
    found: [],
  },
  'a renamed table and column': {
    legacy: table(
      ', PRIMARY KEY (id), UNIQUE (a), CHECK (a > 0)',
      'CREATE TRIGGER t_touch BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION touch()',
    ),
    up: 'ALTER TABLE t RENAME COLUMN a TO z; ALTER TABLE t RENAME TO t_renamed',
    found: [],
  },
  'a key on fewer columns, NOT NULL by a check': {
    legacy: table(', UNIQUE (a, b)', 'ALTER TABLE t ALTER b SET NOT NULL'),
    up: swapped('ALTER TABLE t ADD UNIQUE (a), ADD CHECK (b IS NOT NULL)'),
    found: [],
  },
  'two sequences of one column': {
    legacy: table(
      '',
      "CREATE SEQUENCE t_small AS smallint OWNED BY t.id; CREATE SEQUENCE t_large OWNED BY t.id; ALTER TABLE t ALTER id SET DEFAULT nextval('t_large')",
    ),
    up: 'ALTER TABLE t DROP COLUMN b',
    found: [],
  },
  'a table that is dropped': {
    legacy: table(', PRIMARY KEY (id), CHECK (a > 0)'),
    up: 'DROP TABLE t',
    found: [],
  },
}

const others: Readonly<Record<string, Case>> = {
  'a trigger that was off, by ENABLE TRIGGER USER': {
    legacy: table(
      '',
      'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE t DISABLE TRIGGER t_touch',
    ),
    up: 'ALTER TABLE t DISABLE TRIGGER USER; UPDATE t SET a = 1; ALTER TABLE t ENABLE TRIGGER USER',
    found: [
      'error trigger: Writes to t run the trigger "t_touch" (touch()) now: it was disabled before. No statement of the migration names it.',
    ],
  },
  'triggers that stay off': {
    legacy: table('', 'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()'),
    up: 'ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET a = 1',
    found: [
      'error trigger: Writes to t no longer run the trigger "t_touch" (touch()): it is disabled. No statement of the migration names it.',
    ],
  },
  'triggers off and on again': {
    legacy: table('', 'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION touch()'),
    up: 'ALTER TABLE t DISABLE TRIGGER ALL; UPDATE t SET a = 1; ALTER TABLE t ENABLE TRIGGER ALL',
    found: [],
  },
  'a foreign key that follows the old table': {
    legacy: `${table(', PRIMARY KEY (id)')} CREATE TABLE t_child (t_id integer CONSTRAINT t_child_fkey REFERENCES t)`,
    up: `ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id integer PRIMARY KEY, a integer, b text); INSERT INTO t SELECT * FROM t_old`,
    found: [
      'error foreign-key: t_child.t_id can refer to rows of t that do not exist: the foreign key "t_child_fkey" is gone. No statement of the migration drops it.',
    ],
  },
  'a foreign key that a CASCADE takes': {
    legacy: `${table(', CONSTRAINT t_pkey PRIMARY KEY (id)')} CREATE TABLE t_child (t_id integer CONSTRAINT t_child_fkey REFERENCES t)`,
    up: 'ALTER TABLE t DROP CONSTRAINT t_pkey CASCADE; ALTER TABLE t ADD PRIMARY KEY (id)',
    found: [
      'error foreign-key: t_child.t_id can refer to rows of t that do not exist: the foreign key "t_child_fkey" is gone. No statement of the migration drops it.',
    ],
  },
  'triggers that a replaced function takes along': {
    legacy: `CREATE FUNCTION t_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; ${table('', 'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION t_f()')}`,
    up: `DROP FUNCTION t_f() CASCADE; CREATE FUNCTION t_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'`,
    found: ['error trigger: Writes to t no longer run the trigger "t_touch" (t_f()): it is gone. No statement of the migration drops it.'],
  },
  'triggers that go with their function': {
    legacy: `CREATE FUNCTION t_f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; ${table('', 'CREATE TRIGGER t_touch BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION t_f()')}`,
    up: 'DROP FUNCTION t_f() CASCADE',
    found: [],
  },
  'attributes of a replaced function': {
    legacy: `CREATE FUNCTION t(n int) RETURNS int LANGUAGE sql STRICT IMMUTABLE SECURITY DEFINER SET search_path = public AS 'SELECT n'`,
    up: `CREATE OR REPLACE FUNCTION t(n int) RETURNS int LANGUAGE sql AS 'SELECT n + 1'`,
    found: [
      'error function: t(integer) runs with the rights of its caller now (it was SECURITY DEFINER), loses the setting search_path=public, is called with NULL arguments now (it was STRICT and returned NULL), is VOLATILE now (it was IMMUTABLE). No statement of the migration asks for it.',
    ],
  },
  'attributes of a replaced function that are given': {
    legacy: `CREATE FUNCTION t(n int) RETURNS int LANGUAGE sql STRICT IMMUTABLE SECURITY DEFINER SET search_path = public AS 'SELECT n'`,
    up: `CREATE OR REPLACE FUNCTION t(n int) RETURNS int LANGUAGE sql CALLED ON NULL INPUT VOLATILE SECURITY INVOKER SET search_path = pg_catalog AS 'SELECT n + 1'`,
    found: [],
  },
  'the options of a view': {
    legacy: `${table('')} CREATE VIEW t_view WITH (security_barrier) AS SELECT a FROM t`,
    up: 'CREATE OR REPLACE VIEW t_view AS SELECT a FROM t WHERE a > 0',
    found: ['warning view: t_view loses the option security_barrier=true. No statement of the migration asks for it.'],
  },
}

let database: Database
let session: Session

beforeAll(async () => {
  database = await (await useCluster()).createDatabase()
  session = await database.connect()
  await session.script(before)
})

afterAll(async () => {
  await session.close()
  await database[Symbol.asyncDispose]()
})

describe.each([
  ['a table made anew that forgets', forgotten],
  ['nothing is found about', kept],
  ['also found, or not, are', others],
])('%s', (_, cases) => {
  test.each(Object.entries(cases))('%s', async (_title, { legacy, up, found }) => {
    expect((await judgePair(session, legacy, up)).map(toldOf).toSorted()).toEqual(found)
  })
})
