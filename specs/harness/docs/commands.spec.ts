import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createProgram } from '../../../harness/cli/program.ts'
import { type ScratchRepository, scratchRepository } from '../cli/scratch-repository.ts'
import { pageFiles } from '../page-files.ts'
import { commandsNotRun } from './commands-not-run.ts'
import { commandsOf, godwitWords, pages } from './page-commands.ts'

/** Commands that are run below, by page; `-u` writes what they print into the page. */
const runBelow: Readonly<Record<string, readonly string[]>> = {
  'README.md': ['npx godwit verify'],
  'docs/command.md': ['godwit baseline', 'godwit gate', 'godwit gate --runs 5', 'npx godwit init --github'],
  'docs/baseline.md': ['npx godwit baseline', 'git add godwit.baseline.json'],
  'docs/clients.md': [
    'npx godwit verify fixtures/specimens/backward-compatibility/unsound --runs 5',
    'npx godwit verify fixtures/specimens/access-parity/unsound --runs 5',
  ],
}

const program = createProgram({ signal: new AbortController().signal, setExitCode: () => undefined })

describe.each(pages)('%s', (page) => {
  test('gives godwit only words that it knows', () => {
    const unknown = godwitWords(page).flatMap(({ subcommand, options }) => {
      const known = program.commands.find((each) => each.name() === subcommand)
      if (known === undefined) return [subcommand]
      const names = ['--help', ...[known, ...known.commands].flatMap((each) => each.options).flatMap(({ long }) => long ?? [])]
      return options.filter((option) => !names.includes(option)).map((option) => `${subcommand} ${option}`)
    })
    expect(unknown).toEqual([])
  })

  test('has no command that nothing runs without a reason', () => {
    const run = runBelow[page] ?? []
    const reasons = commandsNotRun[page] ?? {}
    const shown = commandsOf(page).map(({ command }) => command)
    expect(shown.filter((command) => !run.includes(command) && reasonFor(command, reasons) === undefined)).toEqual([])
    expect(
      [...run, ...Object.keys(reasons)].filter((each) => !shown.some((command) => command === each || command.startsWith(each))),
    ).toEqual([])
  })
})

test('what is said to run a command is there', () => {
  const named = Object.values(commandsNotRun).flatMap((reasons) =>
    Object.values(reasons).flatMap((reason) => reason.match(/specs\/[\w./-]*\w\/?/g) ?? []),
  )
  expect(named.length).toBeGreaterThan(9)
  expect(named.filter((path) => !existsSync(path))).toEqual([])
})

function reasonFor(command: string, reasons: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(reasons).find(([start]) => command.startsWith(start))?.[1]
}

/** What differs from run to run: times, and the release of the server. */
function timeless(output: string): string {
  return output.replaceAll(/PostgreSQL \d+\.\d+/g, 'PostgreSQL N').replaceAll(/(?<=, |; )[\d.]+ (ms|s|min \d+ s)(?=[);])/g, 'T')
}

/** Expects the page to show this output below the command. `-u` writes one output of a page at a time: run it until nothing changes. */
async function expectShown(page: string, command: string, output: string): Promise<void> {
  const shown = commandsOf(page).find((each) => each.command === command)?.output ?? ''
  const printed = output.trimEnd()
  if (timeless(shown) === timeless(printed)) return
  const text = await readFile(page, 'utf8')
  await expect(text.replace(shown, () => printed)).toMatchFileSnapshot(join('../../..', page))
}

describe('what the commands print is what the pages show', { timeout: 180_000 }, () => {
  test('README.md, the first run', async () => {
    await using repository = await scratchRepository(await pageFiles('../README.md'))
    const { code, stdout } = await repository.run(['verify'])
    expect(code).toBe(1)
    await expectShown('README.md', 'npx godwit verify', stdout)
  })

  test.each(runBelow['docs/clients.md'] ?? [])('docs/clients.md, %s', async (command) => {
    await using repository = await scratchRepository()
    const [, path = ''] = / verify (\S+)/.exec(command) ?? []
    await cp(path, join(repository.directory, path), { recursive: true })
    const { stdout } = await repository.run(command.split(' ').slice(2))
    // The page shows the findings, and not what comes below them.
    const findings = stdout.slice(0, stdout.search(/^ {2}(?:generated rows reached|not tested|in the report|report) /m))
    await expectShown('docs/clients.md', command, findings)
  })

  test('docs/command.md, godwit init', async () => {
    await using repository = await scratchRepository({
      'package.json': '{}',
      'db/migrations/001_a.sql': 'SELECT 1;',
      'db/migrations/002_b.sql': 'SELECT 2;',
    })
    const { stdout } = await repository.runHere(['init', '--github'])
    await expectShown('docs/command.md', 'npx godwit init --github', stdout)
  })

  describe('docs/command.md and docs/baseline.md, the story of a baseline', () => {
    let repository: ScratchRepository
    beforeAll(async () => {
      repository = await scratchRepository({
        'migrations/001_items.sql': 'CREATE TABLE items (id int PRIMARY KEY, notes text, title text);\n',
        'migrations/002_drop_notes.sql': 'ALTER TABLE items DROP COLUMN notes;\n',
        'godwit.config.json': JSON.stringify({ path: 'migrations', runs: 4 }),
      })
      git('init', '-q', '-b', 'main')
      git('add', '-A')
      git('commit', '-q', '-m', 'first')
      git('switch', '-q', '-c', 'branch')
      await repository.write({ 'migrations/003_drop_title.sql': 'ALTER TABLE items DROP COLUMN title;\n' })
    })
    afterAll(() => repository[Symbol.asyncDispose]())
    function git(...args: readonly string[]): void {
      const settings = ['-c', 'user.name=spec', '-c', 'user.email=spec@example.org', '-c', 'commit.gpgsign=false']
      execFileSync('git', [...settings, ...args], { cwd: repository.directory, stdio: ['ignore', 'ignore', 'inherit'] })
    }

    test('baseline', async () => {
      const { code, stdout } = await repository.run(['baseline'])
      expect(code).toBe(0)
      const told = stdout.slice(stdout.indexOf('godwit.baseline.json:'))
      await expectShown('docs/command.md', 'godwit baseline', `…\n${told}`)
      git('add', 'godwit.baseline.json')
    })

    test('gate', async () => {
      expect((await repository.runHere(['baseline', '--from', 'reports', '--include-new'])).code).toBe(0)
      expect((await repository.run(['verify'])).code).toBe(0)
      const passed = await repository.runHere(['gate'])
      expect(passed.code).toBe(0)
      await expectShown('docs/command.md', 'godwit gate', passed.stdout)
      const refused = await repository.runHere(['gate', '--runs', '5'])
      expect(refused.code).toBe(1)
      await expectShown('docs/command.md', 'godwit gate --runs 5', refused.stdout)
    })
  })
})
