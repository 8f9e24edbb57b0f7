import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { InputError } from '../../../harness/errors.ts'
import { readSource } from '../../../harness/formats/read-source.ts'
import { temporaryFolder } from './folder.ts'

type Files = Readonly<Record<string, string>>

/** The warnings of what was read, or the refusal as a text; with the commands in it, which can each be read. */
async function told(files: Files, format?: string) {
  await using folder = await temporaryFolder(files)
  const shown = (text: string) => text.replaceAll(`${folder.path}/`, '').replaceAll(folder.path, '.')
  const text = await readSource(folder.path, { format }).then(
    (source) => (source.kind === 'history' ? source.history.warnings.join('\n') : ''),
    (error: unknown) => {
      if (!(error instanceof InputError)) throw error
      return [error.message, error.detail, error.hint].join('\n')
    },
  )
  const commands = [...text.matchAll(/npx godwit verify (.*)$/gm)].map((match) => match[1] ?? '')
  const read = await Promise.all(commands.map((command) => commandReads(command)))
  return { text: shown(text), commands: commands.map(shown), read }
}

/** How many steps a shell's words after `godwit verify` name. */
async function commandReads(words: string): Promise<number> {
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\n' ${words}`], { encoding: 'utf8' })
  const [path = '', flag, format] = stdout.trim().split('\n')
  const source = await readSource(path, flag === '--format' ? { format } : {})
  return source.kind === 'history' ? source.history.steps.length : 0
}

const two = (folder: string): Files => ({ [`${folder}/001_a.sql`]: 'SELECT 1', [`${folder}/002_b.sql`]: 'SELECT 2' })

describe('a folder of plain SQL in an unusual place', () => {
  test('is offered with the command that verifies it', async () => {
    const { text, commands, read } = await told({
      ...two('packages/a/db/changes'),
      ...two("packages/b's own/db/changes"),
      'package.json': '{}',
    })
    expect(text).toContain('holds no migrations\n')
    expect(text).toContain('"packages/a/db/changes" holds 2 numbered SQL files: npx godwit verify packages/a/db/changes')
    expect(commands).toEqual(['packages/a/db/changes', "'packages/b'\\''s own/db/changes'"])
    expect(read).toEqual([2, 2])
  })

  test('is named beside one that was found by its marks', async () => {
    const prisma = { 'prisma/migrations/1_a/migration.sql': '', 'prisma/migrations/migration_lock.toml': '' }
    const { text, read } = await told({ ...prisma, ...two('db/changes'), 'queries/users.sql': 'SELECT 1', ...two('test/data/steps') })
    expect(text).toBe('not looked at: "db/changes" holds 2 numbered SQL files: npx godwit verify db/changes')
    expect(read).toEqual([2])
  })

  test('is named beside one that a configuration names, and beside several', async () => {
    const configured = { 'out/meta/_journal.json': '{"entries":[{"idx":0,"when":1,"tag":"0_a"}]}', 'out/0_a.sql': '' }
    const drizzle = { ...configured, 'drizzle.config.ts': "export default { out: './out' }" }
    expect((await told({ ...drizzle, ...two('db/changes') })).commands).toEqual(['db/changes'])
    const several = { 'a/migrations/1_a.up.sql': '', 'b/migrations/1_a.up.sql': '' }
    const { text } = await told({ ...several, ...two('db/changes') })
    expect(text).toContain('holds 2 folders of migrations')
    expect(text).toContain('Not looked at:\n  "db/changes" holds 2 numbered SQL files')
  })

  test('is offered once, where folders with numbers are its parts', async () => {
    const { commands, read } = await told({ ...two('db/changes/2024'), ...two('db/changes/2025'), ...two('db/changes/v2.1') })
    expect([commands, read]).toEqual([['db/changes'], [6]])
  })

  test('is offered without numbers too, behind those that have some', async () => {
    const { text, commands } = await told({ 'lib/sql/functions/a.sql': '', ...two('zoo/steps'), ...two('examples/steps') })
    expect(commands).toEqual(['zoo/steps', 'examples/steps', 'lib/sql/functions'])
    expect(text).toContain('"lib/sql/functions" holds 1 SQL file: ')
  })

  test('may be the project itself', async () => {
    const { commands, read } = await told({ '1_a.sql': '', '2_b.sql': '', 'package.json': '{}' })
    expect([commands, read]).toEqual([['. --format sql'], [2]])
  })

  test('is no part of what was found', async () => {
    expect((await told({ ...two('migrations'), ...two('migrations/old') })).text).toBe('')
    expect((await told({ ...two('migrations/2024'), ...two('migrations/2025') })).text).toBe('')
    expect((await told({ 'sqitch.plan': '%project=p\n', ...two('deploy') })).commands).toEqual([])
  })
})

test('the path that is named is taken without a word on others', async () => {
  await using folder = await temporaryFolder({ ...two('db/changes'), ...two('db/changes/more/steps') })
  const source = await readSource(join(folder.path, 'db/changes'))
  expect(source).toMatchObject({ history: { warnings: [] } })
})

test('saved counterexamples are no steps of the folder that the reports stand in', async () => {
  const reports = { 'reports/001_a.sql/MIGRATION_TEST_RESULTS.md': '', 'reports/001_a.sql/counterexamples/2_lost.sql': 'SELECT 1' }
  await using folder = await temporaryFolder({
    ...two('steps'),
    ...reports,
    'steps/reports/a/MIGRATION_TEST_RESULTS.md': '',
    'steps/reports/a/9.sql': '',
  })
  expect(await readSource(join(folder.path, 'steps'))).toMatchObject({ history: { steps: [{ name: '001_a.sql' }, { name: '002_b.sql' }] } })
  expect((await told({ ...two('steps'), ...reports })).commands).toEqual(['steps'])
})
