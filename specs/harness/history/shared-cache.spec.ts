import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import S3rver from 's3rver'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { openStore } from '../../../harness/history/store/open-store.ts'
import type { VerdictStore } from '../../../harness/history/store/verdict-store.ts'
import { packageVersion } from '../../../harness/package.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { runBin } from '../cli/run-bin.ts'
import { writtenFiles } from './written-history.ts'

let directory = ''
let server: S3rver
let endpoint = ''

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shared-cache-'))
  const configureBuckets = [{ name: 'verdicts', configs: [] }]
  server = new S3rver({ address: '127.0.0.1', port: 0, directory: join(directory, 's3'), silent: true, configureBuckets })
  endpoint = `http://127.0.0.1:${(await server.run()).port}`
})

afterAll(async () => {
  vi.unstubAllEnvs()
  await server.close()
  await rm(directory, { recursive: true })
})

/** As a CI job has it. */
function credentials(more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER', AWS_ENDPOINT_URL_S3: endpoint, AWS_SESSION_TOKEN: '', ...more }
}

function opened(place: string, environment: Readonly<Record<string, string>> = credentials()): { store: VerdictStore; warned: string[] } {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  const warned: string[] = []
  return { store: openStore(place, (message) => warned.push(message)), warned }
}

const key = 'ab'.repeat(32)
const other = 'cd'.repeat(32)

describe.each([
  ['a folder', () => join(directory, 'folder')],
  ['a store like S3', () => 's3://verdicts/some/prefix'],
])('a cache in %s', (_, place) => {
  test('gives what was written, to another process too, and nothing for what was not', async () => {
    const [one, two] = [opened(place()), opened(place())]
    expect(await one.store.read(key)).toBeUndefined()
    await one.store.write(key, 'a verdict – ü')
    expect([await two.store.read(key), await two.store.read(other)]).toEqual(['a verdict – ü', undefined])
    expect([one.warned, two.warned]).toEqual([[], []])
  })

  test('keeps what several write at a time', async () => {
    const all = Array.from({ length: 8 }, (_, at) => [String(at).repeat(64), `verdict ${at}`] as const)
    await Promise.all(all.map(([own, text]) => opened(place()).store.write(own, text)))
    const { store, warned } = opened(place())
    expect(await Promise.all(all.map(([own]) => store.read(own)))).toEqual(all.map(([, text]) => text))
    expect(warned).toEqual([])
  })
})

test('a folder shows a reader one whole text while several write', async () => {
  const texts = Array.from({ length: 8 }, (_, at) => String(at).repeat(100_000))
  const { store, warned } = opened(join(directory, 'folder'))
  const read: (string | undefined)[] = []
  const writing = Promise.all(texts.map((text) => opened(join(directory, 'folder')).store.write(other, text)))
  const reading = Promise.all(Array.from({ length: 20 }, async () => read.push(await store.read(other))))
  await Promise.all([writing, reading])
  read.push(await store.read(other))
  expect(read.filter((text) => text !== undefined && !texts.includes(text))).toEqual([])
  expect(texts).toContain(read.at(-1))
  expect(warned).toEqual([])
})

test('a writer leaves nothing beside what it wrote', async () => {
  const files = await readdir(join(directory, 'folder'), { recursive: true })
  expect(files).toContain(`cd/${other}.verdict`)
  expect(files.filter((file) => file.includes('/') && !/^(\w\w)\/\1\w{62}\.verdict$/.test(file))).toEqual([])
})

describe('a cache that cannot be used is told once, and nothing is taken or kept', () => {
  test.each([
    ['s3://absent/x', {}, 'there is no such bucket'],
    ['s3://verdicts/x', { AWS_ACCESS_KEY_ID: 'wrong' }, '403 InvalidAccessKeyId. Without s3:ListBucket'],
    ['s3://verdicts/x', { AWS_SECRET_ACCESS_KEY: '' }, 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set'],
  ])('%s with %j: %s', async (place, environment, because) => {
    const { store, warned } = opened(place, credentials(environment))
    expect(await Promise.all([store.read(key), store.read(other)])).toEqual([undefined, undefined])
    await store.write(key, 'a verdict')
    expect(warned).toEqual([
      expect.stringContaining(`verdicts are neither taken from "${place}" nor kept there: it cannot be read: ${because}`),
    ])
  })

  test('where nobody answers', async () => {
    const { store, warned } = opened('s3://verdicts/x', credentials({ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${await freePort()}` }))
    await store.write(key, 'a verdict')
    expect(await store.read(key)).toBeUndefined()
    expect(warned).toEqual([expect.stringMatching(/it cannot be written: connect ECONNREFUSED/)])
  })

  test('a folder that is a file', async () => {
    const file = join(directory, 'file')
    await writeFile(file, '')
    const { store, warned } = opened(file)
    await store.write(key, 'a verdict')
    expect(warned).toEqual([expect.stringMatching(/it cannot be written: (EEXIST|ENOTDIR)/)])
  })

  test.each(['https://example.org/cache', 's3://', 's3://UPPER/x', 's3://verdicts/../other', 's3://verdicts/a/./b'])(
    '%s is bad input',
    (place) => {
      expect(() => opened(place)).toThrow(`"${place}" is no place for the cache`)
    },
  )
})

const steps = {
  '001_a.up.sql': 'CREATE TABLE a (id int PRIMARY KEY, note text);',
  '001_a.down.sql': 'DROP TABLE a;',
  '002_b.up.sql': 'ALTER TABLE a ADD COLUMN more text;',
  '002_b.down.sql': 'ALTER TABLE a DROP COLUMN more;',
}

/** How many steps were verified, and how many came from the cache. */
async function verified(path: string, cacheDirectory: string): Promise<readonly (number | undefined)[]> {
  const { result } = await verifyOn(await useCluster(), await readSources([path], {}), { runs: 4, cacheDirectory }, {})
  return [result.sources[0]?.verified, result.sources[0]?.cached]
}

describe('verdicts', () => {
  test('are taken from a store like S3 by the next run', async () => {
    await using written = await writtenFiles(steps)
    for (const [name, value] of Object.entries(credentials())) vi.stubEnv(name, value)
    expect(await verified(written.path, 's3://verdicts')).toEqual([2, 0])
    expect(await verified(written.path, 's3://verdicts')).toEqual([0, 2])
  })

  test.each<[what: string, damage: (text: string) => string]>([
    ['cut off', (text) => text.slice(0, text.length / 2)],
    ['empty', () => ''],
    ['changed, and JSON still', (text) => text.replace('"verdict":"holds"', '"verdict":"unknown"')],
    ['of another version', (text) => text.replace(`"godwit":"${packageVersion()}"`, '"godwit":"0.0.0"')],
    ['of another step', (text) => text.replace(/"key":"\w{4}/, '"key":"0000')],
  ])('that are %s are made anew, and replaced', async (_, damage) => {
    await using written = await writtenFiles(steps)
    await using cache = await writtenFiles({})
    expect(await verified(written.path, cache.path)).toEqual([2, 0])
    const files = (await readdir(cache.path, { recursive: true })).filter((file) => file.endsWith('.verdict'))
    expect(files).toHaveLength(2)
    for (const file of files) {
      const text = await readFile(join(cache.path, file), 'utf8')
      expect(damage(text)).not.toBe(text)
      await writeFile(join(cache.path, file), damage(text))
    }
    expect(await verified(written.path, cache.path)).toEqual([2, 0])
    expect(await verified(written.path, cache.path)).toEqual([0, 2])
  })

  test('do not depend on a store that nobody reaches: the command warns and goes on', async () => {
    await using repository = await writtenFiles({
      'godwit.config.json': '{ "path": "db", "runs": 4, "cache": "s3://verdicts/x" }',
      '.git/HEAD': '',
    })
    await using written = await writtenFiles(steps)
    const env = credentials({ AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${await freePort()}` })
    const { code, stdout, stderr } = await runBin(['verify', written.path], { cwd: repository.path, env })
    expect([code, stdout]).toEqual([0, expect.stringContaining('2 verified')])
    expect(stderr.match(/godwit: warning: verdicts are neither taken from "s3:\/\/verdicts\/x" nor kept there/g)).toHaveLength(1)
    // The address is no folder's name.
    expect(await readdir(repository.path)).not.toContain('s3:')
  })
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
