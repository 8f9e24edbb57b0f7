import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { noticesOf } from './notices.ts'
import { corrected, openWorkbench, type Workbench } from './workbench.ts'

describe('order-line-items, the log', () => {
  test('OLI-10: the migration logs its steps with their times, and tells them again when it is taken back', async () => {
    await using own = await openWorkbench()
    const steps = ['1 lock', '2 rename and view', '3 owner, grants, defaults and comments']
    expect(await noticesOf(own.database, corrected.up)).toEqual(steps.map((step) => expect.stringContaining(step)))
    const log = await own.session.query<{ step: string; kept: boolean }>(
      `SELECT step, milliseconds > 0 AND started_at >= lag(started_at, 1, started_at) OVER (ORDER BY step)
        AND started_at BETWEEN now() - interval '1 minute' AND clock_timestamp() AS kept FROM order_line_items_migration_log ORDER BY step`,
    )
    expect(log).toEqual(steps.map((step) => ({ step, kept: true })))
    expect(await noticesOf(own.database, corrected.down)).toEqual([
      ...steps.map((step) => expect.stringMatching(new RegExp(`${step} \\(at 20.* ms\\)`))),
      expect.stringMatching(/has its name back \(\d/),
    ])
  })

  test('OLI-10: the time of a step is the time that it took', async () => {
    await using own = await openWorkbench()
    await using reader = await own.database.connect()
    // The lock budget is not what this is about.
    const patient = corrected.up.replace("lock_timeout = '1s'", "lock_timeout = '60s'")
    await reader.script('BEGIN; SELECT count(*) FROM order_line_items')
    const began = performance.now()
    const applied = noticesOf(own.database, patient)
    await waitsForTable(own)
    const waiting = performance.now()
    // The step waits for as long as it takes the server to count to 300,000, twice.
    for (let round = 0; round < 2; round += 1) await reader.script('SELECT count(*) FROM generate_series(1, 300000)')
    const waitedMs = performance.now() - waiting
    await reader.script('COMMIT')
    await applied
    const tookMs = performance.now() - began
    const { locked, all } = await own.session.one<{ locked: number; all: number }>(
      `SELECT max(milliseconds) FILTER (WHERE step = '1 lock')::float8 AS locked, sum(milliseconds)::float8 AS "all" FROM order_line_items_migration_log`,
    )
    expect(locked).toBeGreaterThan(waitedMs)
    expect(all).toBeLessThan(tookMs)
    const told = await own.session.query<{ line: string }>(
      `SELECT format('order_line_items: %s (at %s, %s ms) is taken back', step, started_at, milliseconds) AS line FROM order_line_items_migration_log ORDER BY step`,
    )
    expect((await noticesOf(own.database, corrected.down)).slice(0, -1)).toEqual(told.map(({ line }) => line))
  })

  test('OLI-10: each attempt is in the log: one that fails with its error and the steps that it came to, and one that is taken back', async () => {
    await using own = await openWorkbench()
    await own.session.script('CREATE TABLE order_line_items_v2 ()')
    const before = await legacyState(own)
    expect(await migrate(own, 'up')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nothing was changed: relation "order_line_items_v2" already exists (42P07)'),
    })
    expect(await legacyState(own)).toEqual(before)
    await own.session.script('DROP TABLE order_line_items_v2')
    expect(await migrate(own, 'up')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('3 owner') })
    expect((await migrate(own, 'down')).code).toBe(0)
    const log = await own.session.query(
      `SELECT direction, outcome, array_length(steps, 1) AS steps, ended_at > started_at AND started_at >= lag(ended_at, 1, started_at) OVER (ORDER BY id) AS timely
      FROM order_line_items_migration_attempts ORDER BY id`,
    )
    expect(log).toEqual([
      { direction: 'up', outcome: 'relation "order_line_items_v2" already exists (42P07)', steps: 1, timely: true },
      { direction: 'up', outcome: 'applied', steps: 3, timely: true },
      { direction: 'down', outcome: 'applied', steps: 4, timely: true },
    ])
  })

  test.each([[[]], [['sideways']], [['up', '--database', '']]])('lines:migrate refuses %j', async (args) => {
    await using own = await openWorkbench()
    expect((await migrate(own, ...args)).code).toBe(2)
    expect(await own.session.query(`SELECT FROM pg_class WHERE relname LIKE 'order_line_items_migration%'`)).toEqual([])
  })
})

/** Run the command on the workbench's database. */
function migrate({ database }: Workbench, ...args: readonly string[]): Promise<{ code: number | string; out: string; err: string }> {
  const root = resolve(import.meta.dirname, '../..')
  const env = { ...process.env, DATABASE_URL: database.url() }
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'migrations/order-line-items/migrate.ts', ...args],
      { cwd: root, env },
      (error, out, err) => done({ code: error?.code ?? 0, out, err }),
    )
  })
}

/** Every relation but the log of attempts, which the migration does not make. */
function legacyState({ session }: Workbench) {
  return session.query(
    `SELECT oid::integer, relname, relkind, relacl::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'order_line_items_migration_attempts%' ORDER BY oid`,
  )
}

async function waitsForTable({ session }: Workbench): Promise<void> {
  for (let waits = false; !waits; )
    ({ waits } = await session.one<{ waits: boolean }>(
      `SELECT count(*) > 0 AS waits FROM pg_locks WHERE NOT granted AND relation = 'order_line_items'::regclass`,
    ))
}
