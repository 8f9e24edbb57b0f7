import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clusterAhead, requestAhead } from '../../../harness/cli/cluster-ahead.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'godwit-ahead-'))
  await mkdir(join(directory, '.git'))
  await mkdir(join(directory, 'migrations', '0001'), { recursive: true })
  await writeFile(join(directory, 'migrations', '0001', 'up.sql'), 'SELECT 1')
})

afterEach(() => rm(directory, { recursive: true }))

/** As if they were written at these seconds. */
async function writtenAt(seconds: number, ...paths: string[]): Promise<void> {
  for (const path of paths) await utimes(join(directory, path), seconds, seconds)
}

const asked = (flags: Parameters<typeof requestAhead>[1] = {}, paths = ['migrations']) => requestAhead(paths, flags, directory)

describe('a cluster ahead', () => {
  test('is the embedded one, or the version that a flag names', () => {
    expect(asked()).toEqual({ kind: 'embedded' })
    expect(asked({ postgres: 'embedded' })).toEqual({ kind: 'embedded' })
    expect(asked({ postgres: '16' })).toEqual({ kind: 'embedded', major: 16 })
  })

  test.each(['docker:postgres:17', 'postgres://me@host/db', '15,18', 'newest'])('is none for --postgres %s', (postgres) => {
    expect(asked({ postgres })).toBeUndefined()
  })

  test('is none where there is nothing to verify', () => {
    expect(asked({}, [])).toBeUndefined()
    expect(asked({}, ['migrations', 'absent'])).toBeUndefined()
  })

  test('is none where a configuration names the cluster or the cache', async () => {
    const config = join(directory, 'godwit.config.json')
    await writeFile(config, '{ "path": "migrations" }')
    expect(asked()).toEqual({ kind: 'embedded' })
    for (const text of ['{ "postgres": "16" }', '{ "cache": "elsewhere" }']) {
      await writeFile(config, text)
      expect(requestAhead(['.'], {}, join(directory, 'migrations'))).toBeUndefined()
    }
    await writeFile(join(directory, 'other.json'), '{}')
    expect(asked({ config: 'other.json' })).toEqual({ kind: 'embedded' })
  })

  test('is none where a folder cannot be looked through, which the command itself may never do', async () => {
    await mkdir(join(directory, '.godwit', 'cache'), { recursive: true })
    await symlink('loop', join(directory, 'migrations', 'loop'))
    expect(asked()).toBeUndefined()
    await using spare = await clusterAhead([join(directory, 'migrations')], { cache: join(directory, '.godwit', 'cache') })
    expect(spare).toBeDefined()
  })

  test('is none where the cache is newer than each file', async () => {
    await mkdir(join(directory, '.godwit', 'cache', 'ab'), { recursive: true })
    await writtenAt(1_500, 'migrations', 'migrations/0001', 'migrations/0001/up.sql')
    await writtenAt(1_000, '.godwit/cache')
    await writtenAt(2_000, '.godwit/cache/ab')
    expect(asked()).toBeUndefined()
    expect(asked({ cache: false })).toEqual({ kind: 'embedded' })
    expect(asked({ cache: 's3://bucket/godwit' })).toBeUndefined()
    expect(asked({ cache: 'elsewhere' })).toEqual({ kind: 'embedded' })
    await writtenAt(3_000, 'migrations/0001/up.sql')
    expect(asked()).toEqual({ kind: 'embedded' })
  })
})
