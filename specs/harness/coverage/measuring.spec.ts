import { describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { Coverage, enumerateTargets } from '../../../harness/coverage/index.ts'
import { parseScript } from '../../../harness/migration/index.ts'
import { TransactionStages } from '../../../harness/run/transaction-stage.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

/** What rows reach in a script, by the words of its targets; with what the database holds afterwards. */
async function measured(legacy: string, up: string, safe = /^(lower|count|now)$/) {
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect()
  await session.script(legacy)
  const catalog = await readCatalog(session)
  const script = parseScript('up.sql', up)
  const coverage = new Coverage(enumerateTargets(script, 'up', { catalog, isSafe: (name) => safe.test(name) }), [])
  const questions = coverage.plan()()
  const stages = new TransactionStages(() => session, undefined, catalog)
  const outcome = await stages.run((stage) => stage.apply({ kind: 'sql', script }, { asking: questions.up }))
  coverage.note(1, questions)
  const states = new Map<string, string[]>()
  for (const { target, state, because } of coverage.measured()) {
    const said = because === undefined ? '' : `: ${because}`
    states.set(state, [...(states.get(state) ?? []), `${target.line} ${target.text}: ${target.outcome}${said}`])
  }
  return { outcome: outcome.outcome, states: Object.fromEntries(states) }
}

describe('what rows reach', () => {
  test('is told by the server, for each condition while it decides the whole', async () => {
    const { states } = await measured(
      `CREATE TABLE t (id int PRIMARY KEY, a int, b text NOT NULL);
       INSERT INTO t VALUES (1, 1, 'x'), (2, 5, 'x'), (3, 5, 'y'), (4, NULL, 'y')`,
      "UPDATE t SET b = 'z' WHERE a > 2\n  AND b = 'x'",
    )
    expect(states).toEqual({
      // Of row 4 the other condition is false too.
      left: ['1 a > 2: NULL'],
      reached: ['1 a > 2: true', '1 a > 2: false', "2 b = 'x': true", "2 b = 'x': false"],
      infeasible: ["2 b = 'x': NULL: t.b is NOT NULL"],
    })
  })

  test('is told for partners, groups and what no key allows', async () => {
    const { states } = await measured(
      `CREATE TABLE p (id int PRIMARY KEY, name text);
       CREATE TABLE c (id int PRIMARY KEY, p int NOT NULL REFERENCES p, v int);
       INSERT INTO p VALUES (1, 'a'), (2, 'a'); INSERT INTO c VALUES (1, 1, 5), (2, 1, 6)`,
      'CREATE TABLE n AS SELECT p.name, count(c.v) FROM c JOIN p ON p.id = c.p GROUP BY p.name',
    )
    expect(states).toEqual({
      reached: [
        '1 p.id = c.p: one row of p for a row of c',
        '1 p.id = c.p: no row of c for a row of p',
        '1 p.id = c.p: several rows of c for a row of p',
        '1 GROUP BY p.name: several rows',
        '1 GROUP BY p.name: several rows that differ in c.v',
      ],
      left: ['1 p.id = c.p: one row of c for a row of p', '1 GROUP BY p.name: one row', '1 GROUP BY p.name: NULL in the key'],
      infeasible: [
        '1 p.id = c.p: no row of p for a row of c: the foreign key c_p_fkey of c asks for one',
        '1 p.id = c.p: several rows of p for a row of c: the unique key p_pkey leaves one row of p',
        '1 p.id = c.p: NULL: p.id is NOT NULL and c.p is NOT NULL',
      ],
    })
  })

  test('of a constraint is told of the rows before anything cleans them', async () => {
    const { states } = await measured(
      "CREATE TABLE t (a text); INSERT INTO t VALUES (NULL), ('x')",
      "UPDATE t SET a = '' WHERE a IS NULL; ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    )
    expect(states.reached).toContain('1 a SET NOT NULL: violated')
  })

  test('of another type is told by what the type can refuse or alter', async () => {
    const { states } = await measured(
      `CREATE TABLE t (a text, b timestamp NOT NULL, c numeric(8,2)); INSERT INTO t VALUES ('long', '2024-02-29 10:00', 1.25)`,
      'ALTER TABLE t ALTER a TYPE varchar(2), ALTER b TYPE date, ALTER c TYPE numeric(10,2)',
    )
    expect(states).toEqual({
      reached: ['1 a as pg_catalog.varchar(2): refused', '1 b as date: another text', '1 c as pg_catalog.numeric(10,2): the same text'],
      left: [
        '1 a as pg_catalog.varchar(2): the same text',
        '1 a as pg_catalog.varchar(2): NULL',
        '1 b as date: the same text',
        '1 c as pg_catalog.numeric(10,2): another text',
        '1 c as pg_catalog.numeric(10,2): NULL',
      ],
      infeasible: [
        '1 b as date: NULL: t.b is NOT NULL',
        '1 c as pg_catalog.numeric(10,2): refused: pg_catalog.numeric(10,2) has room for all of numeric(8,2)',
      ],
    })
  })

  test('a statement that fails leaves its own answers', async () => {
    const { outcome, states } = await measured(
      "CREATE TABLE t (a text); INSERT INTO t VALUES ('x'), ('1')",
      'CREATE TABLE n AS SELECT a::int FROM t',
    )
    expect(outcome).toBe('failed')
    expect(states.reached).toEqual(['1 a as pg_catalog.int4: castable', '1 a as pg_catalog.int4: not castable'])
  })
})

describe('asking changes nothing', () => {
  const legacy = `CREATE SEQUENCE s; CREATE TABLE t (a int, b text); INSERT INTO t VALUES (0, 'x'), (1, '1');
    CREATE FUNCTION draws(int) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM nextval('s'); RETURN true; END $$`

  test('a question that fails is told so, and the statement runs', async () => {
    const { outcome, states } = await measured(legacy, "UPDATE t SET b = b WHERE b = '1' AND b::int = 1 AND 1 / a = 1")
    expect(outcome).toBe('applied')
    // What stands behind a condition is not asked together with it where that fails; the last one is asked as the statement does.
    expect(states.reached).toContain("1 b = '1': false")
    expect(states.unmeasured).toBeUndefined()
    const other = await measured(legacy, "UPDATE t SET b = 'y' WHERE 1 / a = 1 AND b = 'x'")
    expect(other.outcome).toBe('failed')
    expect(other.states.unmeasured).toContain('1 1 / a = 1: true: the server refuses the question (22012)')
  })

  test('no number is drawn from a sequence, though a function says that it is stable', async () => {
    const { states } = await measured(legacy, "DELETE FROM t WHERE nextval('s') > 1; SELECT a FROM t WHERE draws(a)", /^draws$/)
    expect(states.unmeasured).toEqual([
      "1 nextval('s') > 1: every outcome: it calls nextval(), which is volatile",
      '1 draws(a): true: the server refuses the question (25006)',
      '1 draws(a): false: the server refuses the question (25006)',
      '1 draws(a): NULL: the server refuses the question (25006)',
    ])
  })
})
