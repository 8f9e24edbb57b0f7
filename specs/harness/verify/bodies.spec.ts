import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Coverage } from '../../../harness/coverage/index.ts'
import { readPair } from '../../../harness/formats/index.ts'
import { fullDepth, onPairBase, type RunObservation } from '../../../harness/run/index.ts'
import { runEdges } from '../../../harness/verify/edges.ts'
import { Inquiry, learn } from '../../../harness/verify/index.ts'
import { coverageOf } from '../../../harness/verify/measure-coverage.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { verifyInline } from './verify-inline.ts'

const legacy = 'CREATE TABLE t (id int PRIMARY KEY, a int, b text, v text NOT NULL)'
const over = (work: string, query = 'SELECT id, a, b FROM t ORDER BY id') =>
  `DO $$ DECLARE r record; n int := 0; s text; BEGIN FOR r IN ${query} LOOP ${work} END LOOP; END $$`
const wipe = "UPDATE t SET v = '' WHERE id = r.id;"

/** Each loses something behind one kind of target only. */
const planted: Readonly<
  Record<string, { readonly up: string; readonly legacy?: string; readonly target: string; readonly outcome?: string }>
> = {
  IF: { up: over(`IF r.a = 47110 AND r.b IS NULL THEN ${wipe} END IF;`), target: 'IF r.a' },
  ELSIF: { up: over(`IF r.a > 0 THEN NULL; ELSIF r.a < -81234 THEN ${wipe} END IF;`), target: 'ELSIF r.a' },
  'a condition that is NULL': { up: over(`IF (r.a > 5) IS NULL THEN ${wipe} END IF;`), target: 'IS NULL' },
  'a WHEN of CASE': {
    up: over(`CASE r.b WHEN 'gone away' THEN ${wipe} ELSE NULL; END CASE;`),
    target: "CASE r.b WHEN 'gone away'",
    outcome: 'taken',
  },
  'CONTINUE WHEN': { up: over(`CONTINUE WHEN r.b IS DISTINCT FROM 'kept back'; ${wipe}`), target: 'CONTINUE', outcome: 'false' },
  'EXIT WHEN': { up: over(`EXIT WHEN r.a <> 77123; ${wipe}`), target: 'EXIT', outcome: 'false' },
  WHILE: { up: over(`n := r.a; WHILE n = 52341 LOOP n := 0; ${wipe} END LOOP;`), target: 'WHILE' },
  'a second pass': {
    up: over(`n := n + 1; IF n > 1 THEN ${wipe} END IF;`, "SELECT id FROM t WHERE b = 'in a row' ORDER BY id"),
    target: "b = 'in a row'",
    outcome: 'several passes',
  },
  'a handler': {
    up: over(`BEGIN n := r.b::int; EXCEPTION WHEN invalid_text_representation THEN ${wipe} END;`),
    target: 'WHEN invalid_text',
    outcome: 'entered',
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

const named = Object.entries(planted).map(([title, { legacy: own = legacy, up, target, outcome = 'true' }], at) => {
  const put = (sql: string) => sql.replaceAll(/(?<![a-zA-Z0-9'])t(?![a-zA-Z0-9])/g, `t${at}`).replaceAll(/\bclean\b/g, `clean${at}`)
  return { title, table: `public.t${at}`, legacy: put(own), up: put(up), target, outcome }
})

interface Edges {
  readonly legacy: string
  readonly up: string
  readonly down?: string
  readonly runs: number
  readonly aimed: boolean
  /** False: without copies that count. */
  readonly counts?: boolean
}

/** Make the edge runs of a migration: the relations that lose something, what was reached, and what each run saw. */
async function edges({ legacy: schema, up, down, runs, aimed, counts = true }: Edges) {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-bodies-'))
  try {
    writeFileSync(join(folder, 'legacy.sql'), schema)
    writeFileSync(join(folder, 'up.sql'), up)
    if (down !== undefined) writeFileSync(join(folder, 'down.sql'), down)
    return await onPairBase(await useCluster(), await readPair(folder), {}, async (base, migration) => {
      const depth = () => ({ ...fullDepth(runs), variants: 1, repeats: false, faults: 'none' }) as const
      const inquiry = await Inquiry.begin(migration, base, { options: {}, seed: 'bodies', hooks: {}, path: folder, depth, aimed })
      const learned = await learn(inquiry)
      const seen: RunObservation[] = []
      const see = inquiry.judging.see.bind(inquiry.judging)
      inquiry.judging.see = (run, request) => {
        seen.push(run)
        see(run, request)
      }
      const coverage = counts
        ? await coverageOf(base.session(), inquiry.subject, learned.empty.run.migrated?.catalog)
        : new Coverage([], [])
      await runEdges(inquiry, coverage)
      inquiry.collector.settle()
      const findings = inquiry.collector.findings().map(({ finding }) => finding)
      return { findings, measured: coverage.measured(), seen }
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a fault behind each kind of branch of a body', () => {
  const both = { legacy: named.map((each) => each.legacy).join(';\n'), up: named.map((each) => each.up).join(';\n'), runs: 40 }
  const titles = ({ findings }: Awaited<ReturnType<typeof edges>>) =>
    named.flatMap(({ title, table }) =>
      findings.some(({ invariant, relation, severity }) => invariant === 'zero-loss' && relation === table && severity === 'error')
        ? [title]
        : [],
    )

  test('is found, and the branch is reached', async () => {
    const aimed = await edges({ ...both, aimed: true })
    const drawn = titles(await edges({ ...both, aimed: false }))
    console.log(`found ${titles(aimed).length} of ${named.length} with aiming, ${drawn.length} without`)
    expect(named.map(({ title }) => title).filter((title) => !titles(aimed).includes(title))).toEqual([])
    const missing = named.filter(
      (each) =>
        !aimed.measured.some(
          ({ target, state }) => state === 'reached' && target.text.includes(each.target) && target.outcome === each.outcome,
        ),
    )
    expect(missing.map(({ title }) => title)).toEqual([])
  }, 120_000)
})

describe('a branch that no row reaches', () => {
  test('is infeasible where a constraint forbids it, and left where nothing is known to', async () => {
    const { measured } = await edges({
      legacy: 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CHECK (a > 0), b text NOT NULL)',
      up: over("IF r.a < 0 THEN DELETE FROM t; END IF; IF md5(r.b) = 'x' THEN DELETE FROM t; END IF;"),
      runs: 20,
      aimed: true,
    })
    const states = measured.flatMap(({ target, state, because }) =>
      target.text.startsWith('IF') ? [`${target.text} ${target.outcome}: ${state}${because === undefined ? '' : `: ${because}`}`] : [],
    )
    expect(states.toSorted()).toEqual([
      "IF md5(r.b) = 'x' NULL: infeasible: t.b is NOT NULL",
      "IF md5(r.b) = 'x' false: reached",
      "IF md5(r.b) = 'x' true: left",
      'IF r.a < 0 NULL: infeasible: t.a is NOT NULL',
      'IF r.a < 0 false: reached',
      'IF r.a < 0 true: infeasible: the check t_a_check allows no such value that was tried',
    ])
  })
})

describe('runs that are judged', () => {
  test('see the original text of a body, and the same with copies that count as without', async () => {
    const migration = {
      legacy: `${legacy}; CREATE FUNCTION clean(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF n > 5 THEN RETURN 5; END IF; RETURN n; END $$;
        CREATE TABLE texts (id serial PRIMARY KEY, body text)`,
      up: `CREATE FUNCTION graded(n int) RETURNS int LANGUAGE plpgsql AS $f$ BEGIN IF n > 7 THEN RETURN 7; END IF; RETURN n; END $f$;
        INSERT INTO texts (body) SELECT prosrc FROM pg_proc WHERE proname IN ('clean', 'graded'); UPDATE t SET a = graded(a); UPDATE t SET a = clean(a);
        DO $$ BEGIN INSERT INTO texts (body) SELECT prosrc FROM pg_proc WHERE proname = 'clean'; IF (SELECT count(*) FROM t) > 2 THEN DELETE FROM t WHERE a = 5; END IF; END $$`,
      down: 'DELETE FROM texts; DROP FUNCTION graded',
      runs: 20,
      aimed: false,
    }
    const [counting, plain] = [await edges(migration), await edges({ ...migration, counts: false })]
    expect(counting.measured.filter(({ state }) => state === 'reached').length).toBeGreaterThan(3)
    const told = (runs: readonly RunObservation[]) => runs.map(({ outcomes, legacy: before }) => ({ outcomes, rows: before.rows }))
    expect(counting.seen.length).toBeGreaterThan(19)
    expect(JSON.stringify(counting.seen, withMaps)).toMatch(/IF n > 5 THEN[\s\S]*IF n > 7 THEN/)
    expect(JSON.stringify(counting.seen, withMaps)).not.toContain('pg_try_advisory')
    expect(JSON.stringify(told(counting.seen), withMaps)).toBe(JSON.stringify(told(plain.seen), withMaps))
    expect(JSON.stringify(counting.findings, withMaps)).toBe(JSON.stringify(plain.findings, withMaps))
  }, 60_000)
})

/** Maps as lists, without times, and without the folder of the files. */
function withMaps(key: string, value: unknown): unknown {
  if (key === 'durationMs' || key === 'file') return undefined
  return value instanceof Map || value instanceof Set ? [...value] : value
}

test('what only rows that were written after up reach in a body of down is counted', async () => {
  const { coverage } = await verifyInline('CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL)', 'ALTER TABLE t ADD COLUMN since text', {
    runs: 20,
    files: {
      'down.sql':
        "DO $$ BEGIN IF EXISTS (SELECT FROM t WHERE since IS NOT NULL) THEN RAISE WARNING 'gone'; END IF; END $$; ALTER TABLE t DROP COLUMN since",
    },
  })
  const reached = coverage?.targets.filter(({ state, text }) => state === 'reached' && text.startsWith('IF EXISTS'))
  expect(reached?.map(({ outcome }) => outcome).toSorted()).toEqual(['false', 'true'])
})
