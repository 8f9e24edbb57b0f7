import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { json } from 'node:stream/consumers'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { uuidOf } from '../../fixtures/kv/kinds.ts'
import { notifier } from '../../migrations/kv-to-tables/command/notify.ts'
import { showProgress } from '../../migrations/kv-to-tables/command/progress.ts'
import { runProgram } from './run-program.ts'
import { seedBulk } from './seed-bulk.ts'
import { readStore } from './state.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const client = (n: number, email: string) => ({
  key: `client:${uuidOf('clients', n)}`,
  text: JSON.stringify({ name: `Secret ${n}`, email }),
  kind: 'clients' as const,
  faults: [],
})

describe('the programs', { timeout: 120_000 }, () => {
  let bench: Workbench
  let directory: string
  let url: string
  beforeAll(async () => {
    bench = await openWorkbench()
    directory = await mkdtemp(join(tmpdir(), 'kv-to-tables-'))
    url = bench.database.url()
  })
  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
    await bench[Symbol.asyncDispose]()
  })

  test('kv:migrate dry, live, again after a fix; kv:rollback previewed and confirmed: exit codes, output, and what is said on standard error', async () => {
    await bench.fill([client(1, 'a@acme.example'), client(2, 'nobody')])
    const untouched = await readTraces(bench.session)
    const dry = await runProgram('migrate', ['--dry-run', '--json'], { DATABASE_URL: url })
    expect([dry.code, JSON.parse(dry.stdout)]).toEqual([
      1,
      expect.objectContaining({ version: 1, dryRun: true, total: expect.objectContaining({ inserted: 1, setAside: 1 }) }),
    ])
    expect(await readTraces(bench.session)).toEqual(untouched)

    const live = await runProgram('migrate', ['--database', url, '--verbose', '--batch-size=1', '--no-backup'])
    expect(live.code).toBe(1)
    expect(live.stdout).toMatch(/\| clients +\| +2 \| +1 \|/)
    expect(live.stderr).toContain(`set aside: "client:${uuidOf('clients', 2)}" (2): email is no e-mail address`)
    expect(live.stderr).toMatch(/clients: 2 of 2; 100 % of all, \d+\/s, 0 s left/)
    expect(live.stdout + live.stderr).not.toContain('Secret')
    expect(live.stdout + live.stderr).not.toContain(new URL(url).password)

    await bench.change([client(2, 'b@acme.example')])
    expect((await runProgram('migrate', ['--retry', '--no-backup'], { DATABASE_URL: url })).code).toBe(0)

    const preview = await runProgram('rollback', [], { DATABASE_URL: url })
    expect([preview.code, preview.stdout]).toEqual([0, expect.stringMatching(/Preview[\s\S]*\| clients +\| +2 \|/)])
    const refused = await runProgram('rollback', ['--confirm', '--tables=clients,users'], { DATABASE_URL: url })
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('there is no table "users"')])
    expect((await runProgram('rollback', ['--confirm'], { DATABASE_URL: url })).code).toBe(0)
    expect(await bench.session.query('SELECT FROM clients')).toEqual([])
  })

  test('KV-12: the results document of a trial has its metrics, each issue with examples, and what to adjust', async () => {
    await bench.fill([client(1, 'a@acme.example'), client(2, 'nobody'), client(3, 'nobody either')])
    const file = join(directory, 'MIGRATION_TEST_RESULTS.md')
    const run = await runProgram('migrate', ['--dry-run', '--json', '--report', file], { DATABASE_URL: url })
    const { total } = JSON.parse(run.stdout) as { readonly total: { readonly source: number; readonly setAside: number } }
    expect([run.code, total.source, total.setAside]).toEqual([1, 3, 2])
    const text = await readFile(file, 'utf8')
    expect(text).toMatch(/dry run: 3 records in [\d.]+ s \([\d,]+ a second\), 2 set aside \(66\.67 %\); peak memory \d+ MB/)
    expect(text).toMatch(/\| total +\| +3 \| +1 \|/)
    const issue = text.split('\n').find((line) => line.startsWith('| clients') && line.includes('client:'))
    expect(issue).toMatch(/\| +2 \|.*\| (Correct|Fill|Decide|Look|Find)[^|]+\|$/)
    expect(issue).toContain(uuidOf('clients', 2))
    expect(text).not.toContain('Secret')
  })

  test('KV-12: a trial writes the results document whole, leaves the tables empty and the store as it was, and refuses tables that have rows', async () => {
    const own = await openWorkbench()
    try {
      await seedBulk(own.session, bulkStore(300))
      const before = await readStore(own.session)
      const file = join(directory, 'trial.md')
      const run = await runProgram('trial', ['--report', file], { DATABASE_URL: own.database.url() })
      expect([run.code, run.stdout]).toEqual([
        1,
        expect.stringMatching(/^Trial: 300 records, \d+ inserted, \d+ set aside, and rolled back\.$/m),
      ])
      const text = await readFile(file, 'utf8')
      const part = (title: string) => new RegExp(`^## ${title}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(text)?.[1] ?? ''
      expect(part('Schema design')).toMatch(
        /\| orders +\|.*quantity integer NOT NULL.*FOREIGN KEY \(site_id\) REFERENCES sites\(id\).*UNIQUE INDEX btree \(number\)/,
      )
      expect(part('Integrity')).toContain('No record is missing.')
      for (const column of ['catalogs.client_id', 'sites.catalog_id', 'orders.product_id'])
        expect(part('Relationships')).toMatch(new RegExp(`\\| ${column} +\\| [a-z]+ +\\| +[1-9]\\d* \\| +0 \\|`))
      expect(part('Queries before and after').match(/ms \| +\d+ × \|/g)).toHaveLength(4)
      expect(part('Rollback')).toMatch(/^\d+ rows of 6 tables .* \(promised: below 5 min, kept\)/m)
      expect(await readStore(own.session)).toEqual(before)
      expect(await own.session.query('SELECT FROM clients')).toEqual([])

      await own.run()
      const traces = await readTraces(own.session)
      const refused = await runProgram('trial', ['--report', file], { DATABASE_URL: own.database.url() })
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('"public.clients" has rows already')])
      expect(await readTraces(own.session)).toEqual(traces)
    } finally {
      await own[Symbol.asyncDispose]()
    }
  })

  test('KV-13: the guide names every option of the three programs, and no other', async () => {
    const guide = await readFile('docs/kv-to-tables.md', 'utf8')
    const usage = guide.split('```').find((block) => block.includes('npm run kv:migrate -- [')) ?? ''
    const optionsIn = (text: string) => [...new Set([...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option))].toSorted()
    const helps = await Promise.all([
      runProgram('migrate', ['--help']),
      runProgram('rollback', ['--help']),
      runProgram('trial', ['--help']),
    ])
    expect(optionsIn(usage)).toEqual(optionsIn(helps.map(({ stdout }) => stdout).join('\n')).filter((each) => each !== '--help'))
  })

  test.each([
    ['no database', ['--no-backup'], 2, /no database is named/],
    ['an unknown option', ['--fast'], 2, /unknown option/],
    ['a batch size of none', ['--batch-size=0'], 2, /number from 1 to 100000/],
    ['an unknown kind', ['--only=users', '--no-backup'], 2, /there is no kind "users"/],
    ['mail without a server', ['--notify=mailto:a@b.example', '--no-backup'], 2, /no mail server is configured/],
    [
      'a server that is not there',
      ['--database=postgres://secret@127.0.0.1:1/x', '--no-backup'],
      3,
      /cannot connect to the database \(ECONNREFUSED\)/,
    ],
  ])('bad usage, %s: a clear message, no stack, the exit code', async (_, args, code, message) => {
    const run = await runProgram('migrate', args)
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code, stdout: '' })
    expect(run.stderr).toMatch(message)
    expect(run.stderr).not.toMatch(/ {4}at |secret/)
  })

  test('a store that is not there, or is none, is named', async () => {
    await bench.session.script('CREATE TABLE no_store (id int)')
    for (const [store, message] of [
      ['nowhere', 'there is no table "nowhere"'],
      ['no_store', '"no_store" is no store'],
    ] as const) {
      const run = await runProgram('migrate', ['--database', url, '--store', store, '--no-backup'])
      expect([run.code, run.stderr]).toEqual([2, expect.stringContaining(message)])
    }
  })

  test('KV-9: a webhook gets the statistics as JSON, and nothing of the store; one that fails changes nothing', async () => {
    await bench.fill([client(1, 'a@acme.example')])
    const got: unknown[] = []
    const server = createServer((request, response) => {
      void json(request).then((body) => {
        got.push(body)
        response.writeHead(request.url === '/broken' ? 500 : 204).end()
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const run = await runProgram('migrate', ['--database', url, '--notify', `${hook}/hook`, '--no-backup'])
    const broken = await runProgram('migrate', ['--database', url, '--notify', `${hook}/broken`, '--no-backup'])
    server.close()
    expect(run.code).toBe(0)
    expect([broken.code, broken.stderr]).toEqual([0, expect.stringContaining('the webhook answers 500')])
    expect(got[0]).toMatchObject({ version: 1, outcome: 'finished', total: { source: 1, inserted: 1 } })
    expect(JSON.stringify(got)).not.toMatch(/Secret|acme/)
    expect(() => notifier('http://example.org/hook', {})).toThrow('nobody can be notified so')
  })

  test('KV-9: mail goes by the configured server', async () => {
    const mails: string[] = []
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, _, done) {
        const parts: Buffer[] = []
        stream.on('data', (part: Buffer) => parts.push(part))
        stream.on('end', () => {
          mails.push(Buffer.concat(parts).toString())
          done()
        })
      },
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const notify = notifier('mailto:team@acme.example', {
      KV_SMTP_URL: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    })
    await notify({ subject: 'kv-to-tables: 1 record, none set aside ✓', text: '| kind |\n', body: {} })
    await new Promise<void>((done) => server.close(() => done()))
    const [mail] = await Promise.all(mails.map((each) => PostalMime.parse(each)))
    expect(mail).toMatchObject({ subject: 'kv-to-tables: 1 record, none set aside ✓', to: [{ address: 'team@acme.example' }] })
    expect(mail?.text?.trim()).toBe('| kind |')
  })

  test('KV-9: a bar with rate and remaining time on a terminal, plain lines elsewhere', async () => {
    let clock = 0
    const shown = (isTTY: boolean) => {
      const output = Object.assign(new PassThrough(), {
        isTTY,
        columns: 120,
        rows: 40,
        cursorTo: () => true,
        clearLine: () => true,
        moveCursor: () => true,
      })
      clock = 0
      const view = showProgress(output, () => clock)
      view.update({ kind: 'clients', done: 0, total: 100, doneInAll: 0, totalInAll: 400 })
      clock = 2000
      view.update({ kind: 'clients', done: 50, total: 100, doneInAll: 50, totalInAll: 400 })
      clock = 8000
      view.update({ kind: 'clients', done: 100, total: 100, doneInAll: 100, totalInAll: 400 })
      view.stop()
      return String(output.read())
    }
    expect(shown(false)).toBe('clients: 0 of 100; 0 % of all, 0/s, ? left\nclients: 100 of 100; 25 % of all, 13/s, 24 s left\n')
    expect(shown(true)).toMatch(/clients {3}\[[^\]]+\] 25 % of 400, 13\/s, 24 s left/)
  })
})
