import { readdirSync } from 'node:fs'
import { startCluster } from 'godwit'
import { expect, test } from 'vitest'
import { durableServerSettings } from '../../../harness/postgres/index.ts'
import { scratchDirectory } from '../../../harness/postgres/scratch.ts'

test('a server that is killed by SIGKILL comes back with what was committed, as often as it is killed, and leaves nothing behind', async () => {
  const runs = () => readdirSync(scratchDirectory()).filter((name) => name.startsWith('run-'))
  const before = new Set(runs())
  const seen: string[][] = []
  {
    await using cluster = await startCluster({ kind: 'embedded' }, { settings: durableServerSettings })
    await using database = await cluster.createDatabase()
    const mine = runs().filter((name) => !before.has(name))
    for (const round of [1, 2, 3]) {
      const session = await database.connect()
      if (round === 1) await session.script('CREATE TABLE kept (round int)')
      await session.script(`INSERT INTO kept VALUES (${round})`)
      await session.script(`BEGIN; INSERT INTO kept VALUES (${-round})`)
      await cluster.crash()
      await expect(session.script('COMMIT')).rejects.toMatchObject({ sqlstate: expect.stringMatching(/^(08006|57P0.)$/) })
      await session.close()
      await using after = await database.connect()
      seen.push((await after.query<{ round: number }>('SELECT round FROM kept ORDER BY round')).map((row) => String(row.round)))
    }
    expect(runs().filter((name) => mine.includes(name))).toEqual(mine)
  }
  expect(seen).toEqual([['1'], ['1', '2'], ['1', '2', '3']])
})
