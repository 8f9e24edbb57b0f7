import { existsSync } from 'node:fs'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ShardRecord } from '../../../harness/cli/shard-record.ts'
import { resultSchema } from '../../../harness/result/index.ts'
import { timelessReports } from '../report/written-reports.ts'
import { lossyPair, type ScratchRepository, scratchRepository, soundPair } from './scratch-repository.ts'

/** Steps that only together tell: a copy before its original goes, a step that does not apply, downs that hold alone and not from the end. */
const history = {
  '001_people': ['CREATE TABLE people (id int PRIMARY KEY, name text, note text)', 'DROP TABLE people'],
  '002_copy': [
    'ALTER TABLE people ADD COLUMN full_name text; UPDATE people SET full_name = name',
    'ALTER TABLE people DROP COLUMN full_name',
  ],
  '003_broken': ['ALTER TABLE nobody ADD COLUMN x int; CREATE TABLE notes AS SELECT id, note FROM people', 'DROP TABLE notes'],
  '004_drop': ['ALTER TABLE people DROP COLUMN name', 'ALTER TABLE people ADD COLUMN name text; UPDATE people SET name = full_name'],
  '005_lossy': ['ALTER TABLE people DROP COLUMN note', 'ALTER TABLE people ADD COLUMN note text'],
  '006_index': ['CREATE INDEX people_full_name ON people (full_name)', 'DROP INDEX people_full_name'],
  '007_waived': ['ALTER TABLE people DROP COLUMN full_name', 'ALTER TABLE people ADD COLUMN full_name text'],
} as const

const waiver = { owner: 'ann', reason: 'known', expires: '2999-01-01' }
const config = {
  cache: false,
  waivers: [
    { invariant: 'zero-loss', migration: '007_waived', ...waiver },
    { invariant: 'zero-loss', migration: 'nowhere', ...waiver },
  ],
  projects: [
    { name: 'history', path: 'db' },
    { name: 'pairs', path: 'pairs', runs: 4 },
    // Of this one only the machine with the bad pair finds out that it cannot be verified.
    { name: 'bad', path: 'bad', runs: 4 },
  ],
}

const files = {
  'godwit.config.json': JSON.stringify(config),
  ...Object.fromEntries(
    Object.entries(history).flatMap(([name, [up, down]]) => [
      [`db/${name}.up.sql`, `${up};\n`],
      [`db/${name}.down.sql`, `${down};\n`],
    ]),
  ),
  ...soundPair('pairs/sound'),
  ...lossyPair('pairs/lossy'),
  ...soundPair('bad/fine'),
  ...soundPair('bad/refused'),
  'bad/refused/legacy.sql': 'CREATE TABLE items (id no_such_type)',
}

let repository: ScratchRepository
let whole: Readonly<Record<string, string>>
let wholeCode: number | null

beforeAll(async () => {
  repository = await scratchRepository(files)
  const { code } = await repository.run(['verify'])
  wholeCode = code
  whole = await taken()
}, 120_000)

afterAll(() => repository[Symbol.asyncDispose]())

/** The reports that were written, which leave their folder free for the next ones: paths and all are the same then. */
async function taken(): Promise<Readonly<Record<string, string>>> {
  const reports = join(repository.directory, 'reports')
  const texts = await timelessReports(reports)
  await rm(reports, { recursive: true })
  return texts
}

/** Verify in shards; the folders in which they wrote. */
async function shardsOf(count: number, more: readonly string[] = []): Promise<readonly string[]> {
  const folders = Array.from({ length: count }, (_, at) => `shards/${more.length > 0 ? 'costs-' : ''}${count}-${at + 1}`)
  for (const [at, folder] of folders.entries())
    await repository.run(['verify', '--shard', `${at + 1}/${count}`, '--report', folder, ...more])
  return folders
}

describe('the shards of a run', () => {
  test.each([2, 3])('put together are byte for byte the report of the whole, times aside (%i)', { timeout: 180_000 }, async (count) => {
    const folders = await shardsOf(count)
    const { code } = await repository.run(['report', '--merge', ...folders])
    const merged = await taken()
    expect(Object.keys(merged)).toEqual(Object.keys(whole))
    for (const [file, text] of Object.entries(whole)) expect([file, merged[file]]).toEqual([file, text])
    expect(code).toBe(wholeCode)
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(['gate.json', 'godwit.sarif', 'history.jsonl', 'index.html', 'junit.xml']))
    // What makes it worth something: steps on different machines have told each other something.
    const results = JSON.parse(whole['results.json'] ?? '')
    expect(JSON.stringify(results)).toContain('its values stand in public.people.full_name')
    expect(JSON.stringify(results)).toContain('the earlier step \\"003_broken.up.sql\\" does not apply as a whole')
    expect(results.sources[0]).toMatchObject({ brokenAt: { migration: '003_broken.up.sql' }, endToEnd: { verdict: 'violated' } })
  })

  test('with the times of an earlier run as costs are dealt otherwise, and give the same report', { timeout: 180_000 }, async () => {
    const costs = costsOf({ 'db/005_lossy.up.sql': 1_000_000 })
    await repository.write({ 'costs.json': costs })
    const folders = await shardsOf(2, ['--costs', 'costs.json'])
    const [long, others] = await Promise.all(folders.map(namesIn))
    // The longest step fills one machine: the other has all that is left.
    expect(long).toEqual(['005_lossy.up.sql'])
    expect(others?.length).toBe(8)
    await repository.run(['report', '--merge', ...folders])
    expect(await taken()).toEqual(whole)
  })

  test('that were altered do not give the report of the whole', async () => {
    const folders = await copiesOf(2, (record) => {
      const part = record.ran[0]?.part.sources[0]?.steps[0]
      if (part === undefined) throw new Error('the shard has no step')
      Object.assign(part.result, { runs: part.result.runs + 1 })
    })
    await repository.runHere(['report', '--merge', ...folders])
    const merged = await taken()
    expect(merged['results.json']).not.toBe(whole['results.json'])
    expect(merged['index.html']).not.toBe(whole['index.html'])
  })

  test.each<[because: string, path: string, value: unknown]>([
    ['"shards/copy-1/shard.json" is of Godwit 0.0.0, and this is', 'godwit', '0.0.0'],
    ['one has the seed other, the other', 'ran.0.part.seed', 'other'],
    ['one verified bad bad,history elsewhere,pairs pairs, the other bad bad,history db,pairs pairs', 'ran.0.project.paths', ['elsewhere']],
    ['they have different files: "db/001_people.up.sql"', 'ran.0.state.files.db/001_people!up!sql', 'other'],
    ['different rules judged', 'ran.0.part.digest.rules', 'other'],
    ['one ran on PostgreSQL 9.6, the other', 'ran.0.part.digest.server', '9.6'],
    ['they have different options: minCoverage', 'ran.0.state.options.minCoverage', 5],
    ['their steps were dealt by different costs', 'costs', 'other'],
    ['they have different baselines', 'baseline', { version: 1, steps: [] }],
    ['one is of a run with shards 3, the other 2', 'shard.count', 3],
    ['shard 2 of 2 is there twice: "shards/copy-1" and "shards/copy-2"', 'shard.index', 2],
    ['they are of different steps, folders or waivers', 'ran.0.project.waivers', []],
    ['the shards do not have each step of "db" once', 'ran.0.part.sources.0.steps', []],
    ['"shards/copy-1/shard.json" is not what godwit verify --shard wrote', 'shard', null],
  ])('of which one is foreign are refused: %s', async (because, path, value) => {
    const folders = await copiesOf(2, (record) => setIn(record, path.split('.'), value))
    const { code, stdout, stderr } = await repository.runHere(['report', '--merge', ...folders])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(because)
    expect(existsSync(join(repository.directory, 'reports'))).toBe(false)
  })

  test.each([
    [['shards/2-1'], 'shard 2 of 2 is missing'],
    [['shards/2-1', 'shards/2-1'], 'shard 1 of 2 is there twice'],
    [['shards/2-1', 'absent'], 'no report of a shard is in "absent"'],
    [['shards/2-1', 'shards/2-2', 'db'], 'no report of a shard is in "db"'],
  ])('of which %j are named are refused', async (folders, because) => {
    const { code, stdout, stderr } = await repository.runHere(['report', '--merge', ...folders])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(because)
  })

  test('do not write over one of them', async () => {
    const { code, stderr } = await repository.runHere(['report', 'shards/2-1', '--merge', 'shards/2-1', 'shards/2-2'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('the merged report would overwrite the shard in "shards/2-1"')])
  })
})

describe('one shard', () => {
  test('names itself in its report, and passes no gate', async () => {
    const directory = join(repository.directory, 'shards/2-1')
    const result = resultSchema.parse(JSON.parse(await readFile(join(directory, 'results.json'), 'utf8')))
    expect(result.shard).toEqual({ index: 1, count: 2 })
    expect(result.sources[0]?.notes).toContain(
      'Shard 1 of 2 has 4 of 7 steps. What other steps show of these is only in the merged report: godwit report --merge.',
    )
    expect(await readFile(join(directory, 'index.md'), 'utf8')).toContain('Shard 1 of 2 has 4 of 7 steps.')
    const { code, stderr } = await repository.runHere(['gate', '--report', 'shards/2-1'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('has shard 1 of 2 only: it says nothing of the other steps')])
    const baseline = await repository.runHere(['baseline', '--from', 'shards/2-1'])
    expect([baseline.code, baseline.stderr]).toEqual([2, expect.stringContaining('has shard 1 of 2 only')])
  })

  test('without a step says so and exits with 0; one with a loss exits as usual', async () => {
    const own = ['--report', 'shards/few', '--no-cache']
    const none = await repository.run(['verify', 'pairs/lossy', '--shard', '2/2', ...own])
    expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('Shard 2 of 2 has no step. Nothing to verify.')])
    const lossy = await repository.run(['verify', 'pairs/lossy', '--shard', '1/2', ...own])
    expect(lossy.code).toBe(1)
  })

  test.each([
    [['--shard', '3/2'], `argument '3/2' is invalid. It is not a shard such as "2/3", the second of three.`],
    [['--shard', '0/2'], 'It is not a shard'],
    [['--shard', '1/2', '--seed', 'random'], 'the seed "random" is another one in each shard'],
    [['--shard', '1/2', '--costs', 'absent.json'], 'cannot read the costs "absent.json"'],
    [['--costs', 'results.json'], '--costs needs --shard'],
  ])('%j is bad input', async (flags, because) => {
    const { code, stderr } = await repository.runHere(['verify', ...flags])
    expect([code, stderr]).toEqual([2, expect.stringContaining(because)])
  })
})

/** A result in which each of these steps took so many milliseconds, the others one. */
function costsOf(long: Readonly<Record<string, number>>): string {
  const result = JSON.parse(whole['results.json'] ?? '')
  for (const migration of result.migrations) migration.timings = { edge: long[`${migration.path}/${migration.name}`] ?? 1 }
  return JSON.stringify(result)
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(repository.directory, folder, 'results.json'), 'utf8')
  return resultSchema.parse(JSON.parse(text)).migrations.map(({ name }) => name)
}

/** Copies of the last shards of two, the first of them altered. */
async function copiesOf(count: number, alter: (record: ShardRecord) => void): Promise<readonly string[]> {
  const folders = Array.from({ length: count }, (_, at) => [`shards/${count}-${at + 1}`, `shards/copy-${at + 1}`] as const)
  for (const [from, to] of folders) {
    await cp(join(repository.directory, from), join(repository.directory, to), { recursive: true })
  }
  const file = join(repository.directory, 'shards/copy-1/shard.json')
  const record = JSON.parse(await readFile(file, 'utf8'))
  alter(record)
  await writeFile(file, JSON.stringify(record))
  return folders.map(([, to]) => to)
}

/** `!` stands for a dot in a key. */
function setIn(value: unknown, [key = '', ...others]: readonly string[], to: unknown): void {
  const record = value as Record<string, unknown>
  const own = key.replaceAll('!', '.')
  if (!(own in record)) throw new Error(`there is no "${own}"`)
  if (others.length === 0) record[own] = to
  else setIn(record[own], others, to)
}
