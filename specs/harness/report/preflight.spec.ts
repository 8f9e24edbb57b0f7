import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { renderTerminal, writeReports } from '../../../harness/report/index.ts'
import { exampleFinding, exampleResult } from '../result/result-arbitrary.ts'

const query = 'SELECT count(*) FROM public.items WHERE notes IS DISTINCT FROM trim_marker(notes)'
const files = [
  'index.html',
  'pull-request.md',
  'results.json',
  'junit.xml',
  'godwit.sarif',
  'drop-notes/MIGRATION_TEST_RESULTS.md',
  'drop-notes/results.json',
  'drop-notes/junit.xml',
]

test('the query that counts the rows of a real database stands beside its finding in every report', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-spec-preflight-'))
  try {
    const result = exampleResult([{ findings: [exampleFinding({ preflight: query })] }])
    await writeReports(result, { directory, counterexamples: new Map() })
    for (const file of files) expect([file, await readFile(join(directory, file), 'utf8')]).toEqual([file, expect.stringContaining(query)])
    expect(renderTerminal(result, { color: false, columns: 300 })).toContain(`how many rows are concerned: ${query}`)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})
