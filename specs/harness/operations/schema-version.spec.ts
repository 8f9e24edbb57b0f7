import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import {
  filesOfStep,
  renderChangeLog,
  renderVersions,
  type SchemaVersions,
  versionSql,
  versionsOn,
  writeVersion,
} from '../../../harness/operations/index.ts'
import { writtenFiles } from '../history/written-history.ts'

const files = {
  '001_people.up.sql': 'CREATE TABLE people (id int PRIMARY KEY, name varchar(40) NOT NULL, nick text);\n',
  '001_people.down.sql': 'DROP TABLE people;\n',
  '002_rows.up.sql': `INSERT INTO people VALUES (1, 'a', NULL);\n`,
  '002_rows.down.sql': 'DELETE FROM people WHERE id = 1;\n',
  '003_born.up.sql': 'ALTER TABLE people ADD COLUMN born date;\nCREATE INDEX people_name ON people (name);\n',
  '003_born.down.sql': 'ALTER TABLE people DROP COLUMN born;\nDROP INDEX people_name;\n',
  '004_index.up.sql': 'DROP INDEX people_name;\n',
  '004_index.down.sql': 'CREATE INDEX people_name ON people (name);\n',
  '005_nick.up.sql': 'ALTER TABLE people DROP COLUMN nick',
  '005_nick.down.sql': 'ALTER TABLE people ADD COLUMN nick text',
}
const table = 'public.schema_versions'

describe('CV-5: versions of a schema', { timeout: 60_000 }, () => {
  const requestOf = (path: string) => ({ paths: [path], at: undefined, table, options: {}, hooks: {} })
  const told = ({ versions }: SchemaVersions) => versions.map(({ step, version, level }) => [step.slice(0, 3), version, level])
  const wanted = [
    ['001', '1.0.0', undefined],
    ['002', '1.0.0', undefined],
    ['003', '1.1.0', 'minor'],
    ['004', '1.1.1', 'patch'],
    ['005', '2.0.0', 'major'],
  ]

  test('are raised by what each step changes, and stay where it changes rows alone', async () => {
    await using written = await writtenFiles(files)
    const found = await versionsOn(await useCluster(), requestOf(written.path))
    expect([told(found), found.unknown]).toEqual([wanted, []])
    expect(renderVersions(found)).toContain(`2.0.0  005_nick.up.sql: major
         attribute public.people.nick is gone: statements that name it fail
`)
    expect(renderChangeLog(found)).toContain(
      '## 2.0.0\n\n`005_nick.up.sql`, major\n\n- **major** attribute public.people.nick is gone: statements that name it fail\n\n## 1.1.1',
    )
  })

  test('are recorded in the transaction of their step, and taken back by its down; recording one is no change', async () => {
    await using written = await writtenFiles(files)
    const cluster = await useCluster()
    const request = requestOf(written.path)
    const write = async (step: string) => {
      const version = (await versionsOn(cluster, { ...request, at: step })).versions.at(-1)
      if (version === undefined) throw new Error('no version')
      return writeVersion(version, table, await filesOfStep(request, step, versionSql(version, table, true)))
    }
    for (const step of ['003_born.up.sql', '005_nick.up.sql', '005_nick.up.sql']) expect(await write(step)).toHaveLength(2)
    expect(told(await versionsOn(cluster, request))).toEqual(wanted)
    const text = (name: string) => readFile(join(written.path, name), 'utf8')
    expect((await text('005_nick.up.sql')).match(/INSERT INTO/g)).toHaveLength(1)
    await using database = await cluster.createDatabase()
    await using session = await database.connect()
    const rows = () => session.query('SELECT version, level, because, step FROM public.schema_versions ORDER BY recorded_at')
    for (const step of ['001_people', '002_rows', '003_born', '004_index']) await session.script(await text(`${step}.up.sql`))
    const third = {
      version: '1.1.0',
      level: 'minor',
      because: ['attribute public.people.born is new', 'index public.people (people_name) is new'],
      step: '003_born.up.sql',
    }
    expect(await rows()).toEqual([third])
    const up = await text('005_nick.up.sql')
    await expect(session.script(`BEGIN;${up};SELECT 1 / 0`)).rejects.toThrow('division by zero')
    await session.script('ROLLBACK')
    expect(await rows()).toEqual([third])
    await session.script(up)
    expect(await rows()).toEqual([third, expect.objectContaining({ version: '2.0.0', level: 'major' })])
    await session.script(await text('005_nick.down.sql'))
    expect(await rows()).toEqual([third])
    for (const step of ['004_index', '003_born']) await session.script(await text(`${step}.down.sql`))
    await expect(rows()).rejects.toThrow('does not exist')
  })

  test.each([
    [
      'a file that holds both directions',
      { '001.sql': '-- migrate:up\nCREATE TABLE a (i int);\n-- migrate:down\nDROP TABLE a;\n' },
      '001.sql',
      'stand in one file',
    ],
    [
      'a step without a transaction',
      { '001.up.sql': 'CREATE TABLE a (i int);', '002.up.sql': '-- +migrate notransaction\nCREATE INDEX CONCURRENTLY i ON a (i);' },
      '002.up.sql',
      'does not run in one transaction',
    ],
    [
      'a file with a transaction of its own',
      { '001_a.up.sql': 'BEGIN;\nCREATE TABLE a (i int);\nCOMMIT;\n', '001_a.down.sql': 'DROP TABLE a;' },
      '001_a.up.sql',
      '001_a.up.sql begins or ends a transaction itself',
    ],
    ['a step that is not there', { '001.up.sql': 'CREATE TABLE a (i int);' }, '007', 'there is no step "007"'],
  ])('are not written into %s', async (_, given, step, message) => {
    await using written = await writtenFiles(given as Record<string, string>)
    const error = await filesOfStep(requestOf(written.path), step, 'SQL').catch((each: unknown) => each)
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(message) })
  })
})
