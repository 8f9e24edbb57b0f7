import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readPair } from '../../../harness/formats/index.ts'
import { fullDepth, onPairBase } from '../../../harness/run/index.ts'
import { runEdges } from '../../../harness/verify/edges.ts'
import { Inquiry, learn } from '../../../harness/verify/index.ts'
import { coverageOf } from '../../../harness/verify/measure-coverage.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

/** One kind of target each: `t` loses something only where rows reach it. */
const planted: Readonly<Record<string, { readonly legacy: string; readonly up: string }>> = {
  'a condition that decides beside three others': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, a int, b text, c text, d int, v text NOT NULL)',
    up: "DELETE FROM t WHERE a = 4711 AND b = 'rare' AND c IS NULL AND d BETWEEN 812 AND 813",
  },
  'a condition on a number far away': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, a numeric(12,2) NOT NULL, b date, v text NOT NULL)',
    up: "DELETE FROM t WHERE a > 987654.32 AND b < DATE '1871-01-18' AND v LIKE 'ZQ%'",
  },
  'a row without a partner': {
    legacy: 'CREATE TABLE t_to (code text PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL, v text NOT NULL)',
    up: 'CREATE TABLE t_new AS SELECT t.* FROM t JOIN t_to ON t_to.code = t.code; DROP TABLE t',
  },
  'NULL in the key of a join': {
    legacy: 'CREATE TABLE t_to (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, o int REFERENCES t_to, v text NOT NULL)',
    up: 'CREATE TABLE t_new AS SELECT t.* FROM t JOIN t_to ON t_to.id = t.o; DROP TABLE t',
  },
  'several rows of one group that differ in what is aggregated': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, k int NOT NULL, l date NOT NULL, m text NOT NULL, v text NOT NULL)',
    up: 'CREATE TABLE t_new AS SELECT min(id) AS id, k, l, m, min(v) AS v FROM t GROUP BY k, l, m; DROP TABLE t',
  },
  'several rows of one key of DISTINCT ON': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, k uuid NOT NULL, l timestamptz NOT NULL, v text NOT NULL)',
    up: 'CREATE TABLE t_new AS SELECT DISTINCT ON (k, l) id, k, l, v FROM t ORDER BY k, l, id; DROP TABLE t',
  },
  'two new rows of one key': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, k date NOT NULL, l numeric(8,2) NOT NULL, v text NOT NULL)',
    up: 'CREATE TABLE t_new (k date, l numeric(8,2), id int, v text, UNIQUE (k, l)); INSERT INTO t_new (k, l, id, v) SELECT k, l, id, v FROM t ON CONFLICT (k, l) DO NOTHING; DROP TABLE t',
  },
  'more rows than a limit': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL)',
    up: 'CREATE TABLE t_new AS SELECT id, v FROM t ORDER BY id LIMIT 9; DROP TABLE t',
  },
  'all arguments of COALESCE missing': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, a text, b date, c text, v text NOT NULL)',
    up: "UPDATE t SET v = '' WHERE coalesce(a, b::text, c) IS NULL",
  },
  'an equal pair of NULLIF': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL)',
    up: "ALTER TABLE t ALTER COLUMN v DROP NOT NULL; UPDATE t SET v = NULLIF(v, 'not available, see file')",
  },
  'a later WHEN of CASE': {
    legacy: 'CREATE TABLE t (id int PRIMARY KEY, a int, b text NOT NULL, v text)',
    up: "UPDATE t SET v = CASE WHEN a > 7 THEN v WHEN a IS NULL AND b = 'gone' THEN NULL ELSE v END",
  },
  'several rows of a scalar subquery': {
    legacy:
      'CREATE TABLE t_of (id int PRIMARY KEY, name date NOT NULL); CREATE TABLE t (id int PRIMARY KEY, name date NOT NULL, v text NOT NULL)',
    up: 'ALTER TABLE t_of ADD COLUMN v text; UPDATE t_of SET v = (SELECT t.v FROM t WHERE t.name = t_of.name ORDER BY t.id LIMIT 1); DROP TABLE t',
  },
}

const named = Object.entries(planted).map(([title, { legacy, up }], at) => {
  const put = (sql: string) => sql.replaceAll(/(?<![a-zA-Z0-9])t(?=_|\b)/g, `t${at}`)
  return { title, table: `public.t${at}`, legacy: put(legacy), up: put(up) }
})

/** The titles of what is found. */
async function found(runs: number, aimed: boolean): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-aimed-'))
  try {
    writeFileSync(join(folder, 'legacy.sql'), named.map(({ legacy }) => legacy).join(';\n'))
    writeFileSync(join(folder, 'up.sql'), named.map(({ up }) => up).join(';\n'))
    return await onPairBase(await useCluster(), await readPair(folder), {}, async (base, migration) => {
      const depth = () => ({ ...fullDepth(runs), variants: 1, repeats: false, faults: 'none' }) as const
      const inquiry = await Inquiry.begin(migration, base, { options: {}, seed: 'aimed', hooks: {}, path: folder, depth, aimed })
      const learned = await learn(inquiry)
      const coverage = await coverageOf(base.session(), inquiry.subject, learned.empty.run.migrated?.catalog)
      await runEdges(inquiry, coverage)
      inquiry.collector.settle()
      const lost = new Set(
        inquiry.collector
          .findings()
          .flatMap(({ finding }) => (finding.invariant === 'zero-loss' && finding.severity !== 'info' ? [finding.relation] : [])),
      )
      return named.flatMap(({ title, table }) => (lost.has(table) ? [title] : []))
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a fault behind each kind of target', () => {
  test('is found where runs are aimed, and not each of them where they are not', async () => {
    const [aimed, drawn] = [await found(6, true), await found(6, false)]
    console.log(`found ${aimed.length} of ${named.length} with aiming, ${drawn.length} without`)
    expect(named.map(({ title }) => title).filter((title) => !aimed.includes(title))).toEqual([])
    expect(drawn.length).toBeLessThan(named.length)
  }, 120_000)
})
