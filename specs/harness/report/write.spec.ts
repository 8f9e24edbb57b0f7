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
import { exampleFinding, exampleResult, nastyText, verifyResult } from './result-arbitrary.ts'

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
        expect(written).toHaveLength(3 * result.migrations.length)
        const read = await readResults(reports)
        expect(read).toHaveLength(result.migrations.length)
        for (const { folder, result: saved } of read) {
          await rewriteReports(folder, saved)
          const markdown = await readFile(join(folder, 'MIGRATION_TEST_RESULTS.md'), 'utf8')
          expect(saved.migrations.map((migration) => renderMarkdown(migration, saved))).toContain(markdown)
        }
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
    const file = (rowsSql: string) => {
      const nothing = { legacySql: [], upSql: '', before: [], after: [], reverted: [], paths: [], server: '18.4', seed: '7' }
      return renderCounterexample({ ...nothing, finding: exampleFinding({}), migration: 'drop notes', rowsSql })
    }
    const counterexamples = new Map([
      ['x/counterexamples/b.sql', file('INSERT 2')],
      ['x/counterexamples/a.sql', file('INSERT 1')],
      ['x/counterexamples/c.sql', 'SELECT 1; -- not ours'],
    ])
    await writeReports(exampleResult([]), { directory: directory.path, counterexamples })
    expect(await readSavedRows(directory.path)).toEqual(new Map([['drop notes', ['INSERT 1', 'INSERT 2']]]))
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
    const [first, second] = await readResults(directory.path)
    expect(first?.result.migrations[0]?.findings[0]?.message).toBe('postgres://u:***@h')
    expect([first?.result.verdict, second?.result.verdict]).toEqual(['violated', 'holds'])
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

async function temporaryDirectory(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'report-spec-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}
