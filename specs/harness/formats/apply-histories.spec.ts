import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type HistoryStep, readSource } from '../../../harness/formats/index.ts'
import { applyStep, type Outcome } from '../../../harness/migration/index.ts'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { withSum } from './atlas-folder.ts'
import { temporaryFolder } from './folder.ts'

async function stepsOf(path: string): Promise<readonly HistoryStep[]> {
  const source = await readSource(path)
  if (source.kind !== 'history') throw new Error(`"${path}" is no history`)
  return source.history.steps
}

/** Applies steps as their tool would: those of one batch in one transaction. The first failure ends it. */
async function migrate(database: Database, steps: readonly HistoryStep[]): Promise<string | undefined> {
  await using session = await database.connect({ as: 'owner' })
  const enclosed = steps.some((step) => step.batch !== undefined)
  if (enclosed) await session.script('BEGIN')
  for (const { up } of steps) {
    const outcome: Outcome =
      up.kind === 'opaque' ? { outcome: 'applied', durationMs: 0, notices: [] } : await applyStep(session, up, { enclosed })
    if (outcome.outcome === 'failed') {
      if (enclosed) await session.script('ROLLBACK')
      return outcome.failure.sqlstate
    }
  }
  if (enclosed) await session.script('COMMIT')
  return undefined
}

async function relations(session: Session): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'v') AND relname !~ '_(pkey|key)$' ORDER BY 1",
  )
  return rows.map((row) => row.name)
}

const root = 'fixtures/histories'

describe('the history of each format', () => {
  test.each(readdirSync(root).filter((name) => !name.includes('.')))(
    '%s applies from an empty database on, and its downs lead back',
    async (name) => {
      const steps = await stepsOf(`${root}/${name}`)
      await using database = await (await useCluster()).createDatabase()
      expect(await migrate(database, steps)).toBeUndefined()
      await using session = await database.connect()
      const made = await relations(session)
      expect(made).toEqual(expect.arrayContaining(['books', 'loans', 'loans_open', 'members']))
      // Where a tool has no way out of its transaction, its history does without.
      expect(made.includes('loans_book')).toBe(!['drizzle', 'drizzle-1', 'node-pg-migrate'].includes(name))
      const [{ note } = { note: undefined }] = await session.query<{ note: boolean }>(
        "SELECT count(*) > 0 AS note FROM pg_attribute WHERE attrelid = 'loans'::regclass AND attname = 'note'",
      )
      expect(note).toBe(false)
      if (!steps.every((step) => step.down !== undefined)) return
      for (const { down } of steps.toReversed()) {
        if (down !== undefined) expect(await applyStep(session, down)).toMatchObject({ outcome: 'applied' })
      }
      expect(await relations(session)).toEqual([])
    },
  )
})

interface Tool {
  /** The files of a history with these steps. */
  readonly files: (steps: readonly string[]) => Readonly<Record<string, string>>
  /** Relations left when the third statement of a step fails. */
  readonly left: readonly string[]
  /** SQLSTATE of: one CREATE INDEX CONCURRENTLY alone; two statements with one; an enum's new label used in the same file; in the next. */
  readonly alone: string | undefined
  readonly mixed: string | undefined
  readonly label: string | undefined
  readonly labelNext: string | undefined
}

const number = (at: number) => `2026010${at + 1}000000`
const fileFor =
  (name: (at: number) => string, wrap: (sql: string) => string = (sql) => sql) =>
  (steps: readonly string[]) =>
    Object.fromEntries(steps.map((sql, at) => [name(at), wrap(sql)]))
const journal = (count: number) =>
  JSON.stringify({ dialect: 'postgresql', entries: Array.from({ length: count }, (_, idx) => ({ idx, when: idx + 1, tag: `${idx}_a` })) })

const changeSets = (steps: readonly string[], options: string) => steps.map((sql, at) => `--changeset a:${at}${options}\n${sql}`).join('')

const wrapped = { left: [], alone: '25001', mixed: '25001', label: '55P04', labelNext: undefined }
const oneMessage = { ...wrapped, alone: undefined }
const both = ['a', 'b']

const tools: Readonly<Record<string, Tool>> = {
  sql: { ...wrapped, files: fileFor((at) => `${at}_a.sql`), alone: undefined, mixed: undefined },
  prisma: { ...oneMessage, files: fileFor((at) => `m/${number(at)}_a/migration.sql`), mixed: undefined },
  'prisma before 7.4': {
    ...oneMessage,
    files: (steps) => ({
      ...fileFor((at) => `m/${number(at)}_a/migration.sql`)(steps),
      'package.json': '{"dependencies":{"prisma":"6.19.0"}}',
    }),
  },
  supabase: { ...wrapped, files: fileFor((at) => `supabase/migrations/${number(at)}_a.sql`), alone: undefined, mixed: undefined },
  drizzle: {
    ...wrapped,
    files: (steps) => ({ ...fileFor((at) => `${at}_a.sql`)(steps), 'meta/_journal.json': journal(steps.length) }),
    labelNext: '55P04',
  },
  'golang-migrate': { ...oneMessage, files: fileFor((at) => `${at + 1}_a.up.sql`) },
  dbmate: {
    ...wrapped,
    files: fileFor(
      (at) => `${at}_a.sql`,
      (sql) => `-- migrate:up\n${sql}\n-- migrate:down\n`,
    ),
  },
  'dbmate without a transaction': {
    ...oneMessage,
    files: fileFor(
      (at) => `${at}_a.sql`,
      (sql) => `-- migrate:up transaction:false\n${sql}\n-- migrate:down\n`,
    ),
  },
  goose: {
    ...wrapped,
    files: fileFor(
      (at) => `${at + 1}_a.sql`,
      (sql) => `-- +goose Up\n${sql}\n`,
    ),
  },
  'goose without a transaction': {
    ...wrapped,
    files: fileFor(
      (at) => `${at + 1}_a.sql`,
      (sql) => `-- +goose NO TRANSACTION\n-- +goose Up\n${sql}\n`,
    ),
    left: both,
    alone: undefined,
    mixed: undefined,
    label: undefined,
  },
  atlas: { ...wrapped, files: (steps) => withSum(fileFor((at) => `${number(at)}_a.sql`)(steps)) },
  'atlas without a transaction': {
    ...wrapped,
    files: (steps) =>
      withSum(
        fileFor(
          (at) => `${number(at)}_a.sql`,
          (sql) => `-- atlas:txmode none\n\n${sql}`,
        )(steps),
      ),
    left: both,
    alone: undefined,
    mixed: undefined,
    label: undefined,
  },
  flyway: { ...wrapped, files: fileFor((at) => `V${at + 1}__a.sql`), alone: undefined },
  liquibase: { ...wrapped, files: (steps) => ({ 'a.sql': `--liquibase formatted sql\n${changeSets(steps, '')}` }) },
  'liquibase without a transaction': {
    ...wrapped,
    files: (steps) => ({ 'a.sql': `--liquibase formatted sql\n${changeSets(steps, ' runInTransaction:false')}` }),
    left: both,
    alone: undefined,
    mixed: undefined,
    label: undefined,
  },
  diesel: { ...wrapped, files: fileFor((at) => `m/${at}_a/up.sql`) },
  'node-pg-migrate': {
    ...wrapped,
    files: fileFor(
      (at) => `${at + 1}_a.sql`,
      (sql) => `-- Up Migration\n${sql}`,
    ),
    labelNext: '55P04',
  },
  'graphile-migrate': {
    ...wrapped,
    files: (steps) =>
      Object.fromEntries(
        steps.map((sql, at) => [
          `committed/00000${at + 1}.sql`,
          `--! Previous: ${at === 0 ? '-' : `sha1:${at - 1}`}\n--! Hash: sha1:${at}\n--! AllowInvalidHash\n\n${sql}`,
        ]),
      ),
  },
  sqitch: {
    files: (steps) => ({
      ...fileFor((at) => `deploy/a${at}.sql`)(steps),
      'sqitch.plan': `%project=a\n${steps.map((_, at) => `a${at} 2026-01-01T00:00:00Z A <a@example.org>`).join('\n')}`,
    }),
    left: both,
    alone: undefined,
    mixed: undefined,
    label: undefined,
    labelNext: undefined,
  },
}

describe.each(Object.entries(tools))('what %s does', (_, tool) => {
  async function attempt(steps: readonly string[]): Promise<{ readonly sqlstate: string | undefined; readonly left: readonly string[] }> {
    await using folder = await temporaryFolder(tool.files(steps))
    await using database = await (await useCluster()).createDatabase()
    const sqlstate = await migrate(database, await stepsOf(folder.path))
    await using session = await database.connect()
    return { sqlstate, left: await relations(session) }
  }

  test('leaves behind of a step whose third statement fails', async () => {
    expect(await attempt(['CREATE TABLE a ();\nCREATE TABLE b ();\nSELECT 1 / 0;\n'])).toEqual({ sqlstate: '22012', left: tool.left })
  })

  test('with CREATE INDEX CONCURRENTLY, alone in its file or not', async () => {
    const index = 'CREATE INDEX CONCURRENTLY i ON c (id);\n'
    const [alone, mixed] = [await attempt(['CREATE TABLE c (id int);\n', index]), await attempt([`CREATE TABLE c (id int);\n${index}`])]
    expect([alone.sqlstate, mixed.sqlstate]).toEqual([tool.alone, tool.mixed])
  })

  test("with an enum's new label, used in the same file or in the next", async () => {
    const use = "CREATE TABLE t (e e DEFAULT 'b');\nINSERT INTO t DEFAULT VALUES;\n"
    const add = "ALTER TYPE e ADD VALUE 'b';\n"
    const type = "CREATE TYPE e AS ENUM ('a');\n"
    await using folder = await temporaryFolder(tool.files([add + use]))
    await using nextFolder = await temporaryFolder(tool.files([add, use]))
    const states = await Promise.all(
      [folder, nextFolder].map(async ({ path }) => {
        await using database = await (await useCluster()).createDatabase()
        await using session = await database.connect({ as: 'owner' })
        await session.script(type)
        return await migrate(database, await stepsOf(path))
      }),
    )
    expect(states).toEqual([tool.label, tool.labelNext])
  })

  test('with several pending steps when the second fails', async () => {
    const { left } = await attempt(['CREATE TABLE a ();\n', 'CREATE TABLE b ();\nSELECT 1 / 0;\n'])
    // One transaction over all pending steps leaves nothing of the first either.
    expect(left).toEqual(tool.labelNext !== undefined ? [] : tool.left.length > 0 ? both : ['a'])
  })
})
