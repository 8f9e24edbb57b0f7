import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { showOnGitHub, writeReports } from '../../../harness/report/index.ts'
import { exampleResult } from '../result/result-arbitrary.ts'

describe('on GitHub Actions', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'github-spec-'))
  })
  afterAll(() => rm(directory, { recursive: true }))

  test('writing reports annotates and appends to the summary of the step', async () => {
    const summary = join(directory, 'summary.md')
    await writeFile(summary, 'of an earlier command\n')
    const written: string[] = []
    const variables = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary }
    const reports = join(directory, 'reports')
    await writeReports(exampleResult([{}]), {
      directory: reports,
      counterexamples: new Map(),
      environment: { variables, write: (text) => written.push(text) },
    })
    expect(written.join('')).toMatch(/^::error file=\S*up\.sql,line=3,title=zero-loss of public\.items\.notes::drop-notes: .*\n$/)
    expect(await readFile(summary, 'utf8')).toMatch(/^of an earlier command\n### Godwit: violated\n\n\*\*Violated\.\*\* 1 migration/)
    expect(await readFile(join(reports, 'pull-request.md'), 'utf8')).toMatch(
      /^<!-- godwit -->\n### Do not release: data is lost or altered\.\n/,
    )
  })

  test('elsewhere nothing is said', async () => {
    const written: string[] = []
    await showOnGitHub(exampleResult([{}]), new Map(), { variables: { GITHUB_STEP_SUMMARY: '' }, write: (text) => written.push(text) })
    expect(written).toEqual([])
  })

  test('a full summary is left alone, and one that cannot be written is said and no more', async () => {
    const full = join(directory, 'full.md')
    await writeFile(full, 'x'.repeat(899_000))
    const written: string[] = []
    for (const path of [full, join(directory, 'missing/summary.md')])
      await showOnGitHub(exampleResult([{}]), new Map(), { variables: { GITHUB_STEP_SUMMARY: path }, write: (text) => written.push(text) })
    expect((await readFile(full)).byteLength).toBe(899_000)
    expect(written).toEqual([expect.stringMatching(/^godwit: the step summary cannot be written: ENOENT/)])
  })
})
