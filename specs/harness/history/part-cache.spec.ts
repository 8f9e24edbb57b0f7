import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { assemble, type VerifiedPart, verifyPart } from '../../../harness/history/index.ts'
import type { Cluster, startCluster } from '../../../harness/postgres/index.ts'
import type { VerifyResult } from '../../../harness/result/index.ts'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { runBin } from '../cli/run-bin.ts'
import { writtenFiles } from './written-history.ts'

const pair = {
  'legacy.sql': 'CREATE TABLE client (id int PRIMARY KEY, note text, born date);',
  'up.sql': 'ALTER TABLE client DROP COLUMN note;',
  'down.sql': 'ALTER TABLE client ADD COLUMN note text;',
  'contract.ts': "import { why } from './why.ts'\nexport default { discards: [{ path: 'public.client.note', because: why }] }",
  'why.ts': "export const why = 'nobody reads it'",
}
const history = {
  '001_a.up.sql': 'CREATE TABLE a (id int PRIMARY KEY, note text);',
  '001_a.down.sql': 'DROP TABLE a;',
  '002_b.up.sql': 'ALTER TABLE a ADD COLUMN more text;',
  '002_b.down.sql': 'ALTER TABLE a DROP COLUMN more;',
}
const prelude = { 'prelude.sql': 'CREATE SCHEMA platform;' }

/** A project that is verified again and again with one cache. */
async function project(files: Readonly<Record<string, string>>) {
  const written = await writtenFiles({ ...files, ...prelude })
  const cache = await writtenFiles({})
  const run = async (options: VerifyOptions = {}, more: Partial<Cluster> = {}): Promise<VerifiedPart & { readonly started: number }> => {
    const start = vi.fn(async () =>
      Object.assign(Object.create(await useCluster()), { [Symbol.asyncDispose]: async () => undefined, ...more }),
    )
    const all = { runs: 4, prelude: join(written.path, 'prelude.sql'), cacheDirectory: cache.path, ...options }
    const part = await verifyPart([written.path], all, { startCluster: start as unknown as typeof startCluster })
    return { ...part, started: start.mock.calls.length }
  }
  const write = (name: string, text: string) => writeFile(join(written.path, name), text)
  const dispose = async () => {
    await written[Symbol.asyncDispose]()
    await cache[Symbol.asyncDispose]()
  }
  return { run, write, path: written.path, [Symbol.asyncDispose]: dispose }
}

/** A result without what says where it came from and how long it took. */
function judged(part: VerifiedPart) {
  const { result, counterexamples } = assemble([part])
  const { durationMs: _, timings: __, sources, migrations, ...rest } = result
  return {
    ...rest,
    sources: sources.map((each) => ({ ...each, verified: 0, cached: 0 })),
    migrations: migrations.map((each) => ({ ...each, cached: false })),
    counterexamples: [...counterexamples],
  }
}

function counts(part: VerifiedPart) {
  return assemble([part]).result.sources.map(({ verified, cached }) => [verified, cached])
}

describe.each([
  ['a pair', pair, 1],
  ['a history', history, 2],
])('%s that has not changed', (_, files, steps) => {
  test('is judged as before, and no server is started', async () => {
    await using own = await project(files)
    const [first, second] = [await own.run(), await own.run()]
    expect([first.started, counts(first)]).toEqual([1, [[steps, 0]]])
    expect([second.started, counts(second)]).toEqual([0, [[0, steps]]])
    expect(judged(second)).toEqual(judged(first))
  })

  test('is verified anew where the prelude, the options, the seed or the server are others', async () => {
    await using own = await project(files)
    await own.run()
    const others: readonly VerifyOptions[] = [{ runs: 5 }, { seed: 'other' }, { postgres: '17' }, { failOn: 'warning' }, { prelude: [] }]
    const started: number[] = []
    for (const options of others) started.push((await own.run(options)).started)
    expect(started).toEqual(others.map(() => 1))
    await own.write('prelude.sql', 'CREATE SCHEMA other;')
    expect((await own.run()).started).toBe(1)
    expect((await own.run()).started).toBe(0)
  })

  test('is verified anew where that is asked for, or what was kept may not be the whole', async () => {
    await using own = await project(files)
    const others: readonly VerifyOptions[] = [{ seed: 'random' }, { timeLimitMs: 60_000 }]
    const started: number[] = []
    for (const options of others) for (const _again of [1, 2]) started.push((await own.run(options)).started)
    expect(started).toEqual([1, 1, 1, 1])
  })
})

describe('a pair is verified anew', () => {
  test.each([
    ['up.sql', 'ALTER TABLE client DROP COLUMN note, DROP COLUMN born;'],
    ['down.sql', 'ALTER TABLE client ADD COLUMN note varchar;'],
    ['legacy.sql', 'CREATE TABLE client (id int PRIMARY KEY, note text, born date, more int);'],
  ])('where %s has changed', async (name, text) => {
    await using own = await project(pair)
    await own.run()
    await own.write(name, text)
    expect((await own.run()).started).toBe(1)
  })

  // Within one process Vitest keeps what it has imported.
  test('where a file has changed that its contract imports', { timeout: 60_000 }, async () => {
    await using written = await writtenFiles(pair)
    const why = async () => {
      const { stdout } = await runBin(['verify', '.', '--runs', '4', '--json'], { cwd: written.path })
      const { sources, migrations } = JSON.parse(stdout) as VerifyResult
      return [sources[0]?.cached, JSON.stringify(migrations).includes('it is empty')]
    }
    expect([await why(), await why()]).toEqual([
      [0, false],
      [1, false],
    ])
    await writeFile(join(written.path, 'why.ts'), "export const why = 'it is empty'")
    expect(await why()).toEqual([0, true])
  })

  test('where rows were saved that the verdict has not seen, and not where it showed them', async () => {
    const { 'contract.ts': _, 'why.ts': __, ...losing } = pair
    await using own = await project(losing)
    const first = await own.run()
    const shown = assemble([first])
    const rows = [...shown.counterexamples.values()].map(({ rowsSql }) => ({ sql: rowsSql, extreme: false }))
    expect(rows.length).toBeGreaterThan(0)
    const name = shown.result.migrations[0]?.name ?? ''
    expect((await own.run({ saved: new Map([[name, rows]]) })).started).toBe(0)
    expect((await own.run({ saved: new Map([['of another', [{ sql: 'INSERT INTO client VALUES (1);', extreme: false }]]]) })).started).toBe(
      0,
    )
    const more = new Map([[name, [...rows, { sql: "INSERT INTO public.client VALUES (77, 'seen', NULL);", extreme: false }]]])
    expect((await own.run({ saved: more })).started).toBe(1)
    expect((await own.run({ saved: more })).started).toBe(0)
  })

  test('where it is a program: what that loads is not known', async () => {
    const program = "export default async ({ session }) => { await session.script('ALTER TABLE client DROP COLUMN note') }"
    const { 'up.sql': _, ...rest } = pair
    await using own = await project({ ...rest, 'up.ts': program })
    expect([(await own.run()).started, (await own.run()).started]).toEqual([1, 1])
  })
})

describe('a history is verified anew', () => {
  const goose = {
    '00001_a.sql':
      '-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE a (id int PRIMARY KEY, note $GODWIT_SPEC_TYPE);\n-- +goose Down\nDROP TABLE a;\n',
    '00002_b.sql': '-- +goose Up\nALTER TABLE a ADD COLUMN more int;\n-- +goose Down\nALTER TABLE a DROP COLUMN more;\n',
  }
  afterEach(() => vi.unstubAllEnvs())

  test('where a variable of the environment has changed that its tool puts into it', async () => {
    await using own = await project(goose)
    vi.stubEnv('GODWIT_SPEC_TYPE', 'text')
    expect(counts(await own.run())).toEqual([[2, 0]])
    vi.stubEnv('GODWIT_SPEC_TYPE', 'bigint')
    expect(counts(await own.run())).toEqual([[2, 0]])
    vi.stubEnv('GODWIT_SPEC_TYPE', 'text')
    const again = await own.run()
    expect([again.started, counts(again)]).toEqual([0, [[0, 2]]])
  })

  test("where a placeholder has changed in its tool's configuration", async () => {
    const placeholder = (type: string) => `[flyway.placeholders]\ntype = "${type}"\n`
    await using own = await project({
      'sql/V1__a.sql': 'CREATE TABLE a (id int PRIMARY KEY);',
      'sql/V2__b.sql': ['ALTER TABLE a ADD COLUMN note $', '{type};'].join(''),
      'flyway.toml': placeholder('text'),
    })
    expect(counts(await own.run())).toEqual([[2, 0]])
    await own.write('flyway.toml', placeholder('bigint'))
    expect(counts(await own.run())).toEqual([[1, 1]])
    expect((await own.run()).started).toBe(0)
  })

  test('on a cluster of another kind: settings, collations and what can be done with it are others', async () => {
    await using own = await project(history)
    await own.run()
    const other = await own.run({ postgres: 'postgresql://localhost/postgres' }, { kind: 'url' })
    expect([other.started, counts(other)]).toEqual([1, [[2, 0]]])
  })

  // Within one process Vitest keeps what it has imported.
  test('where a file has changed that the contract of a step imports', { timeout: 60_000 }, async () => {
    const drop = { '003_c.up.sql': 'ALTER TABLE a DROP COLUMN note;', '003_c.down.sql': 'ALTER TABLE a ADD COLUMN note text;' }
    const { 'contract.ts': _, 'why.ts': why } = pair
    const contract = "import { why } from './why.ts'\nexport default { discards: [{ path: 'public.a.note', because: why }] }"
    await using written = await writtenFiles({ ...history, ...drop, '003_c.contract.ts': contract, 'why.ts': why })
    const run = async () => {
      const { stdout } = await runBin(['verify', '.', '--runs', '4', '--json'], { cwd: written.path })
      const { sources, migrations } = JSON.parse(stdout) as VerifyResult
      return [sources[0]?.verified, sources[0]?.cached, JSON.stringify(migrations).includes('it is empty')]
    }
    expect([await run(), await run()]).toEqual([
      [3, 0, false],
      [0, 3, false],
    ])
    await writeFile(join(written.path, 'why.ts'), "export const why = 'it is empty'")
    expect(await run()).toEqual([1, 2, true])
  })
})

// The pair is named alike in both, and what it was read from is the same.
test('a pair of the same name in another directory shows no path of the first', { timeout: 60_000 }, async () => {
  await using cache = await writtenFiles({})
  await using one = await writtenFiles(Object.fromEntries(Object.entries(pair).map(([name, text]) => [`step/${name}`, text])))
  await using two = await writtenFiles(Object.fromEntries(Object.entries(pair).map(([name, text]) => [`step/${name}`, text])))
  const run = (cwd: string) => runBin(['verify', 'step', '--runs', '4', '--json', '--cache', cache.path], { cwd })
  const [first, second] = [await run(one.path), await run(two.path)]
  expect(JSON.parse(second.stdout).sources[0].path).toBe('step')
  expect(second.code).toBe(first.code)
  expect(second.stdout + second.stderr).not.toContain(one.path)
})

test('a history that does not apply is tried again', async () => {
  await using own = await project({ ...history, '002_b.up.sql': 'ALTER TABLE absent ADD COLUMN more text;' })
  expect([(await own.run()).started, (await own.run()).started]).toEqual([1, 1])
})
