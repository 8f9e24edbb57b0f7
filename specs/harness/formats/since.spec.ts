import { execFile } from 'node:child_process'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { type History, readSource, stepsSince } from '../../../harness/formats/index.ts'
import { type TemporaryFolder, temporaryFolder } from './folder.ts'

const run = promisify(execFile)
const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.org', '-c', 'init.defaultBranch=main', '-c', 'commit.gpgsign=false']

interface Repository extends TemporaryFolder {
  git(...parameters: string[]): Promise<unknown>
  write(files: Readonly<Record<string, string>>): Promise<void>
  commit(files: Readonly<Record<string, string>>): Promise<void>
  history(): Promise<History>
}

/** A repository whose `main` has these files, checked out on the branch `work`. */
async function repository(files: Readonly<Record<string, string>>): Promise<Repository> {
  const folder = await temporaryFolder({})
  const git = (...parameters: string[]) => run('git', [...identity, ...parameters], { cwd: folder.path })
  const write = async (written: Readonly<Record<string, string>>) => {
    for (const [name, content] of Object.entries(written)) {
      await mkdir(dirname(join(folder.path, name)), { recursive: true })
      await writeFile(join(folder.path, name), content)
    }
  }
  const commit = async (written: Readonly<Record<string, string>>) => {
    await write(written)
    await git('add', '-A')
    await git('commit', '-qm', 'a commit', '--allow-empty')
  }
  await git('init', '-q')
  await commit(files)
  await git('checkout', '-qb', 'work')
  const history = async () => {
    const source = await readSource(join(folder.path, 'migrations'))
    if (source.kind !== 'history') throw new Error('no history')
    return source.history
  }
  return { ...folder, git, write, commit, history }
}

const one = { 'migrations/1_a.up.sql': 'CREATE TABLE a (id int);', 'migrations/1_a.down.sql': 'DROP TABLE a;' }

describe('the steps since a ref', () => {
  test('are those that the branch adds, committed or not, under any name', async () => {
    await using repo = await repository(one)
    await repo.commit({ 'migrations/2_b.up.sql': 'SELECT 2;' })
    await repo.write({ 'migrations/3_é "c" d.up.sql': 'SELECT 3;' })
    expect(await stepsSince(await repo.history(), 'main')).toEqual({ added: new Set(['2_b.up.sql', '3_é "c" d.up.sql']), changed: [] })
  })

  test('are told from where the branch left, not from where the ref is now', async () => {
    await using repo = await repository(one)
    await repo.git('checkout', '-q', 'main')
    await repo.commit({ 'migrations/2_main.up.sql': 'SELECT 2;' })
    await repo.git('checkout', '-q', 'work')
    await repo.commit({ 'migrations/3_work.up.sql': 'SELECT 3;' })
    expect(await stepsSince(await repo.history(), 'main')).toEqual({ added: new Set(['3_work.up.sql']), changed: [] })
  })

  test('with a name are those after it', async () => {
    await using repo = await repository({ ...one, 'migrations/2_b.up.sql': 'SELECT 2;' })
    expect(await stepsSince(await repo.history(), '1_a.up.sql')).toEqual({ added: new Set(['2_b.up.sql']), changed: [] })
    expect(await stepsSince(await repo.history(), '2')).toEqual({ added: new Set(), changed: [] })
  })

  test('take a down that is new to an old step as added, and a contract as no change', async () => {
    await using repo = await repository({
      'migrations/1_a.up.sql': 'SELECT 1;',
      'migrations/2_b.up.sql': 'SELECT 2;',
      'migrations/2_b.contract.ts': 'export default {}',
    })
    await repo.commit({ 'migrations/1_a.down.sql': 'SELECT 1;', 'migrations/2_b.contract.ts': 'export default { idempotent: true }' })
    expect(await stepsSince(await repo.history(), 'main')).toEqual({ added: new Set(['1_a.up.sql']), changed: [] })
  })

  test('are not those whose line ends git converts', async () => {
    await using repo = await repository({ '.gitattributes': '*.sql text\n', 'migrations/1_a.up.sql': 'SELECT\n1;\n' })
    await repo.write({ 'migrations/1_a.up.sql': 'SELECT\r\n1;\r\n' })
    expect(await stepsSince(await repo.history(), 'main')).toEqual({ added: new Set(), changed: [] })
  })
})

describe('a merged file', () => {
  test('that changed is an input error, and counts with allowChanged', async () => {
    await using repo = await repository({ ...one, 'migrations/2_b.up.sql': 'SELECT 2;' })
    await repo.write({ 'migrations/1_a.up.sql': 'CREATE TABLE a (id bigint);' })
    const history = await repo.history()
    await expect(stepsSince(history, 'main')).rejects.toMatchObject({
      message: 'a merged file changed: "1_a.up.sql"',
      hint: expect.stringContaining('--allow-changed'),
      exitCode: 2,
    })
    expect(await stepsSince(history, 'main', { allowChanged: true })).toEqual({ added: new Set(['1_a.up.sql']), changed: ['1_a.up.sql'] })
  })

  test('that is gone or renamed is one too', async () => {
    await using repo = await repository({ ...one, 'migrations/2_b.up.sql': 'SELECT 2;' })
    await rename(join(repo.path, 'migrations/2_b.up.sql'), join(repo.path, 'migrations/3_b.up.sql'))
    await expect(stepsSince(await repo.history(), 'main')).rejects.toMatchObject({
      message: 'a merged file changed: "migrations/2_b.up.sql"',
    })
  })
})

describe('a since that cannot be told is an input error', () => {
  test('an unknown ref, or one that looks like an option', async () => {
    await using repo = await repository(one)
    for (const since of ['nowhere', '--all']) {
      await expect(stepsSince(await repo.history(), since)).rejects.toMatchObject({
        message: `"${since}" is neither a step nor a git ref`,
        hint: expect.stringContaining('git fetch'),
        exitCode: 2,
      })
    }
  })

  test('a folder outside any repository', async () => {
    await using folder = await temporaryFolder(one)
    const source = await readSource(join(folder.path, 'migrations'))
    if (source.kind !== 'history') throw new Error('no history')
    await expect(stepsSince(source.history, 'main')).rejects.toMatchObject({
      message: expect.stringMatching(/^"main" is no step, and ".*migrations" is not in a git repository$/),
      exitCode: 2,
    })
  })

  test('a clone too shallow', async () => {
    await using repo = await repository(one)
    await repo.commit({ 'migrations/2_b.up.sql': 'SELECT 2;' })
    await using clone = await temporaryFolder({})
    await rm(clone.path, { recursive: true })
    await run('git', ['clone', '-q', '--depth', '1', '--branch', 'work', `file://${repo.path}`, clone.path])
    const source = await readSource(join(clone.path, 'migrations'))
    if (source.kind !== 'history') throw new Error('no history')
    await expect(stepsSince(source.history, 'origin/main')).rejects.toMatchObject({ hint: expect.stringContaining('fetch-depth: 0') })
  })
})
