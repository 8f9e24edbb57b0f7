import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type CommandSource, discoverCommandSteps } from '../../../harness/formats/index.ts'
import { applyStep } from '../../../harness/migration/index.ts'
import type { Database } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { type TemporaryFolder, temporaryFolder } from './folder.ts'

/** A tool of thirty lines: applies the next step of `steps/`, or all of them, and keeps its own history table; `down` reverts the newest. */
const tool = `
import { readdirSync, readFileSync } from 'node:fs'
import pg from ${JSON.stringify(join(process.cwd(), 'node_modules/pg/lib/index.js'))}
const [direction, count] = process.argv.slice(2)
const client = new pg.Client({ connectionString: process.env.DATABASE_URL })
await client.connect()
try {
  await client.query('CREATE TABLE IF NOT EXISTS "Steps" (name text PRIMARY KEY)')
  const { rows } = await client.query('SELECT name FROM "Steps" ORDER BY 1')
  const done = rows.map((row) => row.name)
  const steps = readdirSync('steps').sort()
  const todo = direction === 'up' ? steps.filter((name) => !done.includes(name)) : done.slice(-1)
  for (const name of count === 'all' ? todo : todo.slice(0, 1)) {
    const [up, down] = readFileSync('steps/' + name, 'utf8').split('--')
    await client.query(direction === 'up' ? up : down)
    await client.query(direction === 'up' ? 'INSERT INTO "Steps" VALUES ($1)' : 'DELETE FROM "Steps" WHERE name = $1', [name])
  }
} catch (error) {
  console.error('cannot go on with ' + process.env.DATABASE_URL + ': ' + error.message)
  process.exitCode = 3
} finally {
  await client.end()
}
`

const steps = { 'steps/1_a.txt': 'CREATE TABLE a () -- DROP TABLE a', 'steps/2_b.txt': 'CREATE TABLE b () -- DROP TABLE b' }

async function withTool(
  files: Readonly<Record<string, string>>,
  work: (source: CommandSource, database: Database, folder: TemporaryFolder) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder({ 'tool.mjs': tool, ...files })
  await using database = await (await useCluster()).createDatabase()
  const run = (what: string) => `${JSON.stringify(process.execPath)} tool.mjs ${what}`
  await work({ up: run('up'), down: run('down'), directory: folder.path, table: '"Steps"', column: 'name' }, database, folder)
}

const tables = async (database: Database) => {
  await using session = await database.connect()
  const rows = await session.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
  )
  return rows.map((row) => row.name)
}

describe("a tool's own command", () => {
  test('is run until its history table no longer grows: a step each time', () =>
    withTool(steps, async (source, database, folder) => {
      const found = await discoverCommandSteps(source, database)
      expect(found.map(({ name, files, up }) => [name, files, up.kind])).toEqual([
        ['1_a.txt', [join(folder.path, 'steps/1_a.txt')], 'program'],
        ['2_b.txt', [join(folder.path, 'steps/2_b.txt')], 'program'],
      ])
      expect(await tables(database)).toEqual(['Steps', 'a', 'b'])
    }))

  test('that applies all at once gives one step', () =>
    withTool(steps, async (source, database) => {
      const found = await discoverCommandSteps({ ...source, up: `${source.up} all` }, database)
      expect(found.map(({ name, version }) => [name, version])).toEqual([['1_a.txt … 2_b.txt', '2_b.txt']])
    }))

  test('applies and reverts the steps on another database', () =>
    withTool(steps, async (source, scratch) => {
      const found = await discoverCommandSteps(source, scratch)
      await using database = await (await useCluster()).createDatabase()
      await using session = await database.connect({ as: 'owner' })
      const url = database.url({ as: 'owner' })
      const went = []
      for (const { up } of found) if (up.kind !== 'opaque') went.push((await applyStep(session, up, { url })).outcome)
      expect([went, await tables(database)]).toEqual([
        ['applied', 'applied'],
        ['Steps', 'a', 'b'],
      ])
      for (const { down } of found.toReversed()) if (down !== undefined) went.push((await applyStep(session, down, { url })).outcome)
      expect([went, await tables(database)]).toEqual([['applied', 'applied', 'applied', 'applied'], ['Steps']])
      const [, second] = found
      if (second === undefined || second.up.kind === 'opaque') throw new Error('no second step')
      // The tool applies the first again, which is not what was asked.
      expect(await applyStep(session, second.up, { url })).toMatchObject({
        failure: { message: expect.stringContaining('"2_b.txt" is not in') },
      })
    }))

  test('that fails is told with its output, without the password', () =>
    withTool({ ...steps, 'steps/3_c.txt': 'CREATE TABEL c () --' }, async (source, database) => {
      const error: unknown = await discoverCommandSteps(source, database).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        message: expect.stringMatching(/tool\.mjs up" ended with 3 after "2_b\.txt"$/),
        detail: 'cannot go on with $DATABASE_URL: syntax error at or near "TABEL"',
        exitCode: 2,
      })
    }))

  test('that writes nothing into the table is an input error', () =>
    withTool({}, async (source, database) => {
      await expect(discoverCommandSteps({ ...source, up: 'true' }, database)).rejects.toMatchObject({
        message: '"true" wrote no step into "Steps"',
        hint: expect.stringContaining('DATABASE_URL'),
      })
    }))

  test('ends with all that it started when aborted', () =>
    withTool({}, async (source, database, folder) => {
      const controller = new AbortController()
      const started = join(folder.path, 'started')
      const command = { ...source, up: `sleep 600 & echo $! > ${started}.tmp; mv ${started}.tmp ${started}; wait` }
      const discovered = discoverCommandSteps(command, database, { signal: controller.signal }).catch((thrown: unknown) => thrown)
      const pid = await expect
        .poll(() => readFile(started, 'utf8').then(Number, () => 0), { timeout: 20_000 })
        .toBeGreaterThan(0)
        .then(() => readFile(started, 'utf8'))
      controller.abort()
      expect(await discovered).toMatchObject({ message: 'interrupted while the steps were being found' })
      await expect.poll(() => isAlive(Number(pid)), { timeout: 20_000 }).toBe(false)
    }))
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
