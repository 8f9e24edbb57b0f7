import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linearRegression } from 'simple-statistics'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { type Cluster, startCluster } from '../../../harness/postgres/index.ts'
import { type Figure, measure } from '../bench-support.ts'

// What grows without limit in somebody's schema. Each is verified at a quarter, a half and the whole of its size; the exponent is the slope of the
// logarithms. GODWIT_CORNERS names some of them (by commas), GODWIT_CORNER_SHARE takes a share of each size.
const mostExponent = 1.2

interface Pair {
  readonly legacy: string
  readonly up: string
  readonly down?: string
}

const list = (count: number, text: (at: number) => string, between = ', ') =>
  Array.from({ length: count }, (_, at) => text(at)).join(between)

const corners: Readonly<Record<string, { readonly size: number; readonly of: (size: number) => Pair }>> = {
  columns: {
    size: 1500,
    of: (size) => ({
      legacy: `CREATE TABLE wide (id int PRIMARY KEY, ${list(size, (at) => `c${at} integer`)})`,
      up: 'ALTER TABLE wide ADD COLUMN more text; UPDATE wide SET more = c1::text',
      down: 'ALTER TABLE wide DROP COLUMN more',
    }),
  },
  tables: {
    size: 2000,
    of: (size) => ({
      legacy: list(size, (at) => `CREATE TABLE t${at} (id int PRIMARY KEY, note text)`, ';\n'),
      up: 'ALTER TABLE t0 ADD COLUMN more text; UPDATE t0 SET more = note',
    }),
  },
  partitions: {
    size: 5000,
    of: (size) => ({
      legacy: `CREATE TABLE log (id int NOT NULL, note text) PARTITION BY RANGE (id);\n${list(size, (at) => `CREATE TABLE log_${at} PARTITION OF log FOR VALUES FROM (${at * 10}) TO (${at * 10 + 10})`, ';\n')}`,
      up: 'ALTER TABLE log ADD COLUMN more text; UPDATE log SET more = note',
    }),
  },
  'enum labels': {
    size: 300,
    of: (size) => ({
      legacy: `CREATE TYPE state AS ENUM (${list(size, (at) => `'s${at}'`)}); CREATE TABLE jobs (id int PRIMARY KEY, state state NOT NULL)`,
      up: 'ALTER TABLE jobs ALTER COLUMN state TYPE text',
      down: 'ALTER TABLE jobs ALTER COLUMN state TYPE state USING state::state',
    }),
  },
  'statements of four lines': {
    size: 2500,
    of: (size) => ({
      legacy: 'CREATE TABLE items (id int PRIMARY KEY, n integer, note text)',
      up: list(size, (at) => `UPDATE items\n  SET note = 'n${at}'\n  WHERE n = ${at}\n    AND note IS NULL`, ';\n'),
    }),
  },
  'lines of a function': {
    size: 5000,
    of: (size) => ({
      legacy: 'CREATE TABLE items (id int PRIMARY KEY, n integer, note text)',
      up: `CREATE FUNCTION noted(n integer) RETURNS text LANGUAGE plpgsql AS $$ BEGIN\n${list(size / 2, (at) => `IF n = ${at} THEN RETURN 'n${at}';\nEND IF;`, '\n')}\nRETURN 'other'; END $$;\nUPDATE items SET note = noted(n)`,
    }),
  },
  'foreign keys of a table': {
    size: 64,
    of: (size) => ({
      legacy: `${list(size, (at) => `CREATE TABLE p${at} (id int PRIMARY KEY)`, ';\n')};\nCREATE TABLE child (id int PRIMARY KEY, ${list(size, (at) => `p${at} int REFERENCES p${at}`)})`,
      up: 'ALTER TABLE child ADD COLUMN more text; UPDATE child SET more = p0::text',
    }),
  },
  'columns of a key': {
    size: 32,
    of: (size) => ({
      legacy: `CREATE TABLE keyed (${list(size, (at) => `k${at} int`)}, note text, PRIMARY KEY (${list(size, (at) => `k${at}`)}))`,
      up: 'ALTER TABLE keyed ADD COLUMN more text; UPDATE keyed SET more = note',
    }),
  },
  'attributes of a check': {
    size: 48,
    of: (size) => ({
      legacy: `CREATE TABLE checked (id int PRIMARY KEY, ${list(size, (at) => `c${at} integer NOT NULL`)}, CHECK (${list(size - 1, (at) => `c${at} <= c${at + 1}`, ' AND ')}))`,
      up: 'ALTER TABLE checked ADD COLUMN more text; UPDATE checked SET more = c0::text',
    }),
  },
  'objects of a step': {
    size: 3000,
    of: (size) => ({
      legacy: 'CREATE TABLE items (id int PRIMARY KEY, n integer)',
      up: list(size / 2, (at) => `CREATE TABLE made_${at} (id int PRIMARY KEY)`, ';\n'),
      down: list(size / 2, (at) => `DROP TABLE made_${at}`, ';\n'),
    }),
  },
}

async function verified(cluster: Cluster, pair: Pair): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-bench-'))
  try {
    for (const [name, text] of Object.entries(pair)) await writeFile(join(folder, `${name}.sql`), text)
    const sources = await readSources([folder], {})
    const started = performance.now()
    await verifyOn(cluster, sources, { timeLimitMs: 600_000 }, {})
    return (performance.now() - started) / 1_000
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The most that the heap held while work was done, in MB. */
async function withPeak<Result>(work: () => Promise<Result>): Promise<readonly [Result, number]> {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().heapUsed)
  }, 100)
  try {
    return [await work(), peak / 1_000_000]
  } finally {
    clearInterval(timer)
  }
}

measure('Corners: how a verification grows with one thing', async () => {
  const wanted = process.env.GODWIT_CORNERS?.split(',')
  const share = Number(process.env.GODWIT_CORNER_SHARE ?? 1)
  await using cluster = await startCluster({ kind: 'embedded' })
  // What is loaded and compiled at the first verification is no growth.
  await verified(cluster, { legacy: 'CREATE TABLE t (id int PRIMARY KEY, n int)', up: 'UPDATE t SET n = 1' })
  const figures: Figure[] = []
  for (const [name, { size, of }] of Object.entries(corners)) {
    if (wanted !== undefined && !wanted.includes(name)) continue
    const sizes = [4, 2, 1].map((part) => Math.max(2, 2 * Math.round((size * share) / part / 2)))
    const points: [number, number][] = []
    let peak = 0
    for (const each of sizes) {
      const [seconds, megabytes] = await withPeak(() => verified(cluster, of(each)))
      console.log(`${name} ${each}: ${seconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB`)
      points.push([Math.log(each), Math.log(seconds)])
      peak = megabytes
    }
    figures.push(
      { what: `${sizes.at(-1)} ${name}`, values: [Math.exp(points.at(-1)?.[1] ?? Number.NaN)], unit: ' s' },
      { what: `${name}: exponent`, values: [linearRegression(points).m], unit: '', budget: { most: mostExponent } },
      { what: `${name}: heap`, values: [peak], unit: ' MB', budget: { most: 500 } },
    )
  }
  return figures
})
