import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type LoadedPlan, type Sight, sightBlock, watchDatabase } from '../../../harness/operations/index.ts'
import { maskLiterals } from '../../../harness/operations/watch/mask-literals.ts'
import { runBin } from '../cli/run-bin.ts'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { openStore, planOf, type Store } from './ready-support.ts'

const waitFor = (check: () => Promise<void> | void) => vi.waitFor(check, { timeout: 20_000, interval: 20 })

describe('godwit observe --watch', () => {
  let store: Store
  let repository: ScratchRepository
  let plan: LoadedPlan
  beforeAll(async () => {
    store = await openStore('CREATE TABLE orders (id int PRIMARY KEY, total int, cents int)')
    const sql = 'SELECT id, total, cents FROM orders WHERE cents IS DISTINCT FROM total * 100 ORDER BY id'
    plan = await planOf('SELECT 1;', { checks: [{ id: 'cents', text: 'x', sql }] })
    repository = await scratchRepository({
      'done.sql': 'SELECT 1;\n',
      'plan.mjs': `export default { cleanUp: 'done.sql', checks: [{ id: 'cents', text: 'x', sql: ${JSON.stringify(sql)} }] }\n`,
      'nowhere.mjs': `export default { cleanUp: 'done.sql', checks: [{ id: 'cents', text: 'x', sql: 'SELECT id FROM invoices' }] }\n`,
    })
  })
  beforeEach(() => store.session.script('TRUNCATE orders; INSERT INTO orders VALUES (1, 5, 500), (2, 7, 700)'))
  afterAll(async () => {
    await repository?.[Symbol.asyncDispose]()
    await store?.[Symbol.asyncDispose]()
  })

  const others = async () =>
    (
      await store.session.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'godwit%'`,
      )
    ).map(({ pid }) => pid)

  /** Watch in this process, looking all the time. */
  function watching(badWaitMs = 60_000) {
    const end = new AbortController()
    const sights = watchDatabase({ url: store.url, plan, everyMs: 1, badWaitMs, signal: end.signal })
    return {
      /** The first sight from now on of which `wanted` is true. */
      async until(wanted: (sight: Sight) => boolean): Promise<Sight> {
        for (;;) {
          const { value } = await sights.next()
          if (value === undefined) throw new Error('the watch has ended')
          if (wanted(value)) return value
        }
      },
      async [Symbol.asyncDispose]() {
        end.abort()
        await sights.return()
      },
    }
  }

  test('says which rows a check finds, by key and without other values, and that they are gone', async () => {
    await using watch = watching()
    expect(await watch.until(() => true)).toMatchObject({ state: 'good', reasons: [], waits: [], longestWait: null })
    await store.session.script('UPDATE orders SET cents = 123456 WHERE id = 2')
    const bad = await watch.until(({ state }) => state === 'bad')
    expect([bad.reasons, bad.checks]).toEqual([['cents: 1 row wrong: 2'], [{ id: 'cents', wrong: 1, keys: ['2'], because: null }]])
    expect(JSON.stringify(bad)).not.toContain('123456')
    await store.session.script('UPDATE orders SET cents = 700 WHERE id = 2')
    expect((await watch.until(({ state }) => state === 'good')).reasons).toEqual([])
  })

  test('says who waits for whom, on which table, and keeps the longest wait', async () => {
    await using watch = watching(1)
    await using holder = await store.database.connect()
    await using waiter = await store.database.connect({ lockTimeoutMs: 30_000 })
    await holder.script('BEGIN; UPDATE orders SET total = total WHERE id = 2')
    const waits = waiter.script(`UPDATE orders SET total = 987654 WHERE id = 2`)
    const seen = await watch.until(({ state }) => state === 'bad')
    expect(seen.waits).toEqual([
      {
        pid: waiter.processId,
        ms: expect.any(Number),
        mode: 'ShareLock',
        table: 'orders',
        blockedBy: [holder.processId],
        query: 'UPDATE orders SET total = … WHERE id = …',
      },
    ])
    expect(seen.reasons[0]).toMatch(
      new RegExp(`^pid ${waiter.processId} waits .* for orders \\(ShareLock\\), behind pid ${holder.processId}$`),
    )
    expect(seen.running.find(({ pid }) => pid === holder.processId)).toMatchObject({ state: 'idle in transaction' })
    await holder.script('ROLLBACK')
    await waits
    await waiter.script('UPDATE orders SET total = 7 WHERE id = 2')
    const after = await watch.until(({ state, waits: still }) => state === 'good' && still.length === 0)
    expect(after.longestWait).toMatchObject({ pid: waiter.processId, table: 'orders' })
  })

  test('shows how far an index is, and goes on while a migration holds the table', async () => {
    await using watch = watching(20)
    await using holder = await store.database.connect()
    await using migration = await store.database.connect({ lockTimeoutMs: 0 })
    await holder.script('BEGIN; UPDATE orders SET total = total')
    const index = migration.script('CREATE INDEX CONCURRENTLY orders_total ON orders (total)')
    const building = await watch.until(({ progress }) => progress.length > 0)
    expect(building.progress).toEqual([
      {
        pid: migration.processId,
        command: 'CREATE INDEX CONCURRENTLY',
        table: 'orders',
        phase: expect.stringContaining('waiting'),
        done: 0,
        total: 0,
      },
    ])
    expect(building.waits[0]).toMatchObject({ pid: migration.processId, blockedBy: [holder.processId] })
    await holder.script('COMMIT')
    await index
    await holder.script('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE')
    const locked = await watch.until(({ checks }) => checks[0]?.because !== null)
    expect([locked.state, locked.reasons]).toEqual(['bad', ['cents cannot be asked: canceling statement due to lock timeout (55P03).']])
    await holder.script('COMMIT')
    expect((await watch.until(({ state }) => state === 'good')).checks).toEqual([{ id: 'cents', wrong: 0, keys: [], because: null }])
  })

  test('as a command: lines of JSON, a command that is told when it turns bad and good again, and nothing left after SIGINT', async () => {
    const told = join(repository.directory, 'told')
    let child: ChildProcess | undefined
    const ended = runBin(['observe', 'plan.mjs', '--watch', '--json', '--every', '1ms', '--notify', `cat >> told`, '--url', store.url], {
      cwd: repository.directory,
      onStart: (started) => {
        child = started
      },
    })
    const states = () =>
      existsSync(told)
        ? readFileSync(told, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => (JSON.parse(line) as Sight).state)
        : []
    await waitFor(async () => expect(await others()).toHaveLength(1))
    await store.session.script('UPDATE orders SET cents = 1 WHERE id = 2')
    await waitFor(() => expect(states()).toEqual(['bad']))
    await store.session.script('UPDATE orders SET cents = 700 WHERE id = 2')
    await waitFor(() => expect(states()).toEqual(['bad', 'good']))
    child?.kill('SIGINT')
    const { code, stdout } = await ended
    expect(code).toBe(130)
    const sights = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Sight)
    expect(sights.length).toBeGreaterThan(2)
    expect(new Set(sights.map(({ state }) => state))).toEqual(new Set(['good', 'bad']))
    await waitFor(async () => expect(await others()).toEqual([]))
  })

  test('as a command: a line where something changes, a webhook, a check that is cancelled by SIGTERM', async () => {
    const bodies: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (part) => {
        body += part
      })
      request.on('end', () => {
        bodies.push(body)
        response.writeHead(500).end()
      })
    }).listen(0, '127.0.0.1')
    await store.session.script('UPDATE orders SET cents = 1 WHERE id = 2')
    await waitFor(() => expect(server.listening).toBe(true))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    await using holder = await store.database.connect()
    const { code, stdout, stderr } = await runBin(
      ['observe', 'plan.mjs', '--watch', '--every', '1ms', '--bad-wait', '1h', '--notify', url, '--url', store.url],
      {
        cwd: repository.directory,
        onStart: (child) => {
          void waitFor(() => expect(bodies).toHaveLength(1))
            .then(() => holder.script('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE'))
            .then(() =>
              waitFor(async () =>
                expect(
                  await store.session.query(`SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass`),
                ).toHaveLength(1),
              ),
            )
            .then(() => child.kill('SIGTERM'))
        },
      },
    )
    expect([code, bodies.map((body) => (JSON.parse(body) as Sight).reasons)]).toEqual([143, [['cents: 1 row wrong: 2']]])
    expect(stdout).toMatch(/^\S+Z bad: cents: 1 row wrong: 2; 0 of 1 check clean; 0 sessions waiting\n/)
    expect(stderr).toContain('godwit: the notification failed: the webhook answered 500\n')
    await waitFor(async () => expect(await others()).toEqual([holder.processId]))
    server.close()
  })

  test('as a command: a notification that hangs is ended with what it has started', async () => {
    await store.session.script('UPDATE orders SET cents = 1 WHERE id = 2')
    const file = join(repository.directory, 'pid')
    const { code } = await runBin(
      ['observe', 'plan.mjs', '--watch', '--notify', 'sleep 600 & echo $$ > pid; sleep 600', '--url', store.url],
      {
        cwd: repository.directory,
        onStart: (child) => {
          void waitFor(() => expect(existsSync(file) && readFileSync(file, 'utf8')).toMatch(/^\d+\n$/)).then(() => child.kill('SIGINT'))
        },
      },
    )
    expect(code).toBe(130)
    const group = Number(readFileSync(file, 'utf8'))
    await waitFor(() => expect(() => process.kill(-group, 0)).toThrow('ESRCH'))
  })

  test('ends with 3 where the connection is lost, and with 2 where a check is not for this database', async () => {
    const lost = runBin(['observe', '--watch', '--json', '--url', store.url], {
      cwd: repository.directory,
      onStart: (child) => {
        const end = async () => store.session.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [await others()])
        child.stdout?.once('data', () => void end())
      },
    })
    expect(await lost).toMatchObject({ code: 3, stderr: expect.stringMatching(/^godwit: the watch of \S+ has ended\n/) })
    for (const [args, code, message] of [
      [['observe', 'nowhere.mjs', '--watch'], 2, 'relation "invoices" does not exist (42P01)'],
      [['observe', '--watch', '--create'], 2, '--watch records nothing'],
      [['observe'], 2, 'no plan is named'],
      [['observe', 'plan.mjs', '--notify', 'cat'], 2, '--notify is for --watch'],
      [['observe', '--watch', '--every', 'soon'], 2, 'It is not a duration'],
    ] as const)
      expect(await repository.runHere([...args, '--url', store.url])).toMatchObject({
        code,
        stdout: '',
        stderr: expect.stringContaining(message),
      })
  })

  test('a block for a terminal has no line that is longer, and no control character of the data', () => {
    const sight: Sight = {
      place: 'h:1/db',
      at: '2026-11-29T17:00:01.000000Z',
      state: 'bad',
      reasons: [],
      checks: [{ id: 'cents', wrong: 2, keys: ['a\u001b[31m', 'b'], because: null }],
      progress: [{ pid: 7, command: 'CREATE INDEX', table: 'orders', phase: 'building index', done: 45, total: 100 }],
      running: [{ pid: 8, ms: 61_000, state: 'active', query: `SELECT ${'x'.repeat(200)}` }],
      waits: [],
      longestWait: null,
    }
    expect(sightBlock(sight, 44).split('\n')).toEqual([
      '✗ bad at 17:00:01 UTC, h:1/db',
      '  checks    ✗ cents: 2 rows wrong: a␛[31m, b',
      '  progress  pid 7, CREATE INDEX on orders: …',
      '  open      pid 8, 1 min 1 s, active: SELEC…',
      '  longest   nobody has waited so far',
      '',
    ])
  })
})

test.each([
  [`UPDATE t SET a = 'x''y', b=E'\\'z', c = 12.5e3 WHERE d1 = $1 AND "9" = -4`, 'UPDATE t SET a = …, b=…, c = … WHERE d1 = $1 AND "9" = …'],
  [`SELECT $$secret$$, $a$ $$ $a$ -- comment 5\n, t.x /* 7 */ FROM t2`, 'SELECT …, … , t.x FROM t2'],
  [`INSERT INTO t VALUES ('cut o`, 'INSERT INTO t VALUES (…'],
  [`SELECT $x$cut`, 'SELECT …'],
])('the values of a statement are masked: %s', (sql, masked) => {
  expect(maskLiterals(sql)).toBe(masked)
})
