import { bench, describe } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { startCluster } from '../../../harness/postgres/index.ts'
import { digestRelations, locateDifferences } from '../../../harness/snapshot/index.ts'
import { Rounds } from './rounds.ts'

// 14 attributes of the usual types. The settings are a server's: two workers, and work_mem for a hash of 16,384 buckets.
const rows = Number(process.env.GODWIT_BENCH_ROWS ?? 1_000_000)
const make = `
  CREATE TABLE big (id int PRIMARY KEY, ref bigint, code varchar(20), name text, price numeric(10, 2), ok boolean, at timestamptz, day date, u uuid, weight float8, small smallint, doc jsonb, note text, kind char(2));
  INSERT INTO big SELECT i, i * 7919::bigint, 'c-' || i, md5(i::text), i * 0.37, i % 2 = 0, timestamptz '2020-01-01' + i * interval '1 minute', date '2000-01-01' + i % 9000,
         md5(i::text)::uuid, i / 3.0, i % 1000, jsonb_build_object('a', i, 'b', 'x' || i), CASE WHEN i % 3 > 0 THEN repeat('n', i % 40) END, 'k' || i % 10 FROM generate_series(1, ${rows}) AS i;
  CREATE TABLE changed (LIKE big INCLUDING ALL); INSERT INTO changed SELECT * FROM big;
  UPDATE changed SET note = 'changed' WHERE id % ${rows / 10} = 5;
  VACUUM ANALYZE big; VACUUM ANALYZE changed`

// Vitest runs no hooks before benchmarks: the module makes its cluster, and the last round ends it.
const cluster = await startCluster({ kind: 'embedded' })
const database = await cluster.createDatabase()
const session = await database.connect({ statementTimeoutMs: 0, settings: { max_parallel_workers_per_gather: '2', work_mem: '64MB' } })
for (const statement of make.split(';')) await session.script(statement)
const catalog = await readCatalog(session)

const lengthOfText = 'sum(length((t.*)::text))'
const rounds = new Rounds({
  [lengthOfText]: () => session.script('SELECT sum(length((t.*)::text)) FROM big AS t'),
  digest: () => digestRelations(session, catalog, ['public.big']),
  'digest of both states': () => digestRelations(session, catalog, ['public.big', 'public.changed']),
  'md5(string_agg(…))': () => session.script(`SELECT md5(string_agg((t.*)::text, '' ORDER BY id)) FROM big AS t`),
  'locate 10 changed rows': async () => {
    const found = await locateDifferences({ session, catalog, relation: 'public.big' }, { session, catalog, relation: 'public.changed' })
    if (found.length !== 10) throw new Error(`located ${found.length} rows of 10`)
  },
  'read all rows into Node': async () => {
    await session.script('BEGIN')
    for await (const _ of session.cursor('SELECT * FROM big', 10_000));
    await session.script('COMMIT')
  },
})

describe(`digest of ${rows} rows × 14 attributes`, () => {
  bench('a round of each', () => rounds.round(), {
    iterations: Number(process.env.GODWIT_BENCH_ROUNDS ?? 3),
    time: 0,
    warmupIterations: 0,
    warmupTime: 0,
    teardown: async (_, mode) => {
      if (mode !== 'run') return
      console.log(
        `ratios to the digest:\n${rounds.report('digest')}\nto the digests of both states:\n${rounds.report('digest of both states')}\nto the length of the text:\n${rounds.report(lengthOfText)}`,
      )
      await session.close()
      await cluster.stop()
    },
  })
})
