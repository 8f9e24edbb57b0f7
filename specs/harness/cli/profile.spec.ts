import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { planWork } from '../../../harness/cli/plan.ts'
import { configDigest } from '../../../harness/history/seed-text.ts'
import { runBin } from './run-bin.ts'

const pair = join('fixtures', 'specimens', 'zero-loss', 'sound')

describe('--profile', { timeout: 60_000 }, () => {
  test('asks for the measuring, with the statistics of that database; the verdict depends on them, and not on the address', async () => {
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    await session.script(`CREATE TABLE items (note text); INSERT INTO items SELECT 'a note' FROM generate_series(1, 100); ANALYZE`)
    const optionsWith = async (url?: string) => {
      const [project] = (await planWork([pair], url === undefined ? {} : { profile: url })).projects
      if (project === undefined) throw new Error('there is no project')
      return project.options
    }
    const options = await optionsWith(database.url())
    expect(options.performance).toEqual({
      profile: { 'public.items': { note: { nullFraction: 0, width: 7, distinct: 1, frequencies: [1] } } },
    })
    expect(JSON.stringify(options)).not.toContain(database.name)
    expect(configDigest(await optionsWith(database.url()))).toBe(configDigest(options))
    await session.script(`UPDATE items SET note = NULL; ANALYZE`)
    expect(configDigest(await optionsWith(database.url()))).not.toBe(configDigest(options))
    expect((await optionsWith()).performance).toBeUndefined()
  })

  test('ends with 2 where the URL is none, and with 3 where nobody answers', async () => {
    const none = await runBin(['verify', pair, '--profile', 'not a url'])
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('the cluster URL cannot be read')])
    const nobody = await runBin(['verify', pair, '--profile', 'postgresql://u:secret@127.0.0.1:1/shop'])
    expect([nobody.code, nobody.stderr]).toEqual([3, expect.stringContaining('cannot use the server at 127.0.0.1:1')])
    expect(nobody.stderr).not.toContain('secret')
  })
})
