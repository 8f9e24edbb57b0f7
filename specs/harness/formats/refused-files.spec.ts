import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readSource } from '../../../harness/formats/read-source.ts'
import { type TemporaryFolder, temporaryFolder } from './folder.ts'

type Files = Readonly<Record<string, string | Uint8Array>>

/** Each step by its name: `sql`, or why it is not run. */
async function stepsOf(files: Files, prepare: (folder: TemporaryFolder) => void = () => undefined) {
  await using folder = await temporaryFolder(files)
  prepare(folder)
  const source = await readSource(folder.path)
  if (source.kind !== 'history') throw new Error('no history')
  const { steps, ignored } = source.history
  const shown = (text: string) => text.replaceAll(`${folder.path}/`, '')
  return {
    steps: Object.fromEntries(steps.map(({ name, up }) => [name, up.kind === 'opaque' ? shown(up.because) : up.kind])),
    ignored: ignored.map(({ file, because }) => `${file}: ${shown(because)}`),
  }
}

const dbmate = '-- migrate:up\nSELECT 1;\n-- migrate:down\n'
const goose = '-- +goose Up\nSELECT 1;\n'
const latin1 = Buffer.from("SELECT 'é'", 'latin1')
const change = (name: string) => `${name} 2026-01-01T00:00:00Z A <a@b>\n`
function committed(previous: string, body: string): { readonly text: string; readonly hash: string } {
  const hash = `sha1:${createHash('sha1')
    .update(`${previous === '-' ? '' : previous}\n${body}`.trim().concat('\n'))
    .digest('hex')}`
  return { text: `--! Previous: ${previous}\n--! Hash: ${hash}\n\n${body}\n`, hash }
}
const first = committed('-', 'SELECT 1;')
const second = committed(first.hash, 'SELECT 2;')

describe('a file that its tool would refuse is one step that is not run', () => {
  test.each<[string, Files, refused: string, because: string, others: readonly string[]]>([
    [
      'dbmate, an indented annotation',
      { '1_a.sql': dbmate, '2_b.sql': '-- migrate:up\nSELECT 1;\n  -- migrate:down\nSELECT 2;\n', '3_c.sql': dbmate },
      '2_b.sql',
      'dbmate cannot apply it: 2_b.sql:3: "-- migrate:down" has blanks in front of it',
      ['1_a.sql', '3_c.sql'],
    ],
    ['dbmate, no down', { '1_a.sql': dbmate, '2_b.sql': '-- migrate:up\n' }, '2_b.sql', 'has no "-- migrate:down"', ['1_a.sql']],
    ['dbmate, SQL in front', { '1_a.sql': dbmate, '2_b.sql': `SELECT 0;\n${dbmate}` }, '2_b.sql', 'SQL before its first', ['1_a.sql']],
    ['dbmate, a version twice', { '1_a.sql': dbmate, '1_b.sql': dbmate }, '1_b.sql', 'two files have version 1', ['1_a.sql']],
    ['goose, no annotation', { '1_a.sql': goose, '2_b.sql': 'SELECT 1;' }, '2_b.sql', '"2_b.sql" has no "-- +goose Up"', ['1_a.sql']],
    ['goose, no end', { '1_a.sql': goose, '2_b.sql': '-- +goose Up\nSELECT 1\n' }, '2_b.sql', '2_b.sql:2: the last statement', ['1_a.sql']],
    ['goose, a version twice', { '1_a.sql': goose, '001_b.sql': goose }, '1_a.sql', 'two files have version 1', ['001_b.sql']],
    [
      'golang-migrate, a syntax error',
      { '1_a.up.sql': '', '2_b.up.sql': 'SELECT 1;\n SELEC 2;', '3_c.up.sql': '' },
      '2_b.up.sql',
      'golang-migrate cannot apply it: 2_b.up.sql:2:2: syntax error at or near "SELEC"',
      ['1_a.up.sql', '3_c.up.sql'],
    ],
    ['golang-migrate, a version twice', { '1_a.up.sql': '', '01_b.up.sql': '' }, '1_a.up.sql', 'two files have version 1', ['01_b.up.sql']],
    ['golang-migrate, no up', { '1_a.up.sql': '', '2_b.down.sql': '' }, '2_b.down.sql', 'has no up beside it', ['1_a.up.sql']],
    ['Flyway, a placeholder', { 'V1__a.sql': '', 'V2__b.sql': 'SET x TO $' + '{y};' }, 'V2__b.sql', 'V2__b.sql:1:10', ['V1__a.sql']],
    ['Flyway, a version twice', { 'V1__a.sql': '', 'x/V1_0__b.sql': '' }, 'x/V1_0__b.sql', 'two files have version 1', ['V1__a.sql']],
    [
      'Supabase, a version twice',
      { 'supabase/migrations/1_a.sql': '', 'supabase/migrations/1_b.sql': '' },
      '1_b.sql',
      'two files have version 1',
      ['1_a.sql'],
    ],
    [
      'Supabase, Latin-1',
      { 'supabase/migrations/1_a.sql': '', 'supabase/migrations/2_b.sql': latin1 },
      '2_b.sql',
      'is not UTF-8',
      ['1_a.sql'],
    ],
    ['Prisma, a syntax error', { 'a/migration.sql': '', 'b/migration.sql': 'SELEC 1' }, 'b', 'b/migration.sql:1:1: syntax error', ['a']],
    ['Diesel, no up', { 'a/up.sql': '', 'b/down.sql': '' }, 'b', 'has no "up.sql" beside it', ['a']],
    ['Diesel, a broken setting', { 'a/up.sql': '', 'b/up.sql': '', 'b/metadata.toml': '=' }, 'b', 'is not TOML', ['a']],
    [
      'Drizzle, a file that is not there',
      { 'meta/_journal.json': '{"entries":[{"idx":0,"when":1,"tag":"0_a"},{"idx":1,"when":2,"tag":"1_b"}]}', '0_a.sql': '' },
      '1_b.sql',
      'names "1_b", but there is no "1_b.sql"',
      ['0_a.sql'],
    ],
    ['node-pg-migrate, a syntax error', { '1_a.sql': '-- Up Migration\n', '2_b.sql': 'SELEC 1' }, '2_b.sql', '2_b.sql:1:1', ['1_a.sql']],
    [
      'sqitch, a script that is not there',
      { 'sqitch.plan': `%project=p\n${change('a')}${change('b')}`, 'deploy/a.sql': '' },
      'b',
      'names "b" (line 3), but there is no "deploy/b.sql"',
      ['a'],
    ],
    [
      'sqitch, an include that is not there',
      { 'sqitch.plan': `%project=p\n${change('a')}${change('b')}`, 'deploy/a.sql': '', 'deploy/b.sql': '\\i x.sql\n' },
      'b',
      'deploy/b.sql:1:1: includes "x.sql"',
      ['a'],
    ],
    [
      'graphile-migrate, another hash',
      { 'committed/000001.sql': `${first.text}-- changed`, 'committed/000002.sql': second.text },
      'committed/000001.sql',
      'does not have the hash that it says',
      ['committed/000002.sql'],
    ],
    [
      'graphile-migrate, no header',
      { 'committed/000001.sql': first.text, 'committed/000002.sql': 'SELECT 2;', 'committed/000003.sql': committed('sha1:x', '').text },
      'committed/000002.sql',
      'has no header "--! Previous:"',
      ['committed/000001.sql', 'committed/000003.sql'],
    ],
    ['plain SQL, no up', { '1.sql': '', '2.down.sql': '' }, '2.down.sql', 'has no up beside it', ['1.sql']],
    ['plain SQL, a syntax error', { '1.sql': '', '2.sql': 'SELEC' }, '2.sql', '2.sql:1:1: syntax error', ['1.sql']],
    ['plain SQL, an include', { '1.sql': '', '2.sql': '\\ir x.sql\n' }, '2.sql', '2.sql:1:1: includes "x.sql"', ['1.sql']],
    ['plain SQL, a down in Latin-1', { '1.sql': '', '2.sql': '', '2.down.sql': latin1 }, '2.sql', '"2.down.sql" is not UTF-8', ['1.sql']],
  ])('%s', async (_, files, refused, because, others) => {
    const { steps } = await stepsOf(files)
    expect(steps).toEqual({ [refused]: expect.stringContaining(because), ...Object.fromEntries(others.map((name) => [name, 'sql'])) })
  })

  test('a file of Liquibase that is asked for as plain SQL', async () => {
    await using folder = await temporaryFolder({ '1.sql': '', '2.sql': '--liquibase formatted sql\n' })
    const source = await readSource(folder.path, { format: 'sql' })
    expect(source.kind === 'history' && source.history.steps[1]?.up).toMatchObject({
      because: expect.stringContaining('--format liquibase'),
    })
  })

  test('an undo of Flyway that no step takes is named', async () => {
    const files = { 'V1__a.sql': '', 'U1__a.sql': '', 'U1__b.sql': '', 'U2__c.sql': '' }
    expect((await stepsOf(files)).ignored).toEqual([
      'U1__b.sql: "U1__a.sql" is the undo of version 1 already',
      'U2__c.sql: there is no migration of version 2',
    ])
  })

  test.runIf(process.getuid?.() !== 0)('a file that may not be read', async () => {
    const { steps } = await stepsOf({ '1.sql': '', '2.sql': '' }, ({ path }) => chmodSync(join(path, '2.sql'), 0))
    expect(steps).toEqual({ '1.sql': 'sql', '2.sql': 'psql cannot apply it: "2.sql" cannot be read: EACCES' })
  })

  test('links that lead nowhere or in circles', async () => {
    const { steps, ignored } = await stepsOf({ '1.sql': '' }, ({ path }) => {
      symlinkSync('nowhere.sql', join(path, '2.sql'))
      symlinkSync('3.sql', join(path, '3.sql'))
      mkdirSync(join(path, 'within'))
      symlinkSync('..', join(path, 'within/again'))
    })
    expect(steps).toEqual({
      '1.sql': 'sql',
      '2.sql': expect.stringContaining('"2.sql" is a link to "nowhere.sql", which does not exist'),
      '3.sql': expect.stringContaining('"3.sql" is a link to "3.sql", which leads back to it'),
    })
    expect(ignored).toEqual(['within/again: it is a link to a folder that it stands in'])
  })

  test('a history of which the tool would refuse every file is bad input', async () => {
    await expect(stepsOf({ '1_a.sql': '-- migrate:up\n', '2_b.sql': '-- migrate:up\n' })).rejects.toThrow('has no "-- migrate:down"')
    await expect(stepsOf({ '1_a.sql': '-- migrate:up\n', '2_b.sql': '-- migrate:up\n' })).rejects.toMatchObject({ exitCode: 2 })
  })
})
