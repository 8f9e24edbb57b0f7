import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import type { History, HistoryStep } from '../../../harness/formats/history.ts'
import { readSource } from '../../../harness/formats/read-source.ts'
import { temporaryFolder } from './folder.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

async function historyOf(files: Files, options: { readonly at?: string; readonly format?: string } = {}): Promise<History> {
  await using folder = await temporaryFolder(files)
  return await historyAt(join(folder.path, options.at ?? ''), options.format)
}

async function historyAt(path: string, format?: string): Promise<History> {
  const source = await readSource(path, { format })
  if (source.kind !== 'history') throw new Error(`"${path}" is no history`)
  return source.history
}

async function refusalOf(files: Files, options: { readonly at?: string; readonly format?: string } = {}) {
  await using folder = await temporaryFolder(files)
  const error: unknown = await readSource(join(folder.path, options.at ?? ''), { format: options.format }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof InputError)) throw new Error('no input error', { cause: error })
  return [error.message, error.detail, error.hint]
    .map((text) => text?.replaceAll(`${folder.path}/`, '').replaceAll(folder.path, '.'))
    .join('\n')
}

const names = (history: History) => history.steps.map((step) => step.name)
const statements = (step: HistoryStep | undefined) =>
  (step?.up.kind === 'sql' ? step.up.script.statements : []).map(({ text, line }) => `${line}: ${text}`)
const downs = (step: HistoryStep | undefined) =>
  (step?.down?.kind === 'sql' ? step.down.script.statements : []).map(({ text, line }) => `${line}: ${text}`)

describe('a source', () => {
  test.each([
    ['atlas', 'atlas', 7],
    ['dbmate', 'dbmate', 7],
    ['diesel', 'diesel', 7],
    ['drizzle', 'drizzle', 6],
    ['drizzle-1', 'drizzle', 6],
    ['flyway', 'flyway', 9],
    ['golang-migrate', 'golang-migrate', 7],
    ['goose', 'goose', 8],
    ['graphile-migrate', 'graphile-migrate', 7],
    ['liquibase', 'liquibase', 7],
    ['node-pg-migrate', 'node-pg-migrate', 6],
    ['prisma', 'prisma', 7],
    ['sqitch', 'sqitch', 8],
    ['sql', 'sql', 8],
    ['supabase', 'supabase', 7],
  ])('%s is known from the repository above it as from its own folder', async (name, format, steps) => {
    const above = await historyAt(`fixtures/histories/${name}`)
    const own = await historyAt(above.root)
    expect([above.format, above.steps.length, names(own)]).toEqual([format, steps, names(above)])
    expect(new Set(names(above)).size).toBe(steps)
  })

  test('names what it leaves out and what is no SQL', async () => {
    const told = await Promise.all(
      readdirSync('fixtures/histories', { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(async ({ name }) => {
          const { ignored, steps } = await historyAt(`fixtures/histories/${name}`)
          return [
            name,
            [...ignored.map(({ file }) => file), ...steps.flatMap((step) => (step.up.kind === 'opaque' ? [step.name] : []))],
          ] as const
        }),
    )
    expect(Object.fromEntries(told.filter(([, files]) => files.length > 0))).toEqual({
      atlas: ['drafts/shelves.sql'],
      flyway: ['V2_first_attempt.sql'],
      goose: ['00008_notify_members.go'],
      liquibase: ['db.changelog-master.xml::welcome::ada', 'changes/drafts.sql'],
      prisma: ['20260114090000_normalise_emails'],
      supabase: ['notes_on_loans.sql'],
    })
  })

  test('tells the server that its project asks for', async () => {
    const told = await Promise.all(
      ['golang-migrate', 'supabase', 'sql'].map(async (name) => (await historyAt(`fixtures/histories/${name}`)).server),
    )
    expect(told).toEqual([
      { major: 16, from: 'fixtures/histories/golang-migrate/docker-compose.yml' },
      { major: 17, from: 'fixtures/histories/supabase/supabase/config.toml' },
      undefined,
    ])
    expect((await historyAt('fixtures/histories/supabase')).platform).toBe('supabase')
  })

  test('may be one file, a pair, or a command', async () => {
    await using folder = await temporaryFolder({ 'a.sql': 'SELECT 1', 'b.sql': 'SELECT 2', 'p/legacy.sql': '', 'p/up.sql': 'SELECT 1' })
    expect(names(await historyAt(join(folder.path, 'a.sql')))).toEqual(['a.sql'])
    expect(await readSource(folder.path)).toMatchObject({ kind: 'pairs', migrations: [{ path: join(folder.path, 'p') }] })
    const command = { up: 'true', table: 't', column: 'c' }
    expect(await readSource(folder.path, { command })).toEqual({ kind: 'command', command: { ...command, directory: folder.path } })
  })

  test('of several folders is none of them', async () => {
    const refusal = await refusalOf({ 'a/migrations/1_a.up.sql': '', 'b/prisma/migrations/20260101000000_a/migration.sql': '' })
    expect(refusal).toContain('holds 2 folders of migrations')
    expect(refusal).toContain('"a/migrations" (golang-migrate), "b/prisma/migrations" (prisma)')
  })

  test('for another server, or among the tests, steps back with a warning', async () => {
    const history = await historyOf({
      'db/mysql/migrations/1_a.up.sql': '',
      'db/postgres/migrations/1_a.up.sql': '',
      'test/migrations/1_a.up.sql': '',
      'scripts/clean.sql': 'DELETE FROM a',
    })
    expect(history.root).toMatch(/postgres.migrations$/)
    expect(history.warnings).toEqual([expect.stringContaining('db/mysql/migrations'), expect.stringContaining('test/migrations')])
  })

  test('is where a configuration says', async () => {
    const files = { 'out/meta/_journal.json': '{"entries":[]}', 'old/1_a.up.sql': 'SELECT 1' }
    expect(await refusalOf({ ...files, 'drizzle.config.ts': "export default { out: './out' }" })).toContain('"out" holds no migration')
    const prisma = { 'db/steps/20260101_a/migration.sql': '', 'prisma.config.ts': "export default { migrations: { path: 'db/steps' } }" }
    expect((await historyOf({ ...prisma, 'old/1_a.up.sql': '' })).format).toBe('prisma')
  })

  test('keeps to the format that is named, and warns where two tools left their marks', async () => {
    const files = { 'V1__a.sql': '-- +goose Up\nSELECT 1;\n' }
    expect((await historyOf(files, { format: 'flyway' })).format).toBe('flyway')
    const two = { '1_a.sql': '-- +goose Up\nSELECT 1;\n', 'V1__a.sql': 'SELECT 1' }
    expect(await historyOf(two)).toMatchObject({ format: 'goose', warnings: [expect.stringContaining('it could be flyway')] })
  })

  test('may have names with spaces, quotes and any letters', async () => {
    expect(names(await historyOf({ '1_it\'s "é" 日本.up.sql': 'SELECT 1' }))).toEqual(['1_it\'s "é" 日本.up.sql'])
  })

  test('may have empty files and files of comments', async () => {
    const { steps } = await historyOf({ '1.sql': '', '2.sql': '-- later\n', '3.sql': '/* a */ ;\n' })
    expect(steps.map(statements)).toEqual([[], [], []])
  })

  test('takes contracts beside its files', async () => {
    const contract = 'export default { idempotent: true }'
    const flat = await historyOf({ '1_a.up.sql': 'SELECT 1', '1_a.contract.ts': contract })
    const folders = await historyOf({ 'a/up.sql': '-- godwit: discard a.b.c because old\nSELECT 1', 'a/contract.ts': contract })
    expect([flat.steps[0]?.contract, folders.steps[0]?.contract]).toEqual([
      { idempotent: true },
      { idempotent: true, discards: [expect.objectContaining({ path: 'a.b.c', because: 'old' })] },
    ])
  })

  test('with a down that does not parse keeps it for the server to refuse', async () => {
    const { steps, warnings } = await historyOf({ '1_a.up.sql': 'SELECT 1', '1_a.down.sql': '\nDROP TABEL a;' })
    expect(steps[0]?.down).toMatchObject({ script: { mode: 'message', statements: [{ text: 'DROP TABEL a;', line: 2 }] } })
    expect(warnings).toEqual([expect.stringContaining('1_a.down.sql:2:6: syntax error at or near "TABEL": this down cannot run')])
  })
})

describe('what is bad input says which file, and why', () => {
  const up = '-- migrate:up\nSELECT 1;\n'
  const plan = '%project=a\na 2026-01-01T00:00:00Z A <a@example.org>\n'
  const committed = (previous: string, hash: string) => `--! Previous: ${previous}\n--! Hash: ${hash}\n\nSELECT 1;\n`
  test.each<[string, Files, string]>([
    ['nothing that looks like migrations', { 'README.md': '' }, 'holds no migrations\n'],
    [
      'migrations that are programs',
      { 'migrations/20260101_a.js': '', 'migrations/20260102_b.js': '' },
      '1. They are programs that their tool runs (2 files that look like such are here)',
    ],
    ['a syntax error', { '1_a.up.sql': 'SELECT 1;\n SELEC 2;' }, '1_a.up.sql:2:2: syntax error at or near "SELEC"'],
    ['no down block in dbmate', { '1_a.sql': up }, '"1_a.sql" has no "-- migrate:down"'],
    [
      'SQL before the first block in dbmate',
      { '1_a.sql': `SELECT 0;\n${up}-- migrate:down\n` },
      'has SQL before its first "-- migrate:up"',
    ],
    [
      'a statement that goose does not see end',
      { '1_a.sql': '-- +goose Up\nSELECT 1\n' },
      '1_a.sql:2: the last statement has no ";" at the end of a line',
    ],
    ['a StatementBegin without end', { '1_a.sql': '-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n' }, 'no "-- +goose StatementEnd"'],
    ['a journal that is not JSON', { 'meta/_journal.json': '{"entries": [', '0_a.sql': '' }, '"meta/_journal.json" is not JSON'],
    [
      'a journal with a merge conflict',
      { 'meta/_journal.json': '<<<<<<< HEAD\n{', '0_a.sql': '' },
      'It holds the marks of a merge conflict.',
    ],
    ['a journal without entries', { 'meta/_journal.json': '{}', '0_a.sql': '' }, '"meta/_journal.json" is no journal of Drizzle\'s'],
    [
      'a journal that names a file that is not there',
      { 'meta/_journal.json': '{"entries":[{"idx":0,"when":1,"tag":"0_a"}]}' },
      'names "0_a", but there is no "0_a.sql"',
    ],
    ['a journal of SQLite', { 'meta/_journal.json': '{"dialect":"sqlite","entries":[]}' }, 'says dialect "sqlite"'],
    ['a lock of MySQL', { 'migration_lock.toml': 'provider = "mysql"', 'a/migration.sql': '' }, 'says provider "mysql"'],
    ['UTF-16', { '1.sql': Buffer.from('\uFEFFSELECT 1', 'utf16le') }, '"1.sql" is not UTF-8\nIt looks like UTF-16, little-endian.'],
    ['UTF-16 without a mark', { '1.sql': Buffer.from('SELECT 1', 'utf16le') }, 'It looks like UTF-16, little-endian.'],
    [
      'Latin-1',
      { '1.sql': Buffer.from("SELECT 1;\nSELECT 'é'", 'latin1') },
      'Byte 0xe9 on line 2 is none of UTF-8. It looks like Latin-1.',
    ],
    ['Windows-1252', { '1.sql': Buffer.from([0x2d, 0x2d, 0x93, 0x94]) }, 'It looks like Windows-1252'],
    ['a broken chain of hashes', { 'committed/000001.sql': committed('sha1:x', 'sha1:y') }, 'follows sha1:x, but it is the first'],
    ['a file that is not what was hashed', { 'committed/000001.sql': committed('-', 'sha1:y') }, 'does not have the hash that it says'],
    ['a plan that names a script that is not there', { 'sqitch.plan': plan }, 'names "a" (line 2), but there is no "deploy/a.sql"'],
    ['a line that is none of a plan', { 'sqitch.plan': `${plan}b c d\n` }, 'sqitch.plan:3: is no line of a plan'],
    [
      'changes that require each other',
      { 'sqitch.plan': '%project=a\na [b] 2026-01-01T00:00:00Z A <a@b>\nb [a] 2026-01-01T00:00:00Z A <a@b>\n' },
      'sqitch.plan:2: "a" and "b" require each other',
    ],
    ['a change that stands twice', { 'sqitch.plan': `${plan}a 2026-01-01T00:00:00Z A <a@b>\n` }, '"a" stands twice without a tag between'],
    [
      'a placeholder without a value',
      { 'V1__a.sql': `SET search_path TO \${schema};` },
      `V1__a.sql:1:20: the placeholder "\${schema}" has no value`,
    ],
    [
      'a change set of Liquibase without SQL',
      { '1.sql': '--liquibase formatted sql\n--changeset a:1\n' },
      '1.sql:2: the change set "a:1" has no SQL',
    ],
    ['an include that is not there', { '1.sql': '\n\\ir b.sql\n' }, '1.sql:2:1: includes "b.sql", which is not there'],
    ['an include of itself', { '1.sql': '\\ir 1.sql\n' }, '"1.sql" includes itself'],
  ])('%s', async (_, files, message) => {
    expect(await refusalOf(files)).toContain(message)
  })

  test('a name with a line break', async () => {
    expect(await refusalOf({ '1.sql': '', '2\n.sql': '' })).toContain('has a line break or another control character in its name')
  })

  test('an unknown format, or a path that is not there', async () => {
    expect(await refusalOf({}, { format: 'ecto' })).toContain('unknown format "ecto"')
    expect(await refusalOf({}, { at: 'nowhere' })).toContain('"nowhere" does not exist')
    expect(await refusalOf({}, { at: 'a'.repeat(5_000) }), 'longer than a path can be').toContain('does not exist')
  })
})

describe('order', () => {
  test('any set of golang-migrate names is by number', () =>
    fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: 1, maxLength: 6 }), async (versions) => {
        const history = await historyOf(Object.fromEntries(versions.map((version) => [`${version}_a.up.sql`, ''])))
        expect(history.steps.map((step) => BigInt(step.version))).toEqual([...versions].sort((a, b) => (a < b ? -1 : 1)))
      }),
      { numRuns: 15 },
    ))

  test('any set of Flyway versions is part by part as numbers, with the repeatables last', async () => {
    const files = ['V1.10__a', 'V1.9__b', 'V2__c', 'V1__d', 'V1_9_1__e', 'R__b', 'R__a', 'B0.5__f', 'V0.4__g']
    const history = await historyOf(Object.fromEntries(files.map((name) => [`${name}.sql`, ''])))
    expect(names(history)).toEqual(
      ['B0.5__f', 'V1__d', 'V1.9__b', 'V1_9_1__e', 'V1.10__a', 'V2__c', 'R__a', 'R__b'].map((name) => `${name}.sql`),
    )
    expect(history.ignored).toEqual([{ file: 'V0.4__g.sql', because: expect.stringContaining('baseline') }])
  })

  test('is natural in plain SQL, by name in Supabase', async () => {
    expect(names(await historyOf({ '10.sql': '', '9.sql': '', 'a/2.sql': '' }))).toEqual(['9.sql', '10.sql', 'a/2.sql'])
    const supabase = await historyOf({ 'supabase/migrations/10_a.sql': '', 'supabase/migrations/9_a.sql': '' })
    expect(names(supabase)).toEqual(['10_a.sql', '9_a.sql'])
  })

  test('of a journal is its own, and what Drizzle would skip is said', async () => {
    const entries = [
      { idx: 0, when: 5, tag: '0_b' },
      { idx: 1, when: 4, tag: '1_a' },
    ]
    const history = await historyOf({ 'meta/_journal.json': JSON.stringify({ entries }), '0_b.sql': '', '1_a.sql': '', '2_c.sql': '' })
    expect([names(history), history.ignored.map(({ file }) => file)]).toEqual([['0_b.sql', '1_a.sql'], ['2_c.sql']])
    expect(history.warnings).toEqual([expect.stringContaining('"1_a" is not newer than "0_b" before it: Drizzle skips it in silence')])
  })
})

describe('sections', () => {
  const sql = fc.constantFrom(
    "INSERT INTO a VALUES ('--');",
    'CREATE TABLE a (\n  b int -- a comment;\n);',
    'SELECT 1; -- one',
    "SELECT ';',\n2;",
    '-- nothing\n',
  )
  const wraps: Readonly<Record<string, (up: string, down: string) => string>> = {
    dbmate: (up, down) => `-- a note\n-- migrate:up\n${up}\n-- migrate:down\n${down}\n`,
    goose: (up, down) =>
      `-- +goose Up\n-- +goose StatementBegin\n${up}\n-- +goose StatementEnd\n-- +goose Down\n-- +goose StatementBegin\n${down}\n-- +goose StatementEnd\n`,
    'node-pg-migrate': (up, down) => `-- Up Migration\n${up}\n-- Down Migration\n${down}\n`,
    'sql-migrate': (up, down) => `-- +migrate Up\n${up}\n-- +migrate Down\n${down}\n`,
  }
  test.each(Object.entries(wraps))('any %s file keeps every statement in its section, on its line', (_, wrap) =>
    fc.assert(
      fc.asyncProperty(fc.array(sql, { maxLength: 5 }), fc.array(sql, { maxLength: 5 }), async (ups, downTexts) => {
        const text = wrap(ups.join('\n'), downTexts.join('\n'))
        const { steps } = await historyOf({ '1_a.sql': text })
        const lines = text.split('\n')
        const starts = (told: readonly string[]) => told.map((each) => each.replace(/^\d+: /, '').split('\n')[0])
        const expected = (texts: readonly string[]) =>
          texts.filter((each) => !each.startsWith('--')).map((each) => each.split('\n')[0]?.replace(/;( -- one)?$/, ''))
        expect(starts(statements(steps[0]))).toEqual(expected(ups))
        expect(starts(downs(steps[0]))).toEqual(expected(downTexts))
        for (const told of [...statements(steps[0]), ...downs(steps[0])]) {
          const [, line, first] = /^(\d+): (.*)/.exec(told) ?? []
          expect(lines[Number(line) - 1]).toContain(first)
        }
      }),
      { numRuns: 25 },
    ),
  )

  test('where goose would cut a statement in two are named', async () => {
    const body = 'CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$\nBEGIN\n  RETURN 1;\nEND $$;\n'
    expect((await historyOf({ '1_a.sql': `-- +goose Up\n${body}` })).warnings).toEqual([
      expect.stringContaining('1_a.sql:2: goose cuts this statement'),
    ])
    const begun = `-- +goose Up\n-- +goose StatementBegin\n${body}-- +goose StatementEnd\n`
    expect((await historyOf({ '1_a.sql': begun })).warnings).toEqual([])
  })

  test('with a COMMIT in a file that its tool wraps are named', async () => {
    const { warnings } = await historyOf({ '1_a.sql': '-- migrate:up\nBEGIN;\nSELECT 1;\nCOMMIT;\n-- migrate:down\n' })
    expect(warnings).toEqual([expect.stringContaining('1_a.sql:2: "BEGIN" meddles with the transaction that dbmate opens itself')])
  })
})

describe('a sqitch plan', () => {
  test('takes the old scripts of a reworked change by their tag', async () => {
    const history = await historyAt('fixtures/histories/sqitch')
    const reworked = history.steps.filter((step) => step.name.startsWith('count_open_loans'))
    expect(reworked.map(({ name, repeatable, files }) => [name, repeatable, files.length])).toEqual([
      ['count_open_loans@v1.0', undefined, 3],
      ['count_open_loans', true, 2],
    ])
    expect(history.steps.find((step) => step.name === 'create_loans')?.verify?.statements).toHaveLength(3)
  })
})
