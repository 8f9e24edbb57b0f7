import { describe, expect, test } from 'vitest'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { verifyInline } from './verify-inline.ts'

const reached = ({ coverage }: MigrationResult, text: string) =>
  (coverage?.targets ?? []).flatMap((each) => (each.text.includes(text) ? [`${each.outcome}: ${each.state}`] : []))
const lost = ({ findings }: MigrationResult) =>
  findings.filter(({ invariant, severity }) => invariant === 'zero-loss' && severity === 'error').length > 0

const legacy = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text, v text NOT NULL)'
const over = (work: string, query = 'SELECT id, a, b FROM t ORDER BY id') =>
  `DO $$ DECLARE r record; n int := 0; s text; BEGIN FOR r IN ${query} LOOP ${work} END LOOP; END $$`
const wipe = "UPDATE t SET v = '' WHERE id = r.id;"

/** Each loses something behind one kind of target only. */
const planted: Readonly<Record<string, { readonly up: string; readonly legacy?: string; readonly target: string }>> = {
  IF: { up: over(`IF r.a = 47110 AND r.b IS NULL THEN ${wipe} END IF;`), target: 'IF r.a' },
  ELSIF: { up: over(`IF r.a > 0 THEN NULL; ELSIF r.a < -81234 THEN ${wipe} END IF;`), target: 'ELSIF r.a' },
  'a condition that is NULL': { up: over(`IF (r.a > 5) IS NULL THEN ${wipe} END IF;`), target: 'IS NULL' },
  'a WHEN of CASE': { up: over(`CASE r.b WHEN 'gone away' THEN ${wipe} ELSE NULL; END CASE;`), target: 'WHEN' },
  'CONTINUE WHEN': { up: over(`CONTINUE WHEN r.b IS DISTINCT FROM 'kept back'; ${wipe}`), target: 'CONTINUE' },
  'EXIT WHEN': { up: over(`EXIT WHEN r.a <> 77123; ${wipe}`), target: 'EXIT' },
  WHILE: { up: over(`n := r.a; WHILE n = 52341 LOOP n := 0; ${wipe} END LOOP;`), target: 'WHILE' },
  'several passes': {
    up: over("n := n + 1; IF n > 4 THEN UPDATE t SET v = '' WHERE id = r.id; END IF;", "SELECT id FROM t WHERE b = 'in a row' ORDER BY id"),
    target: 'n > 4',
  },
  'a handler': {
    up: over(`BEGIN n := 1 / (r.a - 61234); EXCEPTION WHEN division_by_zero THEN ${wipe} END;`),
    target: 'WHEN division_by_zero',
  },
  'WHERE in a body': { up: "DO $$ BEGIN UPDATE t SET v = '' WHERE a = 70123 AND b = 'odd'; END $$", target: 'a = 70123' },
  'a function': {
    legacy: `${legacy}; CREATE FUNCTION clean(n int, v text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF n = 93021 THEN RETURN ''; END IF; RETURN v; END $$`,
    up: 'UPDATE t SET v = clean(a, v)',
    target: 'n = 93021',
  },
  'a trigger': {
    legacy: `${legacy}; CREATE FUNCTION clean() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.a = 93021 THEN NEW.v := ''; END IF; RETURN NEW; END $$;
      CREATE TRIGGER clean BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION clean()`,
    up: "ALTER TABLE t ADD c text; UPDATE t SET c = 'x'",
    target: 'NEW.a = 93021',
  },
  'a procedure': {
    legacy: `${legacy}; CREATE PROCEDURE clean() LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT id, a FROM t LOOP IF r.a = 93021 THEN ${wipe} END IF; END LOOP; END $$`,
    up: 'CALL clean()',
    target: 'r.a = 93021',
  },
}

describe('a fault behind a branch of a body', () => {
  test.each(Object.entries(planted))('%s: it is found, and the branch is reached', async (_, { up, target, ...more }) => {
    const result = await verifyInline(more.legacy ?? legacy, up, { runs: 40, seed: 'bodies', invariants: [] })
    console.log(
      _,
      lost(result),
      result.coverage?.targets.map((e) => `${e.text} ${e.outcome} ${e.state} ${e.run}`),
    )
    expect(lost(result)).toBe(true)
    expect(reached(result, target).filter((each) => !/reached|infeasible/.test(each))).toEqual([])
  })
})
