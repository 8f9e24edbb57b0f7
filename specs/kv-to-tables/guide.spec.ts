import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startCluster } from 'godwit'
import { expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { type GuidePart, readGuide, runInShell, withoutTimes, writeGuide } from './guide.ts'
import { seedBulk } from './seed-bulk.ts'

const page = 'docs/kv-to-tables.md'
const migration = resolve(import.meta.dirname, '../../migrations/kv-to-tables')
const withoutPsql = spawnSync('psql', ['--version']).error !== undefined

test.skipIf(withoutPsql)(
  'KV-13: every command of the guide, run in its order, prints what the guide says',
  { timeout: 400_000 },
  async () => {
    // A cluster of its own: the guide makes a database by a plain name.
    await using cluster = await startCluster({ kind: 'embedded' })
    await using database = await cluster.createDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'kv-guide-'))
    try {
      await using session = await database.connect()
      for (const file of ['legacy.sql', 'legacy.data.sql']) await session.script(await readFile(join(migration, file), 'utf8'))
      await seedBulk(session, bulkStore(5000))
      const trial = new URL(database.url())
      trial.pathname = '/kv_trial'
      const environment = { DATABASE_URL: database.url(), TRIAL_URL: trial.href, KV: folder, PAGER: '', LC_ALL: 'C.UTF-8' }
      const guide = readGuide(await readFile(page, 'utf8'))
      const found: GuidePart[] = []
      let commands = 0
      for (const part of guide) {
        if ('prose' in part) {
          found.push(part)
          continue
        }
        const ran: { command: string; output: string }[] = []
        for (const { command, output } of part.commands) {
          commands += 1
          const printed = (await runInShell(command, environment)).replaceAll(folder, '$KV').replaceAll(/ +$/gm, '')
          ran.push({ command, output: printed })
          if (process.env.GODWIT_UPDATE_GUIDE !== 'true')
            expect(`$ ${command}\n${withoutTimes(printed)}`).toBe(`$ ${command}\n${withoutTimes(output)}`)
        }
        found.push({ commands: ran })
      }
      expect(commands).toBeGreaterThan(20)
      if (process.env.GODWIT_UPDATE_GUIDE === 'true') await writeFile(page, writeGuide(found))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test('a command that prints something else than the guide says is seen, and so is one that the guide leaves without output', () => {
  const [, part] = readGuide('text\n```\n$ echo one\none\n$ echo two\n```\nmore\n')
  expect(part).toEqual({
    commands: [
      { command: 'echo one', output: 'one\n' },
      { command: 'echo two', output: '' },
    ],
  })
  const statistics = (setAside: number, ms: number) => withoutTimes(`| total | 12 | 3 | 0 | 0 |   0 | ${setAside} | ${ms} |`)
  expect(statistics(2, 3456)).toBe(statistics(2, 1))
  expect(statistics(2, 3456)).not.toBe(statistics(3, 3456))
  expect(withoutTimes('| orders | 12 | 0 |')).not.toBe(withoutTimes('| orders | 12 | 1 |'))
})
