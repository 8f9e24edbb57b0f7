import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readPlan } from '../../../harness/operations/index.ts'
import { runBin } from '../cli/run-bin.ts'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { urlAs } from './production.ts'
import { observedBefore, openStore, type Store } from './ready-support.ts'

const planText = (more: string) => `import { definePlan } from 'godwit'
export default definePlan({ cleanUp: 'drop-total.sql', cleanDays: 1, ${more} })\n`
const check = (sql: string) => `checks: [{ id: 'cents', text: 'Each order has its total in cents.', sql: ${JSON.stringify(sql)} }]`
const parity = check('SELECT id, total, cents FROM orders WHERE cents IS DISTINCT FROM total * 100')

describe('godwit observe and godwit ready', () => {
  let store: Store
  let repository: ScratchRepository
  beforeAll(async () => {
    store = await openStore(`CREATE TABLE orders (id int PRIMARY KEY, total int, cents int); INSERT INTO orders VALUES (1, 5, 500);
      CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'INSERT INTO orders VALUES (9) RETURNING id'`)
    repository = await scratchRepository({
      'drop-total.sql': 'ALTER TABLE orders DROP COLUMN total;\n',
      'begins.sql': 'SELECT 1;\nBEGIN;\nSELECT 2;\n',
      'broken.sql': 'SELECT 1;\nALTER TABEL orders;\n',
      'empty.sql': '-- nothing\n',
      'plan.ts': planText(parity),
      'patient.ts': planText(`${parity}, name: 'plan', lockWaitMs: 60_000`),
      'writes.ts': planText(check('SELECT writes()')),
      'nowhere.ts': planText(check('SELECT id FROM invoices')),
      'unparsed.ts': planText(check('SELECT FROM WHERE')),
      'two.ts': planText(check('SELECT 1; SELECT 2')),
      'deletes.ts': planText(check('DELETE FROM orders RETURNING id')),
      'into.ts': planText(check('SELECT id INTO made FROM orders')),
      'mistyped.ts': planText(`${parity}, cleanDay: 3`),
      'no-days.ts': planText(`${parity}, cleanDays: 0`),
      'no-check.ts': planText('checks: []'),
      'begins.ts': planText(parity).replace('drop-total', 'begins'),
      'broken.ts': planText(parity).replace('drop-total', 'broken'),
      'empty.ts': planText(parity).replace('drop-total', 'empty'),
      'missing.ts': planText(parity).replace('drop-total', 'missing'),
      'no-export.ts': 'export const plan = 1\n',
      'other-table.ts': planText(`${parity}, observations: 'public.orders'`),
      'none-made.ts': planText(`${parity}, observations: 'public.seen'`),
    })
  })
  afterAll(async () => {
    await repository?.[Symbol.asyncDispose]()
    await store?.[Symbol.asyncDispose]()
  })

  const run = (...args: readonly string[]) => repository.runHere([...args, '--url', store.url])
  const objects = async () =>
    (
      await store.session.query<{ name: string }>(
        `SELECT oid::regclass::text AS name FROM pg_class WHERE relnamespace >= 16384 OR relnamespace = 'public'::regnamespace ORDER BY 1`,
      )
    ).map(({ name }) => name)

  test('observe makes its table once it is told to, records, and ends with 1 where a row is wrong', async () => {
    const refused = await run('observe', 'plan.ts')
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('has no table "godwit"."observations" for observations\nHint: Run it once with --create'),
    ])
    const made = await run('observe', 'plan.ts', '--create')
    expect([made.code, made.stderr, made.stdout]).toEqual([
      0,
      '',
      expect.stringMatching(
        /^made {6}the table "godwit"\."observations"\nobserved {2}plan in \S+ at \S+Z\n✓ cents: Each order has its total in cents\.\n {4}clean \(observation 1\)\n$/,
      ),
    ])
    await store.session.script('UPDATE orders SET cents = 1')
    const wrong = await run('observe', 'plan.ts', '--create', '--json')
    expect(wrong.code).toBe(1)
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      plan: 'plan',
      checks: [
        {
          id: 'cents',
          wrong: 1,
          observation: 2,
          examples: [
            [
              ['id', '1'],
              ['total', '5'],
              ['cents', '1'],
            ],
          ],
        },
      ],
    })
    await store.session.script('UPDATE orders SET cents = 500')
  })

  test('ready says why not with 1, and with 0 that it is; --run runs it, once', async () => {
    await store.session.script('TRUNCATE godwit.observations RESTART IDENTITY')
    const early = await run('ready', 'plan.ts')
    expect([early.code, early.stderr, early.stdout]).toEqual([
      1,
      '',
      expect.stringMatching(
        /\n✗ cents: [^\n]*\n {4}not observed on \d{4}-\d\d-\d\d \(UTC\)\nnot ready: drop-total\.sql may not run; nothing was changed\n$/,
      ),
    ])
    await observedBefore(store, await readPlan(join(repository.directory, 'plan.ts')))
    const before = await objects()
    const may = await run('ready', 'plan.ts', '--json')
    expect([may.code, JSON.parse(may.stdout)]).toEqual([0, expect.objectContaining({ ready: true, ran: false })])
    await store.session.script('BEGIN; ALTER TABLE orders ADD COLUMN spare int; ROLLBACK')
    const done = await run('ready', 'plan.ts', '--run')
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringMatching(
        /^locks {5}orders: writers wait\nruns {6}drop-total\.sql in the same [\s\S]*\ndone {6}drop-total\.sql has run, and is committed\n$/,
      ),
    ])
    expect(await objects()).toEqual(before)
    const again = await run('ready', 'plan.ts', '--run')
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('column "total" does not exist (42703)')])
    await store.session.script('ALTER TABLE orders ADD COLUMN total int; UPDATE orders SET total = 5')
  })

  test.each([
    ['plan.ts', [], 2, /no database is named\nHint: Name it with --url/],
    ['plan.ts', ['--url', 'postgres://me:s3cret@127.0.0.1:1/x'], 3, /cannot use the server at 127\.0\.0\.1:1\n/],
    ['absent.ts', undefined, 2, /there is no plan "absent\.ts"\nHint: A plan is a file that exports definePlan/],
    ['writes.ts', undefined, 2, /the check "cents" cannot be asked\n.*read-only transaction \(25006\)\.\nHint: A check only reads/],
    ['nowhere.ts', undefined, 2, /the check "cents" cannot be asked\nrelation "invoices" does not exist \(42P01\)/],
    ['unparsed.ts', undefined, 2, /unparsed\.ts, check "cents":1/],
    ['two.ts', undefined, 2, /"two\.ts": the check "cents" is not one SELECT\n/],
    ['deletes.ts', undefined, 2, /"deletes\.ts": the check "cents" is not one SELECT\n/],
    ['into.ts', undefined, 2, /"into\.ts": the check "cents" is not one SELECT\n/],
    ['mistyped.ts', undefined, 2, /"mistyped\.ts": plan: unrecognized key: "cleanDay"/],
    ['no-days.ts', undefined, 2, /"no-days\.ts": cleanDays: /],
    ['no-check.ts', undefined, 2, /"no-check\.ts": plan: asks for nothing/],
    ['begins.ts', undefined, 2, /begins\.sql:2: the clean-up controls transactions\nHint: Remove BEGIN and COMMIT/],
    ['broken.ts', undefined, 2, /broken\.sql:2:7/],
    ['empty.ts', undefined, 2, /"empty\.sql" has no statement/],
    ['missing.ts', undefined, 2, /"missing\.ts": cleanUp: there is no file "missing\.sql"/],
    ['no-export.ts', undefined, 2, /"no-export\.ts" has no default export\nHint: Write: export default definePlan/],
    ['other-table.ts', undefined, 2, /"public"\."orders" is not a table of observations/],
    ['none-made.ts', undefined, 2, /no table "public"\."seen" (with|for) observations/],
  ])('%s %j ends with %i and one message', async (file, url, exitCode, message) => {
    const before = await objects()
    for (const command of ['observe', 'ready']) {
      const { code, stdout, stderr } = await repository.runHere([command, file, ...(url ?? ['--url', store.url])])
      expect([command, code, stdout]).toEqual([command, exitCode, ''])
      expect(stderr).toMatch(message)
      expect(stderr.match(/^godwit: /gm)).toHaveLength(1)
      expect(stderr).not.toMatch(/s3cret|internal error/)
    }
    expect(await objects()).toEqual(before)
  })

  test('a role that may not read, lock or record, and one to which row security hides rows, are told what they lack', async () => {
    await store.session.script(`CREATE ROLE observer LOGIN PASSWORD 'x'`)
    try {
      const as = (...args: readonly string[]) => repository.runHere([...args, '--url', urlAs(store.url, 'observer', 'x')])
      expect((await as('observe', 'none-made.ts', '--create')).stderr).toContain('the table "public"."seen" cannot be made in')
      await store.session.script('GRANT USAGE ON SCHEMA godwit TO observer; GRANT SELECT ON godwit.observations TO observer')
      expect(await as('ready', 'plan.ts')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('permission denied for table orders (42501)'),
      })
      await store.session.script('GRANT SELECT ON orders TO observer')
      expect(await as('observe', 'plan.ts')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('permission denied for table observations'),
      })
      await store.session.script('GRANT INSERT ON godwit.observations TO observer')
      expect((await as('observe', 'plan.ts')).code).toBe(0)
      await store.session.script('ALTER TABLE orders ENABLE ROW LEVEL SECURITY')
      expect(await as('observe', 'plan.ts')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('row-level security policy for table "orders" (42501)'),
      })
      await store.session.script('ALTER TABLE orders DISABLE ROW LEVEL SECURITY; TRUNCATE godwit.observations')
      await observedBefore(store, await readPlan(join(repository.directory, 'plan.ts')))
      expect(await as('ready', 'plan.ts', '--run')).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('permission denied for table orders (42501)'),
      })
    } finally {
      await store.session.script('DROP OWNED BY observer; DROP ROLE observer')
    }
  })

  test('ready --run that is interrupted while it waits for a lock leaves no session and changes nothing', async () => {
    await store.session.script('TRUNCATE godwit.observations')
    await observedBefore(store, await readPlan(join(repository.directory, 'plan.ts')))
    await using writer = await store.database.connect()
    await writer.script('BEGIN; UPDATE orders SET cents = 500')
    const others = (state: string) =>
      store.session.query(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), ${writer.processId}) AND ${state}`,
      )
    const { code } = await runBin(['ready', 'patient.ts', '--run', '--url', store.url], {
      cwd: repository.directory,
      onStart: (child) => {
        void vi
          .waitFor(async () => expect(await others(`wait_event_type = 'Lock'`)).toHaveLength(1), { timeout: 30_000 })
          .then(() => child.kill('SIGINT'))
      },
    })
    expect(code).toBe(130)
    await vi.waitFor(async () => expect(await others('true')).toEqual([]), { timeout: 5_000 })
    await writer.script('ROLLBACK')
    expect(await store.session.query(`SELECT check_id FROM godwit.observations`)).toEqual([{ check_id: 'cents' }])
  })
})
