import { describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import type { Subject } from '../../../harness/lineage/index.ts'
import { parseScript } from '../../../harness/migration/index.ts'
import type { Database } from '../../../harness/postgres/index.ts'
import { countBodies } from '../../../harness/run/count-bodies.ts'
import { CloneStages, type RunObservation, TransactionStages } from '../../../harness/run/index.ts'
import { coverageOf } from '../../../harness/verify/measure-coverage.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

interface Bodies {
  readonly legacy?: string
  readonly rows?: string
  readonly down?: string
  /** On a clone, with real commits. */
  readonly commits?: boolean
  /** Whether `up` fails on the rows. */
  readonly fails?: boolean
}

/** What the rows reach in the bodies that a script runs, by the words of its targets. */
async function counted(up: string, { legacy = '', rows = '', down, commits = false, fails = false }: Bodies = {}) {
  const cluster = await useCluster()
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  await session.script(legacy)
  const catalog = await readCatalog(session)
  const step = (file: string, text: string) => ({ kind: 'sql', script: parseScript(file, text) }) as const
  const migration = { up: step('up.sql', up), down: down === undefined ? undefined : step('down.sql', down) }
  const subject = { legacy: catalog, migration, scope: new Set<string>() } as unknown as Subject
  const coverage = await coverageOf(session, subject, catalog)
  const questions = coverage.plan()()
  const request = { regime: 'edge', extreme: false, filling: { kind: 'sql', sql: rows }, phases: ['up'] } as const
  const count = questions.bodies
  const run = { outcomes: [], failure: fails ? {} : undefined } as unknown as RunObservation
  if (count !== undefined) {
    if (commits) {
      const build = async (made: Database) => {
        await using writer = await made.connect()
        await writer.script(legacy)
      }
      const template = () => cluster.template(`bodies ${legacy}`, build)
      const stages = new CloneStages({ cluster, template, role: undefined, settings: {}, roles: undefined })
      await stages.run((stage) => countBodies(subject, stage, { request, run, count }))
    } else
      await new TransactionStages(() => session, undefined, catalog).run((stage) => countBodies(subject, stage, { request, run, count }))
  }
  coverage.note(1, questions)
  const states = new Map<string, string[]>()
  for (const { target, state, because } of coverage.measured()) {
    const { file, line, text, outcome } = target
    const place = file === 'up.sql' ? line : `${file}:${line}`
    states.set(state, [...(states.get(state) ?? []), `${place} ${text}: ${outcome}${because === undefined ? '' : `: ${because}`}`])
  }
  return Object.fromEntries(states)
}

const table = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text NOT NULL)'

describe('the body of DO', () => {
  test('tells of each condition, loop, branch and handler what came of it', async () => {
    const states = await counted(
      `DO $$
DECLARE r record; n int := 0;
BEGIN
  FOR r IN SELECT a, b FROM t ORDER BY id LOOP
    IF r.a > 1 AND r.b = 'x' THEN
      n := n + 1;
    ELSIF r.b IS NULL THEN
      n := 0;
    ELSE
      CONTINUE WHEN r.a IS NULL;
    END IF;
    CASE r.b WHEN 'x', 'y' THEN NULL; WHEN 'z' THEN NULL; ELSE NULL; END CASE;
  END LOOP;
  WHILE n > 0 LOOP n := n - 1; END LOOP;
  BEGIN
    PERFORM 1 / a FROM t;
  EXCEPTION WHEN division_by_zero THEN
    NULL;
  WHEN OTHERS THEN NULL;
  END;
END $$`,
      { legacy: table, rows: "INSERT INTO t VALUES (1, 2, 'x'), (2, 0, 'x'), (3, NULL, 'w')" },
    )
    expect(states).toEqual({
      reached: [
        '4 FOR r IN SELECT a, b FROM t ORDER BY id: several passes',
        '5 r.a > 1: true',
        '5 r.a > 1: false',
        '5 r.a > 1: NULL',
        "5 r.b = 'x': true",
        "5 r.b = 'x': false",
        "5 IF r.a > 1 AND r.b = 'x': true",
        "5 IF r.a > 1 AND r.b = 'x': false",
        '7 ELSIF r.b IS NULL: false',
        "9 ELSE of IF r.a > 1 AND r.b = 'x': taken",
        '10 CONTINUE WHEN r.a IS NULL: true',
        '10 CONTINUE WHEN r.a IS NULL: false',
        "12 CASE r.b WHEN 'x', 'y': taken",
        '14 WHILE n > 0: true',
        '14 WHILE n > 0: false',
        '14 WHILE n > 0: one pass',
        '17 WHEN division_by_zero: entered',
      ],
      left: [
        '4 FOR r IN SELECT a, b FROM t ORDER BY id: no pass',
        '4 FOR r IN SELECT a, b FROM t ORDER BY id: one pass',
        "12 CASE r.b WHEN 'z': taken",
        '12 ELSE of CASE r.b: taken',
        '14 WHILE n > 0: no pass',
        '14 WHILE n > 0: several passes',
        '19 WHEN OTHERS: entered',
      ],
      infeasible: ["5 r.b = 'x': NULL: t.b is NOT NULL", '7 ELSIF r.b IS NULL: true: t.b is NOT NULL'],
    })
  })

  test('counts what a block with EXCEPTION takes back, and what it leaves by an error', async () => {
    const { reached } = await counted(
      `DO $$ BEGIN
  IF EXISTS (SELECT FROM t WHERE a = 7) THEN RAISE EXCEPTION 'seven'; END IF;
EXCEPTION WHEN raise_exception THEN NULL;
END $$`,
      { legacy: table, rows: "INSERT INTO t VALUES (1, 7, 'x')" },
    )
    expect(reached).toEqual(['2 IF EXISTS (SELECT FROM t WHERE a = 7): true', '3 WHEN raise_exception: entered'])
    const left = await counted("DO $$ BEGIN IF (SELECT count(*) FROM t) > 0 THEN RAISE EXCEPTION 'rows'; END IF; END $$", {
      legacy: table,
      rows: "INSERT INTO t VALUES (1, 7, 'x')",
      fails: true,
    })
    expect(left).toEqual({ reached: ['1 IF (SELECT count(*) FROM t) > 0: true'], left: ['1 IF (SELECT count(*) FROM t) > 0: false'] })
  })

  test('has conditions of WHERE in its statements', async () => {
    const states = await counted(
      `DO $$ DECLARE n int; BEGIN
  UPDATE t SET b = 'y' WHERE a > 1 AND b = 'x';
  SELECT count(*) INTO n FROM t WHERE b = 'y';
  DELETE FROM t USING u WHERE u.t = t.id;
  INSERT INTO u SELECT id FROM t JOIN u ON u.t = t.id WHERE a IS NULL;
  EXECUTE 'DELETE FROM t';
END $$`,
      { legacy: `${table}; CREATE TABLE u (t int)`, rows: "INSERT INTO t VALUES (1, 2, 'x'), (2, 1, 'x')" },
    )
    expect(states).toEqual({
      reached: [
        '2 a > 1: true',
        '2 a > 1: false',
        "2 b = 'x': true",
        "2 a > 1 AND b = 'x': true",
        "2 a > 1 AND b = 'x': false",
        "3 b = 'y': true",
        "3 b = 'y': false",
      ],
      left: [
        '2 a > 1: NULL',
        "2 b = 'x': false",
        '4 u.t = t.id: true',
        '4 u.t = t.id: false',
        '4 u.t = t.id: NULL',
        '5 a IS NULL: true',
        '5 a IS NULL: false',
      ],
      infeasible: ["2 b = 'x': NULL: t.b is NOT NULL", "3 b = 'y': NULL: t.b is NOT NULL"],
      unmeasured: [
        '5 INSERT INTO u SELECT id FROM t JOIN u ON u.t = t.id WHERE a IS NULL: every outcome: of a statement in a body only the conditions of WHERE are measured',
        "6 EXECUTE 'DELETE FROM t': every outcome: its text is made while it runs",
      ],
    })
  })

  test('has no target where the catalog decides, not rows', async () => {
    expect(
      await counted(
        `DO $$ DECLARE r record; BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('a'); END IF;
  FOR r IN SELECT relname FROM pg_class WHERE relname = 't' LOOP IF r.relname = 'u' THEN NULL; END IF; END LOOP;
  FOR i IN 1..3 LOOP NULL; END LOOP;
  BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END;
  BEGIN CREATE TABLE u (a int); EXCEPTION WHEN OTHERS THEN NULL; END;
END $$`,
        { legacy: table },
      ),
    ).toEqual({})
  })

  test('keeps FOUND and ROW_COUNT, labels, and comments that look like code', async () => {
    const states = await counted(
      `DO $body$ <<whole>> DECLARE n int; r record; BEGIN
  UPDATE t SET a = 1 WHERE b <> 'é';
  IF NOT FOUND THEN RAISE EXCEPTION 'not found'; END IF; -- IF x THEN
  GET DIAGNOSTICS n = ROW_COUNT;
  <<rows>> FOR r IN SELECT b FROM t ORDER BY id LOOP
    CONTINUE rows WHEN r.b = 'é' OR (r.b = 'w');
    /* END LOOP */ EXIT whole WHEN n = 2 AND NOT (r.b = 'y') /* THEN */;
  END LOOP rows;
  RAISE EXCEPTION 'not left';
END $body$`,
      { legacy: table, rows: "INSERT INTO t VALUES (1, 2, 'é'), (2, 1, 'y'), (3, 1, 'x')" },
    )
    expect(states.reached).toEqual([
      "2 b <> 'é': true",
      "2 b <> 'é': false",
      '3 IF NOT FOUND: false',
      '5 FOR r IN SELECT b FROM t ORDER BY id: several passes',
      "6 r.b = 'é': true",
      "6 r.b = 'é': false",
      "6 r.b = 'w': false",
      "6 CONTINUE WHEN r.b = 'é' OR (r.b = 'w'): true",
      "6 CONTINUE WHEN r.b = 'é' OR (r.b = 'w'): false",
      '7 n = 2: true',
      "7 r.b = 'y': true",
      "7 r.b = 'y': false",
      "7 EXIT WHEN n = 2 AND NOT (r.b = 'y'): true",
      "7 EXIT WHEN n = 2 AND NOT (r.b = 'y'): false",
    ])
  })
})

describe('a function', () => {
  const rows = "INSERT INTO t VALUES (1, 2, 'x')"

  test('is told by its name and the line in its body, with its overloads apart, and quoted', async () => {
    const states = await counted('SELECT app."Grade"(a) FROM t; SELECT app."Grade"(a, b) FROM t', {
      legacy: `${table}; CREATE SCHEMA app;
        CREATE FUNCTION app."Grade"(v int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF v > 1 THEN RETURN 1; END IF;
  RETURN 0;
END $$;
        CREATE FUNCTION app."Grade"(v int, w text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF w = 'y' THEN RETURN 1; END IF; RETURN 0; END $$;
        CREATE FUNCTION app."Grade"(v int, w int, x int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF w = 3 THEN RETURN 1; END IF; RETURN 0; END $$;
        CREATE FUNCTION app."Grade"(v date) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF v IS NULL THEN RETURN 1; END IF; RETURN 0; END $$`,
      rows,
    })
    expect(states).toEqual({
      reached: [
        'app.Grade(v integer):2 function app.Grade(v integer): called',
        'app.Grade(v integer):3 IF v > 1: true',
        'app.Grade(v integer, w text):1 function app.Grade(v integer, w text): called',
        "app.Grade(v integer, w text):1 IF w = 'y': false",
      ],
      left: [
        'app.Grade(v integer):3 IF v > 1: false',
        'app.Grade(v integer):3 IF v > 1: NULL',
        "app.Grade(v integer, w text):1 IF w = 'y': true",
      ],
      infeasible: ["app.Grade(v integer, w text):1 IF w = 'y': NULL: t.b is NOT NULL"],
      unmeasured: ['called', 'true', 'false'].map((outcome) => {
        const text = outcome === 'called' ? 'function app.Grade(v date)' : 'IF v IS NULL'
        return `app.Grade(v date):1 ${text}: ${outcome}: no run called it; another function of its name may be meant`
      }),
    })
  })

  test('that the migration makes is told by file and line, called directly or through others', async () => {
    const states = await counted(
      `CREATE FUNCTION inner_one(v int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF v > 1 THEN RETURN 1; END IF;
  RETURN 0;
END $$;
CREATE FUNCTION outer_one(v int) RETURNS int LANGUAGE sql AS 'SELECT inner_one(v)';
CREATE FUNCTION unused() RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF (SELECT a FROM t) > 0 THEN RETURN 1; END IF; RETURN 0; END $$;
UPDATE t SET a = outer_one(a);`,
      { legacy: table, rows },
    )
    expect(states).toEqual({
      reached: ['2 function inner_one: called', '3 IF v > 1: true'],
      left: ['3 IF v > 1: false', '3 IF v > 1: NULL'],
      unmeasured: [
        '6 function outer_one: every outcome: a body of sql is not measured',
        '7 function unused: every outcome: no statement of the migration calls it',
      ],
    })
  })

  test('of a trigger is counted for the events that the migration brings', async () => {
    const legacy = `${table}; CREATE TABLE c (id int PRIMARY KEY, t int REFERENCES t ON DELETE CASCADE);
      CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.a > 5 THEN RETURN NULL; END IF;
  ELSIF NEW.a IS DISTINCT FROM OLD.a THEN
    NEW.b := 'y';
  END IF;
  RETURN NEW;
END $$;
      CREATE TRIGGER note BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION noted();
      CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.t = 1 THEN NULL; END IF; RETURN OLD; END $$;
      CREATE TRIGGER gone BEFORE DELETE ON c FOR EACH ROW EXECUTE FUNCTION gone();
      CREATE TRIGGER same BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`
    const states = await counted('UPDATE t SET a = 9', { legacy, rows })
    const because = 'the migration fires the trigger on UPDATE only'
    expect(states).toEqual({
      reached: ['public.noted():2 function public.noted(): called', 'public.noted():5 ELSIF NEW.a IS DISTINCT FROM OLD.a: true'],
      left: ['public.noted():5 ELSIF NEW.a IS DISTINCT FROM OLD.a: false'],
      infeasible: ['true', 'false', 'NULL'].map((outcome) => `public.noted():4 IF NEW.a > 5: ${outcome}: ${because}`),
      unmeasured: ["1 trigger same of t: every outcome: suppress_redundant_updates_trigger() is no function of this database's own"],
    })
    const { reached } = await counted('DELETE FROM t', { legacy, rows: `${rows}; INSERT INTO c VALUES (1, 1)` })
    expect(reached).toEqual(['public.gone():1 function public.gone(): called', 'public.gone():1 IF OLD.t = 1: true'])
  })

  test('of a trigger that is made after the write, or dropped before it, is not fired', async () => {
    const legacy = `${table}; CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.a > 1 THEN NULL; END IF; RETURN NEW; END $$;
      CREATE TRIGGER early BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION noted()`
    const make = 'CREATE TRIGGER late BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION noted()'
    const drop = 'DROP TRIGGER early ON t'
    const write = 'UPDATE t SET a = 9'
    const called = async (...statements: readonly string[]) => (await counted(statements.join('; '), { legacy, rows })).reached?.length ?? 0
    expect([await called(drop, write, make), await called(drop, make, write), await called(write, drop)]).toEqual([0, 2, 2])
    expect(await counted([drop, write, make].join('; '), { legacy, rows })).toEqual({})
  })

  test('that up makes and down calls is counted in down', async () => {
    const { reached } = await counted(
      'CREATE FUNCTION f(v int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF v > 1 THEN RETURN 1; END IF; RETURN 0; END $$',
      {
        legacy: table,
        rows,
        down: 'UPDATE t SET a = f(a); DO $$ BEGIN IF EXISTS (SELECT FROM t WHERE a = 1) THEN NULL; END IF; END $$; DROP FUNCTION f',
      },
    )
    expect(reached).toEqual(['1 function f: called', '1 IF v > 1: true', 'down.sql:1 IF EXISTS (SELECT FROM t WHERE a = 1): true'])
  })
})

describe('a procedure', () => {
  test('that commits is counted on a clone', async () => {
    const states = await counted('-- godwit: no-transaction\nCALL fill(2)', {
      legacy: `${table}; CREATE PROCEDURE fill(size int) LANGUAGE plpgsql AS $$
DECLARE r record; n int := 0;
BEGIN
  FOR r IN SELECT id FROM t ORDER BY id LOOP
    UPDATE t SET a = 0 WHERE id = r.id;
    n := n + 1;
    IF n % size = 0 THEN COMMIT; END IF;
  END LOOP;
END $$`,
      rows: "INSERT INTO t SELECT i, i, 'x' FROM generate_series(1, 3) AS i",
      commits: true,
    })
    expect(states.reached).toEqual([
      'public.fill():3 function public.fill(): called',
      'public.fill():4 FOR r IN SELECT id FROM t ORDER BY id: several passes',
      'public.fill():5 id = r.id: true',
      'public.fill():5 id = r.id: false',
      'public.fill():7 IF n % size = 0: true',
      'public.fill():7 IF n % size = 0: false',
    ])
  })
})

describe('what cannot be copied', () => {
  test('is named, with the reason', async () => {
    const states = await counted(
      "DO 'BEGIN IF (SELECT b FROM t) = ''x'' THEN NULL; END IF; END'; DO $$ BEGIN IF count(*) > 1 FROM t THEN NULL; END IF; END $$",
      {
        legacy: table,
      },
    )
    expect(states).toEqual({
      unmeasured: [
        '1 DO: every outcome: its body is written with doubled quotes',
        '1 IF count(*) > 1 FROM t: every outcome: it is a query without SELECT',
      ],
    })
  })
})
