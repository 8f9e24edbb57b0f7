import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { kindNames, uuidOf } from '../../fixtures/kv/kinds.ts'
import type { MadeRecord } from '../../fixtures/kv/store-arbitrary.ts'
import { runProgram } from './run-program.ts'
import { runWhile } from './run-while.ts'
import { seedBulk } from './seed-bulk.ts'
import { openWorkbench, type StoreType, type Workbench } from './workbench.ts'

const client = (n: number, more: object = {}): MadeRecord => ({
  key: `client:${uuidOf('clients', n)}`,
  text: JSON.stringify({ name: `Client ${n}`, email: `c${n}@acme.example`, ...more }),
  kind: 'clients',
  faults: [],
})

describe('KV-1: what is set aside', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
  })
  afterAll(() => bench[Symbol.asyncDispose]())

  test('is committed with its batch: at every moment the checkpoint, the table and what is set aside agree', async () => {
    await bench.fill([])
    await bench.run()
    await seedBulk(bench.session, bulkStore(200, { dirtyPercent: 20 }))
    const looks: { readonly counted: number; readonly found: number }[] = []
    await runWhile(
      bench,
      async () => {
        for (const kind of kindNames) {
          const look = await bench.session.one<{ counted: number; found: number }>(
            `SELECT coalesce((SELECT (counts->>'source')::int FROM kv_checkpoint WHERE kind = '${kind}'), 0) AS counted,
               (SELECT count(*) FROM ${kind})::int + (SELECT count(*) FROM kv_set_aside WHERE kind = '${kind}')::int AS found`,
          )
          if (look.counted > 0) looks.push(look)
        }
      },
      { batchSize: 10 },
    )
    expect(looks.length).toBeGreaterThan(50)
    for (const { counted, found } of looks) expect(found).toBe(counted)
  })

  test.each<StoreType>(['jsonb', 'json', 'text'])('holds the original whole, in a store of %s, whatever its length', async (type) => {
    await using own = await openWorkbench(type)
    const long = (n: number, length: number) => client(n, { email: 'nobody', note: `${'ü\\ "\n'.repeat(length / 5)}end` })
    await own.fill([long(1, 3_000_000), long(2, 100_000), long(3, 5), client(4)])
    expect((await own.run()).total).toMatchObject({ source: 4, inserted: 1, setAside: 3 })
    const rows = await own.session.query(
      'SELECT a.value = s.value::text AS whole, length(a.value) > 1000000 AS long FROM kv_set_aside AS a JOIN kv_store AS s USING (key) ORDER BY key',
    )
    expect(rows).toEqual([
      { whole: true, long: true },
      { whole: true, long: false },
      { whole: true, long: false },
    ])
  })

  test('--retry before any run says so, and makes no table', async () => {
    await using own = await openWorkbench()
    for (const dry of [[], ['--dry-run']]) {
      const run = await runProgram('migrate', ['--retry', '--no-backup', ...dry], { DATABASE_URL: own.database.url() })
      expect([run.code, run.stderr]).toEqual([2, expect.stringContaining('no run has set a record aside yet')])
    }
    expect(await own.session.query("SELECT FROM pg_class WHERE relname = 'clients'")).toEqual([])
  })

  test('records that left the store since are reported, by a run, a dry run and a retry, and what they left stays', async () => {
    await bench.fill([client(1), client(2), client(3, { email: 'nobody' }), client(4, { email: 'nobody' })])
    expect((await bench.run()).gone).toEqual([])
    await bench.session.query('DELETE FROM kv_store WHERE key = $1', [client(1).key])
    expect((await bench.run({ dryRun: true })).gone).toEqual([{ kind: 'clients', records: 1 }])
    await bench.session.query('DELETE FROM kv_store WHERE key = $1', [client(3).key])
    const gone = [{ kind: 'clients', records: 2 }]
    expect((await bench.run({ dryRun: true })).gone).toEqual(gone)
    const result = await bench.run()
    expect([result.gone, result.total.source]).toEqual([gone, 2])
    const retry = await bench.run({ retry: true })
    expect([retry.gone, retry.total.source]).toEqual([gone, 1])
    expect(await bench.session.query('SELECT FROM kv_set_aside')).toHaveLength(2)
    expect(await bench.session.query('SELECT FROM clients')).toHaveLength(2)
    const run = await runProgram('migrate', ['--no-backup'], { DATABASE_URL: bench.database.url() })
    expect(run.stdout).toContain('No longer in the store: clients (2).')
  })
})
