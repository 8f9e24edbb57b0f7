import { describe, expect, test } from 'vitest'
import { applyStep, neededRung, parseScript, retriesOnClone, type Step } from '../../../harness/migration/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'

const step = (text: string): Step => ({ kind: 'sql', script: parseScript('up.sql', text) })
const rung = (text: string) => neededRung(step(text)).rung
const body = (inner: string) => `DO $$ BEGIN ${inner} END $$`

describe('a clone is needed for', () => {
  test.each([
    'CREATE INDEX CONCURRENTLY ON t (a)',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS "t_A_idx" ON "t" ("A")',
    'DROP INDEX CONCURRENTLY i',
    'REINDEX TABLE CONCURRENTLY t',
    'REINDEX (VERBOSE, CONCURRENTLY) INDEX i',
    'REINDEX SCHEMA public',
    'REINDEX DATABASE d',
    'VACUUM',
    'VACUUM FULL t',
    'VACUUM (ANALYZE) t',
    'CLUSTER',
    'ALTER TABLE t DETACH PARTITION p CONCURRENTLY',
    'ALTER TABLE t DETACH PARTITION p FINALIZE',
    'DISCARD ALL',
    'BEGIN; SELECT 1',
    'BEGIN; SELECT 1; ROLLBACK',
    'BEGIN; SELECT 1; COMMIT AND CHAIN; COMMIT',
    'BEGIN; BEGIN; COMMIT',
    'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT',
    "BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT; SELECT 1",
    "BEGIN; SELECT set_config('a.b', 'c', true); COMMIT; SELECT 1",
    'BEGIN; CREATE TEMP TABLE x (a int) ON COMMIT DROP; COMMIT; SELECT 1',
    'BEGIN; CREATE TEMP TABLE x ON COMMIT DROP AS SELECT 1; COMMIT; SELECT 1',
    'BEGIN; DECLARE c CURSOR FOR SELECT 1; COMMIT; SELECT 1',
    'BEGIN; VACUUM; COMMIT',
    'BEGIN; UPDATE t SET seen = now(); COMMIT; DELETE FROM t WHERE seen < now()',
    'UPDATE t SET seen = CURRENT_TIMESTAMP; BEGIN; DELETE FROM t WHERE seen < CURRENT_TIMESTAMP; COMMIT',
    'SET LOCAL search_path = a; BEGIN; SELECT 1; COMMIT',
    'SELECT 1; COMMIT',
    'ROLLBACK',
    'START TRANSACTION ISOLATION LEVEL SERIALIZABLE; END',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    "SET transaction_isolation = 'serializable'",
    body('UPDATE t SET a = 1; COMMIT;'),
    body('FOR i IN 1..3 LOOP ROLLBACK; END LOOP;'),
    'CALL p()',
    body('CALL p();'),
    'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL p()',
    'DO LANGUAGE plpython3u $$ plpy.commit() $$',
    "SELECT dblink('host=x', 'DELETE FROM t')",
    "SELECT public.dblink_exec('x', 'y')",
    body("PERFORM dblink('a', 'b');"),
    body("x := dblink('a', 'b');").replace('BEGIN', 'DECLARE x text; BEGIN'),
    body("EXECUTE 'SELECT dblink(''a'', ''b'')';"),
    "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT dblink('a', 'b') $$",
    "CREATE FUNCTION f() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT dblink('a', 'b'); END",
    "COPY t TO PROGRAM 'cat'",
    "COPY t FROM PROGRAM 'cat'",
    "COPY t TO '/tmp/x'",
    "SELECT lo_export(1, '/tmp/x')",
    "LOAD 'auto_explain'",
    'CHECKPOINT',
    'IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c',
    'EXPLAIN ANALYZE SELECT pg_terminate_backend(1)',
  ])('%s', (text) => {
    expect(rung(text)).toBe('clone')
  })

  test('a program', () => {
    expect(neededRung({ kind: 'program', file: 'up.ts', run: () => Promise.resolve() })).toEqual({
      rung: 'clone',
      because: '"up.ts" is a program',
    })
  })
})

describe('a cluster is needed for', () => {
  test.each([
    'CREATE DATABASE d',
    'DROP DATABASE d',
    "ALTER DATABASE d SET timezone = 'UTC'",
    'ALTER DATABASE d RENAME TO e',
    'ALTER DATABASE d OWNER TO o',
    "COMMENT ON DATABASE d IS 'x'",
    'GRANT CONNECT ON DATABASE d TO r',
    "CREATE TABLESPACE s LOCATION '/tmp'",
    'DROP TABLESPACE s',
    "ALTER SYSTEM SET work_mem = '1MB'",
    "PREPARE TRANSACTION 'x'",
    "COMMIT PREPARED 'x'",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    'CREATE ROLE r',
    'CREATE USER u',
    'ALTER ROLE r NOLOGIN',
    'ALTER ROLE r SET search_path = a',
    'ALTER ROLE r RENAME TO s',
    'DROP ROLE r',
    'GRANT a TO b',
    'REASSIGN OWNED BY a TO b',
    'DROP OWNED BY a',
    body('IF true THEN CREATE ROLE r; END IF;'),
    body("EXECUTE 'CREATE ROLE ' || 'r';"),
    'SELECT 1; VACUUM; CREATE ROLE r; CREATE INDEX CONCURRENTLY ON t (a)',
  ])('%s', (text) => {
    expect(rung(text)).toBe('cluster')
  })
})

test('the reason names the construct, the file and the line', () => {
  expect(neededRung(step('SELECT 1;\n\nCREATE INDEX CONCURRENTLY ON t (a);'))).toEqual({
    rung: 'clone',
    because: 'CREATE INDEX CONCURRENTLY (up.sql:3)',
  })
  expect(neededRung(step('SELECT 1'))).toEqual({ rung: 'transaction', because: '' })
})

/** In this order, on one database; each must be for rung 1, and all of it must be gone after a roll-back. */
const enclosable = [
  'CREATE SCHEMA app',
  "CREATE TYPE mood AS ENUM ('sad', 'ok')",
  "ALTER TYPE mood ADD VALUE 'happy'",
  "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'",
  'CREATE DOMAIN positive AS int CHECK (VALUE > 0)',
  'CREATE TYPE pair AS (a int, b text)',
  'CREATE TABLE "camelCase" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "someText" text DEFAULT \'x\', m mood, p positive)',
  'CREATE TABLE part (id int, at date) PARTITION BY RANGE (at)',
  "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
  'ALTER TABLE part DETACH PARTITION part_1',
  'CREATE TEMP TABLE scratch ON COMMIT DROP AS SELECT 1 AS a',
  'CREATE UNLOGGED TABLE u (a int)',
  'CREATE INDEX ON "camelCase" ("someText")',
  'ALTER TABLE "camelCase" ADD COLUMN c int, ALTER COLUMN "someText" TYPE varchar(20), ADD CHECK (c > 0) NOT VALID',
  'ALTER TABLE "camelCase" RENAME COLUMN c TO d',
  'INSERT INTO "camelCase" ("someText") SELECT \'a\' FROM generate_series(1, 3)',
  'UPDATE "camelCase" SET d = 1 WHERE id = 1',
  'DELETE FROM "camelCase" WHERE id = 2',
  'MERGE INTO "camelCase" AS c USING u ON u.a = c.id WHEN NOT MATCHED THEN INSERT DEFAULT VALUES',
  'COPY u FROM stdin;\n1\n\\.\n',
  'COPY u TO stdout',
  'TRUNCATE u',
  'LOCK TABLE u IN SHARE MODE',
  'ANALYZE u',
  'CLUSTER "camelCase" USING "camelCase_pkey"',
  'REINDEX TABLE u',
  'CREATE VIEW v AS SELECT * FROM u',
  'CREATE OR REPLACE VIEW v AS SELECT a, 1 AS b FROM u',
  'CREATE MATERIALIZED VIEW w AS SELECT * FROM u',
  'CREATE UNIQUE INDEX ON w (a)',
  'REFRESH MATERIALIZED VIEW CONCURRENTLY w',
  'CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := 1; RETURN NEW; END $$',
  'CREATE FUNCTION g(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT x + 1; END',
  'CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW EXECUTE FUNCTION f()',
  'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN UPDATE u SET a = 2; END $$; CALL p()',
  "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM u LOOP EXECUTE format('UPDATE %I SET a = 1', 'u'); END LOOP; END $$",
  'ALTER TABLE u ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY pol ON u USING (a > 0)',
  'CREATE RULE r AS ON DELETE TO u DO INSTEAD NOTHING',
  'CREATE SEQUENCE s',
  "SELECT setval('s', 5), nextval('s'), pg_advisory_xact_lock(1), pg_notify('x', 'y')",
  'CREATE STATISTICS st ON a, b FROM v'.replace('a, b FROM v', 'id, d FROM "camelCase"'),
  "COMMENT ON TABLE u IS 'x'",
  'GRANT SELECT ON u TO PUBLIC',
  'ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC',
  'PREPARE q AS SELECT 1; EXECUTE q; DEALLOCATE q',
  'DECLARE c CURSOR FOR SELECT 1; FETCH c; CLOSE c',
  "LISTEN x; NOTIFY x, 'y'; UNLISTEN x",
  'SAVEPOINT a; ROLLBACK TO a; RELEASE a',
  "SET LOCAL search_path = app, public; SET TIME ZONE 'UTC'; SET lock_timeout = '1s'; RESET search_path; SHOW search_path",
  'SET CONSTRAINTS ALL IMMEDIATE',
  'DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES',
  'EXPLAIN ANALYZE UPDATE "camelCase" SET d = 3',
  'CREATE PUBLICATION pub FOR TABLE part',
  'ALTER TABLE u SET SCHEMA app',
  'DROP VIEW v',
  'DROP TYPE pair',
  'DROP TABLE app.u CASCADE',
  'DROP SCHEMA app CASCADE',
]

describe('a transaction is enough for', () => {
  test.each(enclosable)('%s', (text) => {
    expect(neededRung(step(text))).toEqual({ rung: 'transaction', because: '' })
  })

  test('a procedure of its own that controls no transaction, and not for another of that name', () => {
    const made = 'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;'
    expect([rung(`${made} CALL p()`), rung(`${made} CALL q()`)]).toEqual(['transaction', 'clone'])
  })

  test.each([
    'BEGIN; SELECT 1; COMMIT',
    'START TRANSACTION; SELECT 1; END',
    'BEGIN; UPDATE t SET seen = now(); DELETE FROM t WHERE seen < now(); COMMIT',
    "SET lock_timeout = '1s'; BEGIN; CREATE TEMP TABLE x (a int) ON COMMIT DROP; SET LOCAL a.b = 'c'; COMMIT",
    'SELECT 1; BEGIN; SELECT 2; COMMIT; SELECT 3; BEGIN; SELECT 4; COMMIT',
  ])('transactions of its own that one may hold: %s', (text) => {
    expect(rung(text)).toBe('transaction')
  })

  test('words in texts and comments', () => {
    expect(rung("INSERT INTO t VALUES ('COMMIT; VACUUM; CREATE ROLE x'); -- COMMIT\n SELECT 'CONCURRENTLY'")).toBe('transaction')
    expect(rung(body("RAISE NOTICE 'COMMIT'; -- COMMIT\n"))).toBe('transaction')
  })

  test('and each of these does run in one, and is gone after it', async () => {
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    const contents =
      'SELECT (SELECT count(*) FROM pg_class) AS classes, (SELECT count(*) FROM pg_type) AS types, (SELECT count(*) FROM pg_proc) AS functions'
    const before = await session.one(contents)
    await session.script('BEGIN')
    for (const text of enclosable)
      expect([text, await applyStep(session, step(text), { enclosed: true })]).toMatchObject([text, { outcome: 'applied' }])
    await session.script('ROLLBACK')
    expect(await session.one(contents)).toEqual(before)
  })
})

test('errors that the transaction itself may cause are retried on a clone, others not', () => {
  expect(['25001', '2D000', '55P04', '55006', '0A000', '42P07'].map(retriesOnClone)).toEqual(Array(6).fill(true))
  expect(['23505', '23502', '42703', '22P02', 'P0001', '57014', '08006'].map(retriesOnClone)).toEqual(Array(7).fill(false))
})
