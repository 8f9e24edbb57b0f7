import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CommandSource, HistoryStep } from '../../../harness/formats/index.ts'
import { applyStep } from '../../../harness/migration/index.ts'
import type { Database } from '../../../harness/postgres/index.ts'
import { recordedSteps, recordTool } from '../../../harness/recording/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { type TemporaryFolder, temporaryFolder } from '../formats/folder.ts'

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
    if (down.trim() === 'never' && direction === 'down') throw new Error('there is no way back')
    for (const statement of (direction === 'up' ? up : down).split(';').map((each) => each.trim()).filter((each) => each !== '')) {
      if (!statement.startsWith('each ')) await client.query(statement)
      else for (const { id } of (await client.query('SELECT id FROM a')).rows) await client.query(statement.slice(5), [id])
    }
    await client.query(direction === 'up' ? 'INSERT INTO "Steps" VALUES ($1)' : 'DELETE FROM "Steps" WHERE name = $1', [name])
  }
} catch (error) {
  console.error('cannot go on with ' + process.env.DATABASE_URL + ': ' + error.message)
  process.exitCode = 3
} finally {
  await client.end()
}
`

const steps = { 'steps/1_a.js': 'CREATE TABLE a (id int) -- DROP TABLE a', 'steps/2_b.js': 'CREATE TABLE b () -- DROP TABLE b' }

async function withTool(
  files: Readonly<Record<string, string>>,
  work: (source: CommandSource, scratch: () => Promise<Database>, folder: TemporaryFolder) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder({ 'tool.mjs': tool, ...files })
  const cluster = await useCluster()
  const run = (what: string) => `${JSON.stringify(process.execPath)} tool.mjs ${what}`
  const source = { up: run('up'), down: run('down'), directory: folder.path, table: '"Steps"', column: 'name' }
  await work(source, () => cluster.createDatabase(), folder)
}

async function recorded(source: CommandSource, scratch: () => Promise<Database>) {
  const options = { scratch, signal: undefined }
  const recording = await recordTool(source, options)
  return await recordedSteps(source, recording, options)
}

const textsOf = (step: HistoryStep['up'] | undefined) => {
  const script = step?.kind === 'sql' ? step.script : step?.kind === 'program' ? step.sends : undefined
  return script?.statements.map(({ text }) => text)
}

const tables = async (database: Database) => {
  await using session = await database.connect()
  const rows = await session.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
  )
  return rows.map((row) => row.name)
}

describe("what a tool's own command sends", () => {
  test.each(['up', 'up all'])('becomes a step of SQL for each that it notes: %s', (up) =>
    withTool(steps, async (source, scratch, folder) => {
      await using found = await closing(recorded({ ...source, up: source.up.replace(/up$/, up) }, scratch))
      expect(found.steps.map(({ name, version, files, up, down }) => [name, version, files, textsOf(up), textsOf(down)])).toEqual([
        ['1_a.js', '1_a.js', [join(folder.path, 'steps/1_a.js')], ['CREATE TABLE a (id int)'], ['DROP TABLE a']],
        ['2_b.js', '2_b.js', [join(folder.path, 'steps/2_b.js')], ['CREATE TABLE b ()'], ['DROP TABLE b']],
      ])
      expect(found.warnings).toEqual([])
    }),
  )

  test('of a step without a way back is its up, and the steps below are reverted all the same', () =>
    withTool({ ...steps, 'steps/2_b.js': 'CREATE TABLE b () -- never' }, async (source, scratch) => {
      await using found = await closing(recorded(source, scratch))
      expect(found.steps.map(({ down }) => textsOf(down))).toEqual([['DROP TABLE a'], undefined])
      expect(found.warnings).toEqual([expect.stringMatching(/^2_b\.js has no way back: .*there is no way back/)])
    }))

  test('of a step that fails is the failing statement; the tool’s words stand in a warning, without the password', () =>
    withTool(
      { ...steps, 'steps/3_c.js': 'ALTER TABLE a ADD nowhere absent -- none', 'steps/4_d.js': 'SELECT 1 -- none' },
      async (source, scratch) => {
        await using found = await closing(recorded(source, scratch))
        const last = found.steps.at(-1)
        expect([last?.name, textsOf(last?.up)]).toEqual(['3_c.js', ['ALTER TABLE a ADD nowhere absent']])
        expect(found.warnings).toContainEqual(
          'The tool stopped at 3_c.js: cannot go on with $DATABASE_URL: type "absent" does not exist Not looked at: 4_d.js.',
        )
      },
    ))

  test('where it reads rows is run by the tool, on the rows that are there', () =>
    withTool(
      { ...steps, 'steps/2_b.js': 'CREATE TABLE b (id int); each INSERT INTO b VALUES ($1) -- DROP TABLE b' },
      async (source, scratch) => {
        await using found = await closing(recorded(source, scratch))
        expect(found.steps.map(({ up }) => up.kind)).toEqual(['sql', 'program'])
        await using database = await scratch()
        await using session = await database.connect({ as: 'owner' })
        const url = database.url({ as: 'owner' })
        const apply = async (step: HistoryStep['up'] | undefined) => {
          if (step === undefined || step.kind === 'opaque') throw new Error('no step')
          expect(await applyStep(session, step, { url })).toMatchObject({ outcome: 'applied' })
        }
        await apply(found.steps[0]?.up)
        await session.script('INSERT INTO a VALUES (3), (5)')
        await apply(found.steps[1]?.up)
        expect([await session.query('SELECT id FROM b ORDER BY 1'), await tables(database)]).toEqual([
          [{ id: 3 }, { id: 5 }],
          ['a', 'b'],
        ])
        await apply(found.steps[1]?.down)
        expect(await tables(database)).toEqual(['a'])
      },
    ))

  test('that writes nothing into the table is an input error', () =>
    withTool(steps, async (source, scratch) => {
      const nothing = { ...source, up: source.up.replace(/up$/, 'nothing') }
      await expect(recorded(nothing, scratch)).rejects.toMatchObject({ message: expect.stringContaining('wrote no step into "Steps"') })
      await expect(recorded({ ...source, up: 'true' }, scratch)).rejects.toMatchObject({
        message: '"true" sent nothing to the database that it was given',
        hint: expect.stringContaining('DATABASE_URL'),
        exitCode: 2,
      })
    }))

  test('ends with all that it started when aborted', () =>
    withTool({}, async (source, scratch, folder) => {
      const controller = new AbortController()
      const started = join(folder.path, 'started')
      const command = { ...source, up: `sleep 600 & echo $! > ${started}.tmp; mv ${started}.tmp ${started}; wait` }
      const recording = recordTool(command, { scratch, signal: controller.signal }).catch((thrown: unknown) => thrown)
      const pid = await expect
        .poll(() => readFile(started, 'utf8').then(Number, () => 0), { timeout: 20_000 })
        .toBeGreaterThan(0)
        .then(() => readFile(started, 'utf8'))
      controller.abort()
      expect(await recording).toMatchObject({ message: 'interrupted while the steps were being recorded' })
      await expect.poll(() => isAlive(Number(pid)), { timeout: 20_000 }).toBe(false)
    }))
})

async function closing<Found extends { close(): Promise<void> }>(promise: Promise<Found>): Promise<Found & AsyncDisposable> {
  const found = await promise
  return { ...found, [Symbol.asyncDispose]: () => found.close() }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
