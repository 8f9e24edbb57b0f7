import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EnvironmentError, InputError } from '../../../harness/errors.ts'
import {
  readResults,
  readSavedRows,
  renderCounterexample,
  renderMarkdown,
  reportFolders,
  rewriteReports,
  safeFolderName,
  writeReports,
} from '../../../harness/report/index.ts'
import type { VerifyResult } from '../../../harness/result/index.ts'
import { exampleFinding, exampleResult, nastyText, verifyResult } from '../result/result-arbitrary.ts'

describe('reports on disk', () => {
  test('any name becomes one segment that stays where it is put', () => {
    const name = fc.oneof(
      nastyText,
      fc.constantFrom('.', '..', '../..', '/etc', 'C:\\x', 'con', 'NUL.txt', '.github', 'a/b', 'x'.repeat(300), 'é'.repeat(200)),
    )
    fc.assert(
      fc.property(name, (given) => {
        const safe = safeFolderName(given)
        expect(relative('/reports', resolve('/reports', safe))).toBe(safe)
        expect(safe).toMatch(/^[\p{L}\p{N}_-][\p{L}\p{N}._-]*$/u)
        expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255)
        expect(safe).not.toMatch(/^(con|nul)(\.|$)/i)
      }),
      { numRuns: 500 },
    )
  })

  test('a plain name is kept, and namesakes are told apart', () => {
    const { migrations } = exampleResult([{ name: '20240101_init' }, { name: 'a', path: 'x' }, { name: 'A', path: 'y' }])
    const folders = [...reportFolders(migrations).values()]
    expect(folders[0]).toBe('20240101_init')
    expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(3)
  })

  test('any result is written and read again', async () => {
    await using directory = await temporaryDirectory()
    let run = 0
    await fc.assert(
      fc.asyncProperty(verifyResult, async (result) => {
        run += 1
        const reports = join(directory.path, String(run))
        fc.pre(result.migrations.length > 0)
        const { written } = await writeReports(result, { directory: reports, counterexamples: new Map() })
        expect(written).toHaveLength(8 + 3 * result.migrations.length)
        const before = await contents(reports)
        const read = await readResults(reports)
        expect(read.map((one) => [one.folder, one.result.migrations.length])).toEqual([[reports, result.migrations.length]])
        for (const { folder, result: saved } of read) await rewriteReports(folder, saved)
        expect(await contents(reports)).toEqual(before)
        for (const folder of reportFolders(result.migrations).values()) {
          const [own] = await readResults(join(reports, folder))
          await rewriteReports(join(reports, folder), own?.result ?? result)
          const markdown = await readFile(join(reports, folder, 'MIGRATION_TEST_RESULTS.md'), 'utf8')
          expect(own?.result.migrations.map((migration) => renderMarkdown(migration, own.result))).toEqual([markdown])
        }
        expect(await contents(reports)).toEqual(before)
      }),
      { numRuns: 20 },
    )
  })

  test('counterexamples are filed where the finding says, old ones are listed, and nothing else is touched', async () => {
    await using directory = await temporaryDirectory()
    const reports = join(directory.path, 'reports')
    const own = join(reports, 'drop-notes')
    await mkdir(join(own, 'counterexamples'), { recursive: true })
    await writeFile(join(own, 'counterexamples', 'old.sql'), 'old')
    await writeFile(join(own, 'notes.txt'), 'mine')

    const counterexamples = new Map([
      [join(own, 'counterexamples', 'f1.sql'), 'one'],
      ['drop-notes/counterexamples/f2.sql', 'two'],
    ])
    const { written, stale, reports: shown } = await writeReports(exampleResult([{}]), { directory: reports, counterexamples })
    expect(written.map((path) => relative(own, path)).toSorted()).toEqual([
      ...runFileNames.map((name) => `../${name}`),
      'MIGRATION_TEST_RESULTS.md',
      'counterexamples/f1.sql',
      'counterexamples/f2.sql',
      'junit.xml',
      'results.json',
    ])
    expect(shown).toEqual([join(own, 'MIGRATION_TEST_RESULTS.md')])
    expect(stale).toEqual([join(own, 'counterexamples', 'old.sql')])
    expect((await readdir(own)).toSorted()).toEqual([
      'MIGRATION_TEST_RESULTS.md',
      'counterexamples',
      'junit.xml',
      'notes.txt',
      'results.json',
    ])
    expect(await readFile(join(own, 'counterexamples', 'f2.sql'), 'utf8')).toBe('two')
  })

  test('saved rows are found again by the name of their migration, and other files passed over', async () => {
    await using directory = await temporaryDirectory()
    expect(await readSavedRows(join(directory.path, 'missing'))).toEqual(new Map())
    const file = (rowsSql: string, extreme: boolean) => {
      const nothing = { legacySql: [], upSql: '', before: [], after: [], reverted: [], paths: [], server: '18.4', seed: '7' }
      return renderCounterexample({ ...nothing, finding: exampleFinding({}), migration: 'drop notes', rowsSql, extreme })
    }
    const counterexamples = new Map([
      ['x/counterexamples/b.sql', file('INSERT 2', true)],
      ['x/counterexamples/a.sql', file('INSERT 1', false)],
      ['x/counterexamples/c.sql', 'SELECT 1; -- not ours'],
    ])
    await writeReports(exampleResult([]), { directory: directory.path, counterexamples })
    const first = { sql: 'INSERT 1', extreme: false }
    const second = { sql: 'INSERT 2', extreme: true }
    expect(await readSavedRows(directory.path)).toEqual(new Map([['drop notes', [first, second]]]))
  })

  test.each(['../outside.sql', '/etc/outside.sql', 'x/../../outside.sql', ''])(
    'a counterexample at "%s" is refused before anything is written',
    async (path) => {
      await using directory = await temporaryDirectory()
      const reports = join(directory.path, 'reports')
      await expect(writeReports(exampleResult([{}]), { directory: reports, counterexamples: new Map([[path, 'x']]) })).rejects.toThrow(
        InputError,
      )
      expect(await readdir(directory.path)).toEqual([])
    },
  )

  test('a directory that cannot be written is the environment’s fault', async () => {
    await using directory = await temporaryDirectory()
    const file = join(directory.path, 'file')
    await writeFile(file, '')
    await expect(writeReports(exampleResult([{}]), { directory: file, counterexamples: new Map() })).rejects.toThrow(EnvironmentError)
  })

  test('a saved result is masked, and stands alone', async () => {
    await using directory = await temporaryDirectory()
    const result = exampleResult([
      { findings: [exampleFinding({ message: 'postgres://u:hunter2@h' })] },
      { name: 'second', verdict: 'holds', findings: [] },
    ])
    await writeReports(result, { directory: directory.path, counterexamples: new Map() })
    for (const [path, text] of await contents(directory.path)) expect([path, text.includes('hunter2')]).toEqual([path, false])
    const [first] = await readResults(join(directory.path, 'drop-notes'))
    const [second] = await readResults(join(directory.path, 'second'))
    expect(first?.result.migrations[0]?.findings[0]?.message).toBe('postgres://u:***@h')
    expect([first?.result.verdict, second?.result.verdict]).toEqual(['violated', 'holds'])
  })

  test('of a long run only what needs a look has a folder, and what an earlier run wrote is kept true', async () => {
    await using directory = await temporaryDirectory()
    const quiet = (index: number) => ({ name: `step-${index}`, path: `db/step-${index}`, verdict: 'holds' as const, findings: [] })
    const names = async () => (await readdir(directory.path)).filter((name) => !runFileNames.includes(name)).toSorted()
    await write(exampleResult([{ name: 'step-3', path: 'db/step-3' }]))
    const { reports } = await write(exampleResult([...Array.from({ length: 12 }, (_, index) => quiet(index)), { name: 'loud' }]))
    expect(await names()).toEqual(['loud', 'step-3'])
    const [rewritten] = await readResults(join(directory.path, 'step-3'))
    expect(rewritten?.result.verdict).toBe('holds')
    expect(reports.map((path) => relative(directory.path, path))).toEqual([
      ...Array.from({ length: 12 }, (_, index) => (index === 3 ? 'step-3/MIGRATION_TEST_RESULTS.md' : 'index.md')),
      'loud/MIGRATION_TEST_RESULTS.md',
    ])
    const index = await readFile(join(directory.path, 'index.md'), 'utf8')
    expect(index).toContain('[`loud`](loud/MIGRATION_TEST_RESULTS.md)')
    expect(index).toContain('12 migrations hold without an open finding.')

    async function write(result: VerifyResult) {
      return writeReports(result, { directory: directory.path, counterexamples: new Map() })
    }
  })

  test('what an earlier run verified and the last one did not is read too', async () => {
    await using directory = await temporaryDirectory()
    for (const name of ['first', 'second'])
      await writeReports(exampleResult([{ name }]), { directory: directory.path, counterexamples: new Map() })
    const read = await readResults(directory.path)
    expect(read.map((one) => [relative(directory.path, one.folder), one.result.migrations.map((each) => each.name)])).toEqual([
      ['', ['second']],
      ['first', ['first']],
    ])
  })

  test('no directory, no results and no JSON are each said plainly', async () => {
    await using directory = await temporaryDirectory()
    await expect(readResults(join(directory.path, 'missing'))).rejects.toThrow(/^cannot read the directory/)
    await expect(readResults(directory.path)).rejects.toThrow(/^no saved results in/)
    await mkdir(join(directory.path, 'a'))
    await writeFile(join(directory.path, 'a', 'results.json'), '{')
    await expect(readResults(directory.path)).rejects.toThrow(/is not JSON$/)
    await writeFile(join(directory.path, 'a', 'results.json'), '{}')
    await expect(readResults(directory.path)).rejects.toThrow(/is not a result of godwit$/)
  })
})

const runFileNames = [
  'gl-code-quality-report.json',
  'godwit.sarif',
  'history.jsonl',
  'index.html',
  'index.md',
  'junit.xml',
  'pull-request.md',
  'results.json',
]

/** Every file under a directory, by path. */
async function contents(directory: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(paths.toSorted().map(async (path) => [path, await readFile(path, 'utf8')] as const)))
}

async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'report-spec-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
