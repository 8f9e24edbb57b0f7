import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { openUrlCopy } from '../../../harness/operations/index.ts'
import { openEventLog } from '../../../harness/operations/rehearse/event-log.ts'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { leftBehind } from '../cli/left-behind.ts'
import { runBin } from '../cli/run-bin.ts'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { openShop, startProduction } from './production.ts'

const tables = ['a', 'b', 'c', 'd']
const legacy = tables.map((name) => `CREATE TABLE ${name} (id int PRIMARY KEY, note text);\n`).join('')
const rows = tables.map((name) => `INSERT INTO ${name} SELECT n, 'note ' || n FROM generate_series(1, 50) AS n;`).join('')
/** Each statement needs one table. */
const statements = [
  'ALTER TABLE a ADD COLUMN more text',
  'CREATE INDEX b_note ON b (note)',
  'ALTER TABLE c ADD CHECK (id > 0)',
  'ALTER TABLE d RENAME COLUMN note TO notes',
]

interface Told {
  readonly at: string
  readonly direction: string
  readonly event: string
  readonly statement?: number
  readonly text?: string
}

const linesOf = (file: string): readonly Told[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    : []

describe('events of a rehearsal', { timeout: 120_000 }, () => {
  let production: StartedCluster
  let repository: ScratchRepository
  let file: string
  beforeAll(async () => {
    production = await startProduction()
    repository = await scratchRepository({
      'step/legacy.sql': legacy,
      'step/up.sql': statements.map((each) => `${each};\n`).join(''),
      'step/down.sql': 'ALTER TABLE d RENAME COLUMN notes TO note;\n',
      'fails/legacy.sql': legacy,
      'fails/up.sql': `ALTER TABLE a ADD COLUMN more text;\nALTER TABLE a ADD CHECK (note <> 'note 49');\n`,
    })
    file = join(repository.directory, 'events.jsonl')
  })
  afterAll(async () => {
    await repository?.[Symbol.asyncDispose]()
    await production?.stop()
  })

  const args = (folder: string, url: string) => [
    ...['rehearse', folder, '--on', url, '--this-is-a-copy', '--runs', '1', '--no-growth'],
    ...['--events', 'events.jsonl', '--events-table', 'told'],
  ]
  const short = ({ direction, event, statement }: Told) => [direction, event, ...(statement === undefined ? [] : [statement])].join(' ')

  test('are begin, each statement, COMMIT and end of both directions', async () => {
    rmSync(file, { force: true })
    await using shop = await openShop(production, legacy + rows)
    await repository.run(args('step', shop.url))
    const told = linesOf(file)
    expect(told.map(short)).toEqual([
      'up begin',
      ...statements.map((_, at) => `up statement ${at + 1}`),
      'up commit',
      'up end',
      'down begin',
      'down statement 1',
      'down commit',
      'down end',
    ])
    expect(told[1]).toEqual({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      migration: 'step',
      direction: 'up',
      event: 'statement',
      statement: 1,
      file: 'step/up.sql',
      line: 1,
      text: statements[0],
    })
    expect(told[6]).toMatchObject({ outcome: 'applied', durationMs: expect.any(Number) })
    const [table] = await shop.session.script('SELECT event FROM told ORDER BY id')
    expect(table?.rows.map(([event]) => JSON.parse(event ?? ''))).toEqual(told)
  })

  test('have the error of a migration that fails, and stay where its transaction is rolled back', async () => {
    rmSync(file, { force: true })
    await using shop = await openShop(production, legacy + rows)
    await repository.run(args('fails', shop.url))
    const told = linesOf(file)
    expect(told.map(short)).toEqual(['up begin', 'up statement 1', 'up statement 2', 'up error 2', 'up end'])
    expect(told[3]).toMatchObject({ sqlstate: '23514', line: 2, text: `ALTER TABLE a ADD CHECK (note <> 'note 49')` })
    expect(told[4]).toMatchObject({ outcome: 'failed' })
    const [table] = await shop.session.script('SELECT count(*) FROM told')
    expect(table?.rows).toEqual([['5']])
  })

  test('are there up to the statement that ran when the command was killed', async () => {
    const all = statements.map((_, at) => at)
    const seed = fc.readConfigureGlobal().seed ?? 0
    const [some = []] =
      process.env.GODWIT_KILLS === 'all' ? [all] : fc.sample(fc.shuffledSubarray(all, { minLength: 1, maxLength: 1 }), { numRuns: 1, seed })
    const temporary = join(repository.directory, 'temporary')
    mkdirSync(temporary)
    for (const place of some) {
      rmSync(file, { force: true })
      await using shop = await openShop(production, legacy + rows)
      // Held by no session, since others on the copy are refused; reading goes on under it.
      await shop.session.script(`BEGIN; LOCK TABLE ${tables[place]} IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION 'held ${place}'`)
      await shop.session.close()
      await using watching = await production.createDatabase()
      await using session = await watching.connect()
      const waiting = async () => {
        const { count } = await session.one<{ count: string }>(
          `SELECT count(*)::text FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'`,
          [shop.database.name],
        )
        expect(count).toBe('1')
      }
      const started: { child?: ChildProcess } = {}
      const ended = runBin(args('step', shop.url), {
        cwd: repository.directory,
        env: { TMPDIR: temporary },
        onStart: (child) => Object.assign(started, { child }),
      })
      await vi.waitFor(waiting, { timeout: 60_000, interval: 50 })
      started.child?.kill('SIGKILL')
      await ended
      const told = linesOf(file)
      expect(told.map(short)).toEqual(['up begin', ...all.slice(0, place + 1).map((at) => `up statement ${at + 1}`)])
      expect(told.at(-1)?.text).toBe(statements[place])
      await using after = await shop.database.connect()
      const [table, column] = await after.script(
        `SELECT event FROM told ORDER BY id; SELECT count(*) FROM pg_attribute WHERE attrelid = 'a'::regclass AND attname = 'more'`,
      )
      expect(table?.rows.map(([event]) => JSON.parse(event ?? ''))).toEqual(told)
      expect(column?.rows).toEqual([['0']])
      await after.script(`ROLLBACK PREPARED 'held ${place}'`)
      await vi.waitFor(() => expect(leftBehind(started.child?.pid ?? 0, temporary)).toEqual([]), { timeout: 20_000 })
    }
  })

  test('are refused where they cannot be written', async () => {
    await using shop = await openShop(production, legacy + rows)
    await using copy = await openUrlCopy(shop.url)
    const folder = openEventLog(copy, { file: join(repository.directory, 'no/folder/events.jsonl') })
    await expect(folder).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/^events cannot be written to ".*events.jsonl"$/),
    })
    const schema = openEventLog(copy, { table: 'nowhere.told' })
    await expect(schema).rejects.toMatchObject({ exitCode: 3, message: 'events cannot be written to the table nowhere.told' })
    const dump = await repository.runHere(['rehearse', 'step', '--dump', 'x.dump', '--events-table', 'told'])
    expect([dump.code, dump.stderr]).toEqual([2, expect.stringContaining('--events-table goes with --on')])
  })
})
